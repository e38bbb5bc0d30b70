# SPDX-License-Identifier: Apache-2.0
"""The openai client over the host's network, made without blocking the loop."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from amaru.transport import async_transport

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI
    from openai._base_client import Platform

    from amaru.host import Settings

__all__ = ["RETRIES", "make", "warm_up"]

RETRIES = 2
"""How often the SDK tries again by itself, as is its default."""

_PLATFORMS: Final[dict[str, Platform]] = {"darwin": "MacOS", "linux": "Linux"}


async def warm_up() -> None:
    """Import the SDK in a thread: half a second that the loop must not stand still."""
    # The second is what the SDK itself imports on first use.
    for name in ("openai", "openai.resources.chat.completions"):
        await asyncio.to_thread(importlib.import_module, name)


async def make(settings: Settings, notice: Callable[[str], None]) -> AsyncOpenAI:
    """Return a client for the server of `settings`, reporting retries to `notice`."""
    await warm_up()
    import httpx2
    from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

    retries = _Retries(notice)
    # Reading waits as long as the user lets an answer stall; 0 is without limit.
    timeout = httpx2.Timeout(settings.stall_timeout or None, connect=10.0)
    client = AsyncOpenAI(
        api_key=settings.api_key or "none",
        base_url=settings.base_url,
        max_retries=RETRIES,
        timeout=timeout,
        http_client=DefaultAsyncHttpx2Client(
            transport=async_transport("httpx2"),
            timeout=timeout,
            event_hooks={"request": [retries.asked], "response": [retries.answered]},
        ),
    )
    # Unset, the SDK finds the platform out in a worker thread before its first request.
    client._platform = _PLATFORMS.get(sys.platform, "Unknown")
    return client


class _Retries:
    """Says when the SDK tries again, and why; by itself the SDK is silent."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._reason = ""

    async def asked(self, request: httpx2.Request) -> None:
        count = request.headers.get("x-stainless-retry-count", "0")
        if count not in ("", "0"):
            host = request.url.host
            reason = self._reason or f"no answer from {host}"
            self._notice(f"{reason}; retrying, {count} of {RETRIES}")
        self._reason = ""

    async def answered(self, response: httpx2.Response) -> None:
        host = response.request.url.host
        status = f"{response.status_code} {response.reason_phrase}".strip()
        self._reason = f"{host} answered {status}"
