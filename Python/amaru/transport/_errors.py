# SPDX-License-Identifier: Apache-2.0
"""What a failure of the core would have been to Python's own sockets."""

from __future__ import annotations

import errno
import socket
from typing import Any, Final

__all__ = ["caused", "system_error"]

_TIMEOUTS: Final = frozenset(
    {"connect_timeout", "pool_timeout", "read_timeout", "write_timeout"}
)
_REFUSED: Final = frozenset({"not_allowed", "secret_refused"})


def system_error(exc: Any) -> OSError | None:
    """Return the OSError that stands for a TransferError of the network, if any does.

    Its class is the exact one, such as ConnectionRefusedError, with its `errno`.
    """
    if exc.code in _TIMEOUTS:
        return TimeoutError(errno.ETIMEDOUT, exc.message)
    if exc.code in _REFUSED:
        return PermissionError(errno.EACCES, exc.message)
    match exc.reason:
        case "system":
            return OSError(exc.number, exc.message)
        case "unknown_host":
            return socket.gaierror(socket.EAI_NONAME, exc.message)
        case "tls" | "certificate":
            return _tls_error(exc)
    return None


def caused(failure: BaseException, exc: Exception) -> BaseException:
    """Return `failure`, with all that led to it as its causes.

    Below a client's exception that is the OSError which the client would have met,
    below that the core's own error.
    """
    cause = None if isinstance(failure, OSError) else system_error(exc)
    if cause is None:
        failure.__cause__ = exc
    else:
        cause.__cause__ = exc
        failure.__cause__ = cause
    return failure


def _tls_error(exc: Any) -> OSError:
    # Whoever meets an error of TLS has imported this.
    import ssl

    if exc.reason == "tls":
        return ssl.SSLError(ssl.SSLErrorNumber.SSL_ERROR_SSL, exc.message)
    error = ssl.SSLCertVerificationError(ssl.SSLErrorNumber.SSL_ERROR_SSL, exc.message)
    error.library, error.reason = "SSL", "CERTIFICATE_VERIFY_FAILED"
    error.verify_code = exc.number
    error.verify_message = exc.message
    return error
