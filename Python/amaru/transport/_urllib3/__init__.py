# SPDX-License-Identifier: Apache-2.0
"""urllib3 over the host, and so requests, botocore and all that is built on urllib3.

Its connections get a stand-in for their socket. Everything above stays urllib3's:
pools, redirects, retries, inflating, the response classes. A connection class that
opens sockets by a ``connect`` or a ``_new_conn`` of its own keeps doing so, and so does
a connection that must start from a port of its choice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from amaru._replacing import replace

__all__ = ["adopt"]

Method = Callable[..., Any]

_SOCKS: Final = "urllib3.contrib.socks"


def adopt(module: ModuleType) -> None:
    """Connect through the host wherever ``urllib3.connection`` would open a socket."""
    opening = module.HTTPConnection._new_conn
    replace(module.HTTPConnection, "connect", _connecting(opening))
    replace(module.HTTPSConnection, "connect", _connecting(opening))
    replace(module.HTTPConnection, "request", _requesting)


def _connecting(opening: Method) -> Callable[[Method], Method]:
    def over(original: Method) -> Method:
        def connect(conn: Any) -> None:
            # At the first connection: importing urllib3 alone stays fast.
            from amaru.transport._client._endpoint import starts_from_a_port
            from amaru.transport._client._socket import HostSocket
            from amaru.transport._urllib3._endpoint import Endpoint

            if starts_from_a_port(conn) or not _opens_as(type(conn), opening):
                original(conn)
                return
            # The host connects when there is something to send.
            conn.sock = HostSocket(Endpoint(conn))
            # What http.client tells those who watch connections being made.
            sys.audit("http.client.connect", conn, conn.host, conn.port)

        return connect

    return over


def _opens_as(owner: Any, opening: Method) -> bool:
    """Return whether a class opens its sockets as one of urllib3 does."""
    socks = sys.modules.get(_SOCKS)
    known = (opening,) if socks is None else (opening, socks.SOCKSConnection._new_conn)
    return owner._new_conn in known


def _requesting(original: Method) -> Method:
    def request(
        conn: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        from amaru.transport._client._socket import HostSocket

        if headers and isinstance(conn.sock, HostSocket | None):
            headers = _reframed(headers, body)
        original(conn, method, url, body, headers, **options)

    return request


def _reframed(headers: Mapping[str, str], body: Any) -> Mapping[str, str]:
    """Leave a length out that is not the body's, so that it is made again.

    One that was copied from another client counts the bytes of another serialisation:
    the server would wait for bytes that never come. A chunked body has no length
    at all (RFC 9112, 6.2).
    """
    from urllib3._collections import HTTPHeaderDict
    from urllib3.util import SKIP_HEADER

    given = {_name(name): value for name, value in headers.items()}
    length = given.get("content-length", SKIP_HEADER)
    if length == SKIP_HEADER:
        return headers
    size = _size(body)
    wrong = {"content-length"}
    if size is not None:
        wrong.add("transfer-encoding")
    is_alone = "transfer-encoding" not in given
    if is_alone and (size is None or length in (str(size), b"%d" % size)):
        return headers
    kept = HTTPHeaderDict()
    for name, value in headers.items():
        if _name(name) not in wrong or value == SKIP_HEADER:
            kept.add(name, value)
    return kept


def _size(body: Any) -> int | None:
    if body is None:
        return 0
    if isinstance(body, str):
        return len(body.encode())
    if isinstance(body, bytes | bytearray | memoryview):
        return memoryview(body).nbytes
    return None


def _name(header: str | bytes) -> str:
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    return text.lower()
