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
from http.client import BadStatusLine, HTTPException
from types import MappingProxyType
from typing import Any, Final

from urllib3 import exceptions

from amaru.transport._errors import names_tls

__all__ = ["HostRefusedError", "in_the_body", "in_the_head", "is_early_end"]


class HostRefusedError(exceptions.MaxRetryError):
    """The host does not send this request; no retry would change that.

    A MaxRetryError, because that is what urllib3 does not try again and what requests
    turns into its ConnectionError.
    """

    def __init__(self, conn: Any, message: str) -> None:
        exceptions.RequestError.__init__(self, conn, None, message)
        self.reason = None
        self.message = message

    def __str__(self) -> str:
        return self.message


def in_the_head(conn: Any, exc: Exception) -> BaseException:
    """Return what to raise for a core's error before the response's head is there."""
    code, message = exc.args
    failure = _IN_THE_HEAD.get(code, _aborted)(conn, message)
    if not isinstance(failure, exceptions.NewConnectionError):
        # Else urllib3 takes it for a failure to connect to the proxy.
        conn.reached()
    return failure


def in_the_body(exc: Exception) -> BaseException:
    """Return what to raise for a core's error while the body is read."""
    code, message = exc.args
    match code:
        case "read_timeout":
            return TimeoutError(message)
        case "remote_protocol":
            return HTTPException(message)
        case "interrupted":
            return KeyboardInterrupt(message)
    return ConnectionResetError(errno.ECONNRESET, message)


def is_early_end(exc: Exception) -> bool:
    """Return whether the server closed its connection before the response's end."""
    code, message = exc.args
    return code == "remote_protocol" and (
        "disconnected without sending a response" in message
        or "closed connection without sending complete message body" in message
    )


def _connect(conn: Any, message: str) -> Exception:
    if names_tls(message):
        refusals = ("CERTIFICATE_VERIFY_FAILED", "is for another host name")
        if any(refusal in message for refusal in refusals):
            return ssl.SSLCertVerificationError(1, message)
        return ssl.SSLError(1, message)
    if "does not resolve" in message and hasattr(exceptions, "NameResolutionError"):
        reason = socket.gaierror(socket.EAI_NONAME, message)
        return exceptions.NameResolutionError(conn.host, conn, reason)
    return exceptions.NewConnectionError(
        conn, f"Failed to establish a new connection: {message}"
    )


def _aborted(conn: Any, message: str) -> Exception:
    return ConnectionResetError(errno.ECONNRESET, message)


def _write_timeout(conn: Any, message: str) -> Exception:
    # A TimeoutError would be reported as one of the response.
    return exceptions.ProtocolError("Connection aborted.", TimeoutError(message))


_Make = Callable[[Any, str], BaseException]

_IN_THE_HEAD: Final[Mapping[str, _Make]] = MappingProxyType(
    {
        "connect": _connect,
        "connect_timeout": exceptions.ConnectTimeoutError,
        "pool_timeout": exceptions.ConnectTimeoutError,
        "write": lambda conn, m: BrokenPipeError(errno.EPIPE, m),
        "write_timeout": _write_timeout,
        "read": _aborted,
        "read_timeout": lambda conn, m: TimeoutError(m),
        "remote_protocol": lambda conn, m: BadStatusLine(m),
        "local_protocol": lambda conn, m: exceptions.LocationValueError(m),
        "unsupported_protocol": lambda conn, m: exceptions.LocationValueError(m),
        "proxy": lambda conn, m: exceptions.ProxyError(m, OSError(m)),
        "secret_refused": HostRefusedError,
        "not_allowed": HostRefusedError,
        "cancelled": HostRefusedError,
        # As any wait of a script: a handler of network errors must not swallow it.
        "interrupted": lambda conn, m: KeyboardInterrupt(m),
    }
)
