# SPDX-License-Identifier: Apache-2.0
"""URLs in the form in which they are sent, after https://url.spec.whatwg.org."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

__all__ = ["absolute", "authority", "origin", "stripped", "without_dots"]

# A percent sign stays: what the caller has escaped is not escaped again.
_PATH: Final = "/%:@!$&'()*+,;=~[]|"
_QUERY: Final = _PATH + "?`{}\\^"
_PORTS: Final = {"http": 80, "https": 443}
_WHITE: Final = "".join(map(chr, range(33)))


def absolute(reference: str, base: str = "") -> str:
    """Return the URL that `reference` means at `base`, escaped, without its fragment.

    Raises ValueError for what is no address of a web server.
    """
    given = _plain(stripped(reference))
    # urljoin takes a scheme without a host for a relative reference.
    alone = given.lower().startswith(("http://", "https://"))
    whole = given if alone else urljoin(base, given)
    parts = urlsplit(whole)
    if parts.scheme not in _PORTS:
        raise ValueError(
            f"cannot fetch {whole!r}: the scheme must be http or https, and a relative "
            "URL needs a base; see pyodide.http.set_base"
        )
    if not parts.hostname:
        raise ValueError(f"cannot fetch {whole!r}: it names no host")
    if parts.username is not None:
        raise ValueError(
            "cannot fetch a URL with a user name or password in it; "
            "send an Authorization header instead"
        )
    path = without_dots(quote(parts.path, safe=_PATH)) or "/"
    query = quote(parts.query, safe=_QUERY)
    return urlunsplit((parts.scheme, authority(whole), path, query, ""))


def stripped(reference: str) -> str:
    """Return a reference without the blanks around it."""
    return reference.strip(_WHITE)


def _plain(reference: str) -> str:
    """Return a reference with the slashes and dots in its path that urljoin knows."""
    path = re.split("[?#]", reference, maxsplit=1)[0]
    segments = (_unescaped(part) for part in path.replace("\\", "/").split("/"))
    return "/".join(segments) + reference[len(path) :]


def _unescaped(segment: str) -> str:
    """Return ``.`` or ``..`` for a segment that means it, and others as they are."""
    plain = segment.lower().replace("%2e", ".")
    return plain if plain in (".", "..") else segment


def authority(url: str) -> str:
    """Return host and port as the header Host has them: no default port."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as exc:
            raise ValueError(f"cannot fetch from the host {host!r}: {exc}") from exc
    if any(character in host for character in ' <>"%^`{}|\\') or not host.isprintable():
        raise ValueError(f"cannot fetch from the host {host!r}: it is no host name")
    bracketed = f"[{host}]" if ":" in host else host
    return (
        bracketed if port in (None, _PORTS.get(parts.scheme)) else f"{bracketed}:{port}"
    )


def origin(url: str) -> tuple[str, str]:
    """Return what two URLs of one origin have in common."""
    return urlsplit(url).scheme, authority(url)


def without_dots(path: str) -> str:
    """Return an absolute path without ``.`` and ``..``; nothing is above the root."""
    kept: list[str] = []
    segments = path.split("/")
    for place, segment in enumerate(segments):
        plain = _unescaped(segment)
        if plain == "..":
            # The first is the empty one before the leading slash.
            del kept[max(1, len(kept) - 1) :]
        if plain not in (".", ".."):
            kept.append(segment)
        elif place == len(segments) - 1:
            kept.append("")
    return "/".join(kept)
