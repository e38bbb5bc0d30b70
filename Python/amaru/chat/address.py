# SPDX-License-Identifier: Apache-2.0
"""The address of a server, out of the base URL that the user gave."""

from __future__ import annotations

from amaru.chat.transport import Fault

__all__ = ["endpoint", "origin"]

_PATH = "/chat/completions"


def endpoint(base_url: str) -> str:
    """Return where completions are asked for; raise `Fault` if that cannot be told.

    The base may end in slashes or in the endpoint's own path, and may have a query.
    """
    scheme, _, rest = base_url.strip().partition("://")
    scheme = scheme.lower()
    rest, _, query = rest.partition("#")[0].partition("?")
    authority, _, path = rest.partition("/")
    if scheme not in ("http", "https") or not authority:
        raise Fault("unsupported_protocol", "it does not begin with http:// and a host")
    if "@" in authority:
        raise Fault("user_info")
    path = f"/{path}".rstrip("/").removesuffix(_PATH) + _PATH
    if query:
        path += f"?{query}"
    if not authority.isascii():
        host, colon, port = authority.partition(":")
        try:
            authority = host.encode("idna").decode() + colon + port
        except UnicodeError as exc:
            raise Fault(
                "unsupported_protocol", f"{host} is not a valid host name"
            ) from exc
    if not (path.isascii() and path.isprintable()) or " " in path:
        from urllib.parse import quote

        path = quote(path, safe="/?%:@!$&'()*+,;=~[]")
    return f"{scheme}://{authority.lower()}{path}"


def origin(url: str) -> str:
    """Return scheme, host and port of a URL; no user name, path or query."""
    scheme, mark, rest = url.strip().partition("://")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    return f"{scheme}{mark}{authority}".lower() if authority else url
