# SPDX-License-Identifier: Apache-2.0
"""The steps of a request are traced as httpcore traces them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2
import pytest
from scripted_server import Peer, Serve, Server

FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]
pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True)
def direct(hosted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


STEPS = [
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.send_request_body.complete",
    "http11.receive_response_headers.started",
    "http11.receive_response_headers.complete",
    "http11.receive_response_body.started",
    "http11.receive_response_body.complete",
    "http11.response_closed.started",
    "http11.response_closed.complete",
]


@pytest.mark.parametrize("upload", [False, True])
def test_the_steps_are_traced(
    family: Any, core: Any, serve: Serve, upload: bool
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    content = iter([b"x"]) if upload else b"x"
    extensions = {"trace": lambda name, info: seen.append((name, info))}
    with family.Client() as client:
        client.post(serve(ok).origin, content=content, extensions=extensions)
    assert [name for name, _ in seen] == STEPS
    head = dict(seen)["http11.receive_response_headers.complete"]["return_value"]
    assert head[:3] == (b"HTTP/1.1", 200, b"OK")
    assert (
        dict(seen)["http11.send_request_headers.started"]["request"].method == b"POST"
    )


def test_the_steps_are_traced_asynchronously(
    family: Any, core: Any, serve: Serve
) -> None:
    seen: list[str] = []

    async def trace(name: str, info: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        seen.append(name)

    async def run() -> None:
        async with family.AsyncClient() as client:
            await client.get(serve(ok).origin, extensions={"trace": trace})

    asyncio.run(run())
    assert seen == STEPS


def test_a_failed_step_is_traced(family: Any, core: Any) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    server = Server(ok)
    server.close()
    extensions = {"trace": lambda name, info: seen.append((name, info))}
    with family.Client() as client, pytest.raises(family.ConnectError):
        client.get(server.origin, extensions=extensions)
    name, info = seen[-1]
    assert name == "http11.receive_response_headers.failed"
    assert type(info["exception"]).__name__ == "ConnectError"
