# SPDX-License-Identifier: Apache-2.0
"""What the SDK's own stream makes of the transport's faults: retried, and wrapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
from scripted_server import Peer, Server

from amaru.transport import async_transport

Serve = Callable[..., Server]


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    from openai._base_client import BaseClient

    monkeypatch.setattr(
        BaseClient, "_calculate_retry_timeout", lambda *args, **options: 0
    )


async def stream(origin: str) -> str:
    http = openai.DefaultAsyncHttpx2Client(transport=async_transport("httpx2"))
    async with openai.AsyncOpenAI(
        api_key="k", base_url=f"{origin}/v1", http_client=http
    ) as client:
        answer = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        async with answer:
            return "".join(
                [chunk.choices[0].delta.content or "" async for chunk in answer]
            )


async def test_a_good_stream(core: Any, serve: Serve) -> None:
    server = serve(lambda peer: peer.stream("Hel", "lo"))
    assert await stream(server.origin) == "Hello"


@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        (("connect", "x"), openai.APIConnectionError),
        (("connect_timeout", "x"), openai.APITimeoutError),
        (("read", "x"), openai.APIConnectionError),
        (("remote_protocol", "x"), openai.APIConnectionError),
        (RuntimeError("x"), openai.APIConnectionError),
        (OSError(5, "x"), openai.APIConnectionError),
    ],
)
async def test_before_the_headers_a_fault_is_retried_and_wrapped(
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    exc: Any,
    expected: type[Exception],
) -> None:
    calls = 0

    async def fail(exchange: int) -> None:
        nonlocal calls
        calls += 1
        raise core.TransferError(*exc) if isinstance(exc, tuple) else exc

    monkeypatch.setattr(core, "head", fail)
    with pytest.raises(expected):
        await stream(serve(Peer.wait_for_close).origin)
    assert calls == 3
    assert core.exchanges == {}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("read", openai.APIConnectionError),
        ("remote_protocol", openai.APIConnectionError),
        ("read_timeout", openai.APITimeoutError),
        ("cancelled", openai.APIConnectionError),
    ],
)
async def test_in_the_stream_a_fault_is_wrapped_and_not_retried(
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    expected: type[Exception],
) -> None:
    async def fail(exchange: int) -> None:
        raise core.TransferError(code, "x")

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.wait_for_close()

    monkeypatch.setattr(core, "read_chunks", fail)
    server = serve(answer)
    with pytest.raises(expected):
        await stream(server.origin)
    assert len(server.received) == 1
    assert core.exchanges == {}
