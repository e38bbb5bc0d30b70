# SPDX-License-Identifier: Apache-2.0
"""A connection that breaks during an upload is not mistaken for one that ended."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from types import ModuleType

from conftest import CountingServer
from scripted_server import Peer


def reset_after_head(peer: Peer) -> None:
    peer.receive_chunk()
    peer.head(Content_Length="5")
    # With nothing to wait for at closing, the connection is reset.
    no_wait = struct.pack("ii", 1, 0)
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_wait)


async def uploads(family: ModuleType, url: str) -> Counter[str]:
    """Return how many of two hundred uploads ended in which way."""
    ends: Counter[str] = Counter()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0)
            yield b"x" * 200_000

    async def upload(client: family.AsyncClient) -> None:
        try:
            ends[(await client.post(url, content=pieces())).text] += 1
        except family.TransportError as exc:
            ends[type(exc).__name__] += 1

    async with family.AsyncClient() as client:
        for _ in range(20):
            await asyncio.gather(*[upload(client) for _ in range(10)])
    return ends


def test_it_is_the_same_fault_whether_found_in_reading_or_in_writing(
    family: ModuleType, count: Callable[..., CountingServer]
) -> None:
    ends = asyncio.run(uploads(family, count(reset_after_head).origin))
    # Which of the two it is depends on whether the head was there first.
    assert set(ends) <= {"ReadError", "WriteError"}, ends
