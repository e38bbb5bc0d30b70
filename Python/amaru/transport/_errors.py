# SPDX-License-Identifier: Apache-2.0
"""The one table from the core's codes to the exceptions of a client family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from amaru import _bridge

__all__ = ["EXCEPTIONS", "failure", "names_tls"]

EXCEPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "connect": "ConnectError",
        "connect_timeout": "ConnectTimeout",
        "pool_timeout": "PoolTimeout",
        "write": "WriteError",
        "write_timeout": "WriteTimeout",
        "read": "ReadError",
        "read_timeout": "ReadTimeout",
        "remote_protocol": "RemoteProtocolError",
        "local_protocol": "LocalProtocolError",
        "unsupported_protocol": "UnsupportedProtocol",
        "proxy": "ProxyError",
        # Refusals of the host: the request itself is at fault.
        "secret_refused": "LocalProtocolError",
        "not_allowed": "LocalProtocolError",
        # The exchange was ended from the host's side while it was being read.
        "cancelled": "ReadError",
        "interrupted": "ReadError",
    }
)


def failure(family: ModuleType, exc: Exception) -> Exception:
    """Return the exception of `family` that stands for a failure of the core.

    A fault of the core itself becomes a TransportError: anything outside the
    RequestError tree escapes a client's error handling unwrapped.
    """
    error: Exception
    if isinstance(exc, _bridge.http().TransferError):
        code, message = exc.args
        error = getattr(family, EXCEPTIONS.get(code, "TransportError"))(message)
    else:
        message = f"the host's network failed: {type(exc).__name__}: {exc}"
        error = family.TransportError(message)
    return error


_TLS_WORDS: Final = ("tls", "ssl", "certificate", "handshake")


def names_tls(message: str) -> bool:
    """Return whether a failed connection's message is about TLS.

    The clients have one exception for a refused port and a refused certificate; only
    the text tells them apart.
    """
    lowered = message.lower()
    return any(word in lowered for word in _TLS_WORDS)
