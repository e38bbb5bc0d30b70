# SPDX-License-Identifier: Apache-2.0
"""Transports that send the traffic of httpx, httpx2 and urllib3 through the host.

Importing this imports none of the three: a program pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

if TYPE_CHECKING:
    from amaru.transport import _httpx, _httpx2

__all__ = ["async_transport"]


@overload
def async_transport(family: Literal["httpx2"]) -> _httpx2.AsyncAmaruTransport: ...
@overload
def async_transport(family: Literal["httpx"]) -> _httpx.AsyncAmaruTransport: ...
def async_transport(
    family: Literal["httpx", "httpx2"],
) -> _httpx.AsyncAmaruTransport | _httpx2.AsyncAmaruTransport:
    """Return a new asynchronous transport for a client of `family`.

    The family must be the client's own: a response of the other one dies inside the
    client with a bare AssertionError.
    """
    match family:
        case "httpx2":
            from amaru.transport import _httpx2

            return _httpx2.AsyncAmaruTransport()
        case "httpx":
            from amaru.transport import _httpx

            return _httpx.AsyncAmaruTransport()
    raise ValueError(f"no transport for {family!r}: the families are httpx and httpx2")
