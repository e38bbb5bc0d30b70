# SPDX-License-Identifier: Apache-2.0
"""What a failure of the core would have been to Python's own sockets."""

from __future__ import annotations

import errno
import re
import socket
from typing import Final

__all__ = ["caused", "names_tls", "system_error"]

_ERRNO: Final = re.compile(r"\(errno (\d+)\)")
_TIMEOUTS: Final = frozenset(
    {"connect_timeout", "pool_timeout", "read_timeout", "write_timeout"}
)
_BROKEN: Final = frozenset({"connect", "proxy", "read", "write"})
_REFUSED: Final = frozenset({"not_allowed", "secret_refused"})
_TLS_WORDS: Final = ("tls", "ssl", "certificate", "handshake")
# X509_V_ERR_UNSPECIFIED and X509_V_ERR_HOSTNAME_MISMATCH of OpenSSL.
_UNSPECIFIED, _WRONG_NAME = 1, 62


def names_tls(message: str) -> bool:
    """Return whether a failed connection's message is about TLS.

    The clients have one exception for a refused port and a refused certificate; only
    the text tells them apart.
    """
    lowered = message.lower()
    return any(word in lowered for word in _TLS_WORDS)


def system_error(code: str, message: str) -> OSError | None:
    """Return the OSError that stands for a failure, if it was one of the network.

    Its class is the exact one, such as ConnectionRefusedError, with its `errno`.
    """
    if code in _TIMEOUTS:
        return TimeoutError(errno.ETIMEDOUT, message)
    if code in _REFUSED:
        return PermissionError(errno.EACCES, message)
    if code not in _BROKEN:
        return None
    # Several addresses may have been tried; the last failure is what Python raises.
    if numbers := _ERRNO.findall(message):
        return OSError(int(numbers[-1]), message)
    if "does not resolve" in message:
        return socket.gaierror(socket.EAI_NONAME, message)
    if names_tls(message):
        return _tls_error(message)
    return None


def caused(failure: BaseException, exc: Exception) -> BaseException:
    """Return `failure`, with all that led to it as its causes.

    Below a client's exception that is the OSError which the client would have met,
    below that the core's own error.
    """
    cause: OSError | None = None
    if not isinstance(failure, OSError):
        cause = system_error(*exc.args)
    if cause is None:
        failure.__cause__ = exc
    else:
        cause.__cause__ = exc
        failure.__cause__ = cause
    return failure


def _tls_error(message: str) -> OSError:
    # Whoever meets an error of TLS has imported this.
    import ssl

    is_name = "is for another host name" in message
    if not is_name and "CERTIFICATE_VERIFY_FAILED" not in message:
        return ssl.SSLError(ssl.SSLErrorNumber.SSL_ERROR_SSL, message)
    error = ssl.SSLCertVerificationError(ssl.SSLErrorNumber.SSL_ERROR_SSL, message)
    error.library, error.reason = "SSL", "CERTIFICATE_VERIFY_FAILED"
    error.verify_code = _WRONG_NAME if is_name else _UNSPECIFIED
    error.verify_message = message
    return error
