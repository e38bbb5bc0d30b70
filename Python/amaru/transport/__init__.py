# SPDX-License-Identifier: Apache-2.0
"""Transports that send the traffic of httpx, httpx2 and urllib3 through the host.

Importing this imports none of the three: a program pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from amaru.transport._tls import InsecureConnectionWarning

if TYPE_CHECKING:
    from types import ModuleType

    from amaru.transport import _httpx, _httpx2

__all__ = ["InsecureConnectionWarning", "async_transport", "sync_transport"]


@overload
def async_transport(
    family: Literal["httpx2"], **options: Any
) -> _httpx2.AsyncAmaruTransport: ...
@overload
def async_transport(
    family: Literal["httpx"], **options: Any
) -> _httpx.AsyncAmaruTransport: ...
def async_transport(
    family: Literal["httpx", "httpx2"], **options: Any
) -> _httpx.AsyncAmaruTransport | _httpx2.AsyncAmaruTransport:
    """Return a new asynchronous transport for a client of `family`.

    It takes the arguments of the family's ``AsyncHTTPTransport``, by name: verify,
    cert, trust_env, http2, limits, proxy, uds. Of an `ssl.SSLContext` the versions
    and ciphers stay the host's, and so does the number of idle connections in limits.
    What cannot be honoured is a ValueError.

    The family must be the client's own: a response of the other one dies inside the
    client with a bare AssertionError.
    """
    transport: _httpx.AsyncAmaruTransport | _httpx2.AsyncAmaruTransport
    transport = _classes(family).AsyncAmaruTransport(**options)
    return transport


@overload
def sync_transport(
    family: Literal["httpx2"], **options: Any
) -> _httpx2.AmaruTransport: ...
@overload
def sync_transport(
    family: Literal["httpx"], **options: Any
) -> _httpx.AmaruTransport: ...
def sync_transport(
    family: Literal["httpx", "httpx2"], **options: Any
) -> _httpx.AmaruTransport | _httpx2.AmaruTransport:
    """Return a new transport for a synchronous client of `family`.

    Its arguments are those of `async_transport`. A call waits without holding up
    other threads, and Ctrl-C ends it.
    """
    transport: _httpx.AmaruTransport | _httpx2.AmaruTransport
    transport = _classes(family).AmaruTransport(**options)
    return transport


def _classes(family: str) -> ModuleType:
    match family:
        case "httpx2":
            from amaru.transport import _httpx2

            return _httpx2
        case "httpx":
            from amaru.transport import _httpx

            return _httpx
    raise ValueError(f"no transport for {family!r}: the families are httpx and httpx2")
