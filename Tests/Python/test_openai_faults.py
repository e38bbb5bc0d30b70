# SPDX-License-Identifier: Apache-2.0
"""What the SDK makes of the transport's faults, and the chat of the same faults."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from recording_chat import ChatSettings, RecordingChat
from scripted_server import Peer, Serve

from amaru.chat import Conversation, client


@pytest.fixture(autouse=True)
def no_delay(hosted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from openai._base_client import BaseClient

    monkeypatch.setattr(
        BaseClient, "_calculate_retry_timeout", lambda *args, **options: 0
    )
    monkeypatch.setattr(client, "_pause", lambda *_: 0.0)


async def stream(origin: str) -> str:
    http = openai.DefaultAsyncHttpx2Client()
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


async def chat(screen: RecordingChat, origin: str) -> str:
    """Return the code that a turn of the chat fails with."""
    settings: Any = ChatSettings("m", f"{origin}/v1")
    await Conversation(settings).send(screen.turn(), "hi")
    return screen.failure[0] if screen.of("failed") else screen.shown(1)


async def test_a_good_stream(core: Any, screen: RecordingChat, serve: Serve) -> None:
    server = serve(lambda peer: peer.stream("Hel", "lo"))
    assert await stream(server.origin) == await chat(screen, server.origin) == "Hello"


@pytest.mark.parametrize(
    ("exc", "expected", "code"),
    [
        (("connect", "x"), openai.APIConnectionError, "connection"),
        (("connect_timeout", "x"), openai.APITimeoutError, "timeout"),
        (("pool_timeout", "x"), openai.APITimeoutError, "timeout"),
        (("read", "x"), openai.APIConnectionError, "connection"),
        (("read_timeout", "x"), openai.APITimeoutError, "timeout"),
        (("write", "x"), openai.APIConnectionError, "connection"),
        (("proxy", "x"), openai.APIConnectionError, "connection"),
        (("remote_protocol", "x"), openai.APIConnectionError, "connection"),
    ],
)
async def test_before_the_headers_a_fault_is_retried_and_wrapped(
    core: Any,
    screen: RecordingChat,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    exc: Any,
    expected: type[Exception],
    code: str,
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
    assert await chat(screen, serve(Peer.wait_for_close).origin) == code
    assert calls == 6
    assert core.exchanges == {}


@pytest.mark.parametrize("code", ["secret_refused", "not_allowed", "local_protocol"])
async def test_a_refusal_of_the_host_is_not_retried_by_the_chat(
    core: Any,
    screen: RecordingChat,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
) -> None:
    async def fail(exchange: int) -> None:
        raise core.TransferError(code, "x")

    monkeypatch.setattr(core, "head", fail)
    assert await chat(screen, serve(Peer.wait_for_close).origin) == "bad_request"
    assert screen.of("retrying") == []


@pytest.mark.parametrize(
    ("code", "expected", "failure"),
    [
        ("read", openai.APIConnectionError, "incomplete"),
        ("remote_protocol", openai.APIConnectionError, "incomplete"),
        ("read_timeout", openai.APITimeoutError, "stall"),
        ("cancelled", openai.APIConnectionError, "incomplete"),
    ],
)
async def test_in_the_stream_a_fault_is_wrapped_and_not_retried(
    core: Any,
    screen: RecordingChat,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    expected: type[Exception],
    failure: str,
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
    assert await chat(screen, server.origin) == failure
    assert len(server.received) == 2
    assert core.exchanges == {}
