# SPDX-License-Identifier: Apache-2.0
"""The one table from the core's codes to the exceptions of httpcore."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from amaru import _bridge
from amaru.transport._errors import caused

__all__ = ["EXCEPTIONS", "failure"]

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


def failure(module: ModuleType, exc: Exception) -> Exception:
    """Return the exception of `module` that stands for a failure of the core.

    Its cause is the OSError that Python's own sockets would have met. Whatever is not
    the core's passes unchanged: a signal handler may raise anything at any time.
    """
    if not isinstance(exc, _bridge.http().TransferError):
        return exc
    name = EXCEPTIONS.get(exc.code, "NetworkError")
    error: Exception = getattr(module, name)(exc.message)
    caused(error, exc)
    return error
