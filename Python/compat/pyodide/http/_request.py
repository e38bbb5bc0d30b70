# SPDX-License-Identifier: Apache-2.0
"""One request, and the one that a redirect makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from pyodide.http import _url
from pyodide.http._body import Upload, body_of
from pyodide.http._content import ACCEPTED
from pyodide.http._errors import AbortError
from pyodide.http._headers import Headers, pairs

__all__ = ["MOST_REDIRECTS", "Request", "method_of"]

MOST_REDIRECTS: Final = 20
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KNOWN: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_FORBIDDEN: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
# They belong to the connection; fetch drops what a script says of them, too.
_OF_THE_CONNECTION: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# They describe a body, which a redirect to GET leaves behind.
_OF_THE_BODY: Final = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)
# They are meant for one server only.
_OF_THE_ORIGIN: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


def method_of(name: Any) -> str:
    """Return a method as it is sent; those that HTTP defines in capitals."""
    if not isinstance(name, str):
        raise TypeError(f"method must be str, not {type(name).__name__}")
    if not name or not name.isascii() or any(c in ' "(),/:;<=>?@[\\]{}' for c in name):
        raise ValueError(f"{name!r} is no HTTP method")
    if not name.isprintable() or name.upper() in _FORBIDDEN:
        raise ValueError(f"the method {name!r} cannot be fetched")
    return name.upper() if name.upper() in _KNOWN else name


@dataclass(frozen=True, slots=True)
class Request:
    """What one hop sends; `url` is absolute and has no fragment."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Upload | None = None

    @classmethod
    def made(cls, url: str, method: Any, headers: Any, body: Any) -> Request:
        """Return the request for what a script gives; refuse what fetch refuses."""
        verb = method_of(method)
        content, kind = body_of(body)
        if content is not None and verb in ("GET", "HEAD"):
            raise TypeError(f"a {verb} request has no body; use method='POST'")
        given = [
            (name, value)
            for name, value in pairs(headers)
            if name.lower() not in _OF_THE_CONNECTION
        ]
        if kind is not None and "content-type" not in Headers.joined(given):
            given.append(("Content-Type", kind))
        return cls(verb, url, tuple(given), content)

    def fields(self) -> list[bytes]:
        """Return all headers of the hop, flat."""
        fields = [("Host", _url.authority(self.url)), *self.headers]
        names = Headers.joined(self.headers)
        for name, value in (("Accept", "*/*"), ("Accept-Encoding", ACCEPTED)):
            if name not in names:
                fields.append((name, value))
        if "User-Agent" not in names:
            fields.append(("User-Agent", "Amaru/0.1"))
        if isinstance(self.body, Upload):
            fields.append(("Transfer-Encoding", "chunked"))
        elif self.body is not None or self.method in ("POST", "PUT"):
            fields.append(("Content-Length", str(len(self.body or b""))))
        return [part.encode("latin-1") for field in fields for part in field]

    def redirected(self, status: int, headers: Headers) -> Request | None:
        """Return the next hop's request, or None if the response is no redirect.

        The rules are https://fetch.spec.whatwg.org/#http-redirect-fetch.
        """
        location = headers.get("location")
        if status not in _REDIRECTS or location is None:
            return None
        try:
            # Browsers send a Location's raw bytes on as UTF-8.
            target = location.encode("latin-1").decode("utf-8", "replace")
            url = _url.absolute(target, self.url)
        except ValueError as exc:
            raise self._refusal(str(exc)) from exc
        following = replace(self, url=url)
        to_get = (status in (301, 302) and self.method == "POST") or (
            status == 303 and self.method not in ("GET", "HEAD")
        )
        if to_get:
            following = following._without(_OF_THE_BODY)
            following = replace(following, method="GET", body=None)
        elif isinstance(self.body, Upload) and not self.body.rewind():
            raise self._refusal("the body cannot be sent again; pass bytes or a file")
        if _url.origin(url) != _url.origin(self.url):
            following = following._without(_OF_THE_ORIGIN)
        return following

    def _without(self, names: frozenset[str]) -> Request:
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return replace(self, headers=kept)

    def _refusal(self, reason: str) -> AbortError:
        message = f"cannot follow the redirect of {self.url}: {reason}"
        return AbortError(message, code="redirect")
