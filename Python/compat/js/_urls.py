# SPDX-License-Identifier: Apache-2.0
"""URLs and their queries."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pyodide.ffi._containers import Array
from pyodide.ffi._kinds import JsError, JsProxy
from pyodide.http import _url
from pyodide.http._base import base

__all__ = ["URL", "URLSearchParams"]


class URLSearchParams(JsProxy):
    """The query of a URL."""

    _exists = True

    def __init__(self, given: Any = "") -> None:
        if isinstance(given, str):
            found = parse_qsl(given.removeprefix("?"), keep_blank_values=True)
        else:
            fields = given.items() if isinstance(given, dict) else given
            found = [(str(name), str(value)) for name, value in fields]
        self._pairs = found

    @classmethod
    def new(cls, given: Any = "") -> URLSearchParams:
        """Return the query of a text, an object or of pairs."""
        return cls(given)

    def get(self, name: str) -> str | None:
        """Return the first value of a name; None if it is missing."""
        return next((value for key, value in self._pairs if key == name), None)

    def getAll(self, name: str) -> Array:
        """Return all values of a name."""
        return Array(value for key, value in self._pairs if key == name)

    def has(self, name: str) -> bool:
        """Return whether a name is there."""
        return any(key == name for key, _ in self._pairs)

    def append(self, name: str, value: Any) -> None:
        """Add a value."""
        self._pairs.append((name, str(value)))

    def set(self, name: str, value: Any) -> None:
        """Replace the values of a name by one."""
        self.delete(name)
        self.append(name, value)

    def delete(self, name: str) -> None:
        """Remove a name."""
        self._pairs = [pair for pair in self._pairs if pair[0] != name]

    def toString(self) -> str:
        """Return the query as text."""
        return urlencode(self._pairs)

    __str__ = toString

    def __iter__(self) -> Any:
        return iter([Array(pair) for pair in self._pairs])


class URL(JsProxy):
    """The parts of a URL."""

    _exists = True

    def __init__(self, url: Any, against: Any = None) -> None:
        root = base() if against is None else str(against)
        try:
            self.href = _url.absolute(str(url), root if isinstance(root, str) else "")
            parts = urlsplit(self.href)
            port = parts.port
        except ValueError as exc:
            raise JsError("TypeError", f"Invalid URL: {exc}") from exc
        self.protocol = f"{parts.scheme}:"
        self.hostname, self.port = (
            parts.hostname or "",
            "" if port is None else str(port),
        )
        self.host = f"{self.hostname}:{port}" if self.port else self.hostname
        self.origin = f"{parts.scheme}://{self.host}"
        self.pathname = parts.path or "/"
        self.search = f"?{parts.query}" if parts.query else ""
        _, mark, rest = str(url).partition("#")
        self.hash = mark + rest if rest else ""
        self.href += self.hash
        #: A copy: changes of it do not change the URL.
        self.searchParams = URLSearchParams(parts.query)

    @classmethod
    def new(cls, url: Any, against: Any = None) -> URL:
        """Return the parts of a URL, which may be relative to another."""
        return cls(url, against)

    def toString(self) -> str:
        """Return the URL as text."""
        return self.href

    __str__ = toString
