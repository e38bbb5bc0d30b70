# SPDX-License-Identifier: Apache-2.0
"""Tells the `trace` extension of a request its steps, under httpcore's names.

The host reports no connecting, so `connection.*` events are missing, and a request
counts as sent when the core has taken it over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeVar

__all__ = ["Steps"]

T = TypeVar("T")


class Steps:
    """The steps of one exchange, told to a callable, if there is one."""

    __slots__ = ("_prefix", "_tell", "active")

    def __init__(self, request: Any) -> None:
        self._tell = request.extensions.get("trace")
        self._prefix = "http11"
        self.active = self._tell is not None

    def answered(self, version: bytes) -> None:
        """Say which protocol it turned out to be."""
        self._prefix = "http2" if version == b"HTTP/2" else "http11"

    async def tell(self, event: str, **info: Any) -> None:
        """Tell one event, such as ``response_closed.started``."""
        if self.active:
            told = self._tell(f"{self._prefix}.{event}", info)
            if isawaitable(told):
                await told

    async def step(self, name: str, work: Callable[[], Awaitable[T]], **info: Any) -> T:
        """Do `work`, telling how it starts and ends."""
        if not self.active:
            return await work()
        await self.tell(f"{name}.started", **info)
        try:
            value = await work()
        except GeneratorExit:
            # Nobody runs this any more, so nothing can be awaited.
            raise
        except BaseException as exc:
            await self.tell(f"{name}.failed", exception=exc)
            raise
        await self.tell(f"{name}.complete", return_value=value)
        return value
