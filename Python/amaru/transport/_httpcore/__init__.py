# SPDX-License-Identifier: Apache-2.0
"""httpcore and httpcore2 over the host: what httpx, httpx2 and the SDKs on them send.

A pool of httpcore is where all options of a transport have arrived, and below all that
others wrap or replace: clients, transports and their subclasses, recorders, mocks,
instrumentation. So the pool's own methods are what is adopted. Left alone are pools
with a network backend or connections of their own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from amaru import _bridge
from amaru._replacing import replace

if TYPE_CHECKING:
    from amaru.transport._httpcore._pool import Pool

__all__ = ["adopt"]

_OURS: Final = "_amaru_pool"


def adopt(module: ModuleType) -> None:
    """Send the requests of the module's pools through the host."""
    for prefix in ("", "Async"):
        for name in ("ConnectionPool", "HTTPProxy", "SOCKSProxy"):
            owner = getattr(module, f"{prefix}{name}")
            # Without the package socksio the one for SOCKS is only an error.
            if connecting := getattr(owner, "create_connection", None):
                replace(owner, "__init__", _noting(module, connecting))
    replace(module.ConnectionPool, "handle_request", _handling)
    replace(module.ConnectionPool, "close", _closing)
    replace(module.AsyncConnectionPool, "handle_async_request", _handling_async)
    replace(module.AsyncConnectionPool, "aclose", _closing_async)


Method = Callable[..., Any]


def _noting(module: ModuleType, connecting: Method) -> Callable[[Method], Method]:
    def over(original: Method) -> Method:
        signature = inspect.signature(original)

        def init(pool: Any, *arguments: Any, **options: Any) -> None:
            # The authorities are read beside what is done before a first request.
            _bridge.http().warm_up()
            # Whoever only imports the library does not pay for what a pool needs.
            from amaru.transport._httpcore._pool import Pool

            given = signature.bind(pool, *arguments, **options).arguments
            given.pop("self")
            is_theirs = (
                type(pool).create_connection is not connecting
                or given.get("network_backend") is not None
            )
            ours = None if is_theirs else Pool(module, given)
            # That of a class for proxies calls that of a pool, and so notes last.
            original(pool, *arguments, **options)
            setattr(pool, _OURS, ours)

        return init

    return over


def _handling(original: Method) -> Method:
    def handle_request(pool: Any, request: Any) -> Any:
        ours: Pool | None = getattr(pool, _OURS, None)
        if ours is None:
            return original(pool, request)
        return ours.handle(request)

    return handle_request


def _handling_async(original: Method) -> Method:
    async def handle_async_request(pool: Any, request: Any) -> Any:
        ours: Pool | None = getattr(pool, _OURS, None)
        if ours is None:
            return await original(pool, request)
        return await ours.handle_async(request)

    return handle_async_request


def _closing(original: Method) -> Method:
    def close(pool: Any) -> None:
        if (ours := getattr(pool, _OURS, None)) is None:
            original(pool)
        else:
            ours.close()

    return close


def _closing_async(original: Method) -> Method:
    async def aclose(pool: Any) -> None:
        if (ours := getattr(pool, _OURS, None)) is None:
            await original(pool)
        else:
            # The original asks for the loop, which may have ended before its clients.
            await ours.aclose()

    return aclose
