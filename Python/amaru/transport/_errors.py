# SPDX-License-Identifier: Apache-2.0
"""The one table from the core's codes to the exceptions of a client family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType, ModuleType
from typing import Final

from amaru import _bridge

__all__ = ["EXCEPTIONS", "names_tls", "translated"]

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


@contextmanager
def translated(family: ModuleType) -> Iterator[None]:
    """Raise the core's failures as exceptions of `family`.

    A fault of the core itself becomes a TransportError: anything outside the
    RequestError tree escapes a client's error handling unwrapped.
    """
    core = _bridge.http()
    try:
        yield
    except core.TransferError as exc:
        code, message = exc.args
        name = EXCEPTIONS.get(code, "TransportError")
        raise getattr(family, name)(message) from exc
    except Exception as exc:
        message = f"the host's network failed: {type(exc).__name__}: {exc}"
        raise family.TransportError(message) from exc


_TLS_WORDS: Final = ("tls", "ssl", "certificate", "handshake")


def names_tls(message: str) -> bool:
    """Return whether a failed connection's message is about TLS.

    The clients have one exception for a refused port and a refused certificate; only
    the text tells them apart.
    """
    lowered = message.lower()
    return any(word in lowered for word in _TLS_WORDS)
