# SPDX-License-Identifier: Apache-2.0
"""What the servers of the fetch tests answer."""

from __future__ import annotations

import asyncio

from scripted_server import Peer, Script


def ok(body: str | bytes = "hello", **headers: str) -> Script:
    return lambda peer: peer.reply("200 OK", body, **headers)


def redirect(status: str, location: str) -> Script:
    return lambda peer: peer.reply(status, "", Location=location)


def streaming(*chunks: str | bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.start_stream()
        for chunk in chunks:
            peer.chunk(chunk)
        peer.end()

    return script


def stalling(*chunks: str | bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.start_stream()
        for chunk in chunks:
            peer.chunk(chunk)
        peer.wait_for_close()

    return script


def telling(asked: asyncio.Event, *chunks: str) -> Script:
    """Say that the request is here, and perhaps begin an answer that has no end."""
    loop = asyncio.get_running_loop()

    def script(peer: Peer) -> None:
        if chunks:
            peer.start_stream()
        for chunk in chunks:
            peer.chunk(chunk)
        loop.call_soon_threadsafe(asked.set)
        peer.wait_for_close()

    return script
