# SPDX-License-Identifier: Apache-2.0
"""The one table from the core's codes to what urllib3 would have met itself.

Its pools wrap, count and retry by these classes: the exceptions of sockets, ssl and
http.client where it translates those, its own where it raises them in a connection.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Mapping
from http.client import BadStatusLine
from types import MappingProxyType
from typing import Any, Final

from urllib3 import exceptions

from amaru.transport._errors import system_error

__all__ = ["HostRefusedError", "in_the_head", "is_failed_connection"]


class HostRefusedError(exceptions.MaxRetryError, ValueError):
    """The host does not send this request, or cannot; no retry would change that.

    A MaxRetryError, because that is what urllib3 does not try again and what requests
    turns into its ConnectionError.
    """

    def __init__(self, conn: Any, message: str) -> None:
        exceptions.RequestError.__init__(self, conn, None, message)
        self.reason = None
        self.message = message

    def __str__(self) -> str:
        return self.message


def in_the_head(conn: Any, exc: Any) -> BaseException:
    """Return what to raise for a core's error before the response's head is there."""
    if exc.code == "connect":
        return _connect(conn, exc)
    return _IN_THE_HEAD.get(exc.code, _aborted)(conn, exc.message)


def is_failed_connection(failure: BaseException) -> bool:
    """Return whether it is what urllib3 raises if it cannot connect."""
    return isinstance(failure, exceptions.NewConnectionError)


def _connect(conn: Any, exc: Any) -> BaseException:
    reason = system_error(exc)
    if isinstance(reason, ssl.SSLError):
        return reason
    # Older releases have no error of its own for this.
    if isinstance(reason, socket.gaierror) and hasattr(
        exceptions, "NameResolutionError"
    ):
        return exceptions.NameResolutionError(conn.host, conn, reason)
    text = f"Failed to establish a new connection: {exc.message}"
    return exceptions.NewConnectionError(conn, text)


def _aborted(conn: Any, message: str) -> BaseException:
    return ConnectionResetError(errno.ECONNRESET, message)


def _write_timeout(conn: Any, message: str) -> BaseException:
    # A TimeoutError would be reported as one of the response.
    reason = TimeoutError(errno.ETIMEDOUT, message)
    return exceptions.ProtocolError("Connection aborted.", reason)


_Make = Callable[[Any, str], BaseException]

_IN_THE_HEAD: Final[Mapping[str, _Make]] = MappingProxyType(
    {
        "connect_timeout": exceptions.ConnectTimeoutError,
        "pool_timeout": exceptions.ConnectTimeoutError,
        "write": lambda conn, m: BrokenPipeError(errno.EPIPE, m),
        "write_timeout": _write_timeout,
        "read": _aborted,
        "read_timeout": lambda conn, m: TimeoutError(errno.ETIMEDOUT, m),
        "remote_protocol": lambda conn, m: BadStatusLine(m),
        "local_protocol": HostRefusedError,
        "unsupported_protocol": HostRefusedError,
        "proxy": lambda conn, m: exceptions.ProxyError(m, OSError(m)),
        "secret_refused": HostRefusedError,
        "not_allowed": HostRefusedError,
        "cancelled": HostRefusedError,
        # As any wait of a script: a handler of network errors must not swallow it.
        "interrupted": lambda conn, m: KeyboardInterrupt(m),
    }
)
