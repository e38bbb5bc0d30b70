# SPDX-License-Identifier: Apache-2.0
"""``http.client`` over the host, and so ``urllib.request`` and all that is built on it.

The socket of a connection is a stand-in: what is written to it becomes an exchange of
the host's core, and what the core receives is read from it. Everything above a socket
stays Python's own. The host connects when it has something to send: a ``connect`` that
no request has caused makes a connection of its own to find out whether it can, and
closes it.

A connection that makes its socket in a way of its own is left alone: one whose class
has a ``connect`` of its own (urllib3's are adopted apart), which was given another
``_create_connection``, or which must start from a port of its choice.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from amaru import _bridge
from amaru._replacing import replace

__all__ = ["adopt", "adopt_opener"]

Method = Callable[..., Any]

_IDLE: Final = "Idle"
# What Python's own sockets meet while a connection is made or a request is sent.
_WHILE_SENDING: Final = frozenset(
    {
        *("connect", "connect_timeout", "pool_timeout", "proxy"),
        *("write", "write_timeout", "not_allowed", "secret_refused"),
    }
)


def adopt(module: ModuleType) -> None:
    """Connect through the host wherever the module would open a socket."""
    for owner in (module.HTTPSConnection, module.HTTPConnection):
        replace(owner, "connect", _connecting(module))


def adopt_opener(module: ModuleType) -> None:
    """Let ``urllib.request`` raise its own error for a connection that failed.

    It does so for what is raised while a request is sent. The host connects when a
    request is complete, so that a failure shows only when the response is asked for.
    """
    replace(module.AbstractHTTPHandler, "do_open", _opening)


def _connecting(module: ModuleType) -> Callable[[Method], Method]:
    def over(original: Method) -> Method:
        def connect(conn: Any) -> None:
            # Whoever only imports the module does not pay for what a connection needs.
            from amaru.transport._client._endpoint import Endpoint, starts_from_a_port
            from amaru.transport._client._socket import HostSocket

            ours = (module.HTTPConnection.connect, module.HTTPSConnection.connect)
            if (
                type(conn).connect not in ours
                or conn._create_connection is not socket.create_connection
                or starts_from_a_port(conn)
            ):
                original(conn)
                return
            sys.audit("http.client.connect", conn, conn.host, conn.port)
            sock = HostSocket(Endpoint(conn))
            # A request that is under way connects by itself, and may fail so.
            if conn._HTTPConnection__state == _IDLE:
                sock.probe()
            conn.sock = sock

        return connect

    return over


def _opening(original: Method) -> Method:
    def do_open(handler: Any, http_class: Any, request: Any, **arguments: Any) -> Any:
        try:
            return original(handler, http_class, request, **arguments)
        except OSError as exc:
            failure: Any = exc.__cause__
            is_ours = isinstance(failure, _bridge.http().TransferError)
            if is_ours and failure.code in _WHILE_SENDING:
                from urllib.error import URLError

                raise URLError(exc) from exc
            raise

    return do_open
