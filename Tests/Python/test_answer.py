# SPDX-License-Identifier: Apache-2.0
"""An answer read from bytes, beside the SDK's own stream on the same bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

import httpx2
import openai
import pytest

from amaru.chat.answer import read
from amaru.chat.chunks import Chunk
from amaru.chat.failures import Fault

STREAM = "text/event-stream"
ASKED: Any = {"model": "small", "messages": [], "stream": True}


def delta(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    event = {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: %s\n\n" % json.dumps(event).encode()


A, STOP, DONE = delta("a"), delta("", "stop"), b"data: [DONE]\n\n"
WHOLE = A + delta("b") + STOP + DONE


class Body(httpx2.AsyncByteStream):
    def __init__(self, *pieces: bytes, fault: Exception | None = None) -> None:
        self.pieces = pieces
        self.fault = fault
        self.closed = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.fault is not None:
            raise self.fault

    async def aclose(self) -> None:
        self.closed += 1


class Transport(httpx2.AsyncBaseTransport):
    def __init__(self, body: Body, kind: str = STREAM) -> None:
        self.body = body
        self.kind = kind

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": self.kind}
        return httpx2.Response(200, headers=headers, stream=self.body)


def client(body: Body, kind: str = STREAM) -> openai.AsyncOpenAI:
    http = httpx2.AsyncClient(transport=Transport(body, kind))
    return openai.AsyncOpenAI(api_key="none", http_client=http, max_retries=0)


async def typed(body: Body, kind: str = STREAM) -> str:
    """What the SDK's stream gives, or the class that it raises."""
    text = ""
    try:
        async with client(body, kind) as sdk:
            async for chunk in await sdk.chat.completions.create(**ASKED):
                text += chunk.choices[0].delta.content or "" if chunk.choices else ""
    except Exception as exc:
        return f"{text}!{type(exc).__name__}"
    return text


async def own(
    body: Body, kind: str = STREAM, take: Callable[[Chunk], None] | None = None
) -> str:
    """What the chat's reading gives, or the kind of its fault."""
    text = ""

    def collect(chunk: Chunk) -> None:
        nonlocal text
        text += chunk.text

    async with client(body, kind) as sdk:
        api = sdk.chat.completions.with_streaming_response
        async with api.create(**ASKED) as response:
            try:
                await read(response, 20.0, take or collect)
            except Fault as fault:
                return f"{text}!{fault.kind}"
    return text


class Case(NamedTuple):
    name: str
    body: bytes
    typed: str
    own: str
    kind: str = STREAM


ERROR = b'data: {"error": {"message": "out of memory"}}\n\n'
CASES = [
    Case("whole", WHOLE, "ab", "ab"),
    Case("CRLF", WHOLE.replace(b"\n", b"\r\n"), "ab", "ab"),
    Case("CR", WHOLE.replace(b"\n", b"\r"), "ab", "ab"),
    Case("comments", b": hi\n\n" + A + b":\n\n" + STOP + DONE, "a", "a"),
    Case("no DONE", A + STOP, "a", "a"),
    Case("an error", A + ERROR + DONE, "a!APIError", "a!in stream"),
    Case("a named error", b"event: error\n" + ERROR, "!APIError", "!in stream"),
    Case("an error text", b'data: {"error": "no"}\n\n', "!APIError", "!in stream"),
    Case("no JSON", A + b"data: no\n\n" + DONE, "a!JSONDecodeError", "a!malformed"),
    Case("cut JSON", A + A[:40] + b"\n\n", "a!JSONDecodeError", "a!malformed"),
    Case("two in one", A + A[:-1] + A, "a!JSONDecodeError", "a!malformed"),
    Case("UTF-8", A.replace(b'"a"', b'"\xff"'), "!UnicodeDecodeError", "!malformed"),
    Case("late UTF-8", A + b"data:\xff\n\n", "a!UnicodeDecodeError", "a!malformed"),
    Case("empty data", A + b"data:\n\n", "a!JSONDecodeError", "a!malformed"),
    Case("deep", b"data: " + b"[" * 10**5 + b"\n\n", "!RecursionError", "!malformed"),
    # The SDK says nothing to these, and the chat does.
    Case("no end", A, "a", "a!incomplete"),
    Case("cut event", A + A[:40], "a", "a!incomplete"),
    Case("nothing", b"", "", "!incomplete"),
    Case("only DONE", DONE, "", ""),
    Case("a page", b"<html><title>Hi</title>", "", "!html", "text/html"),
    Case("a text", b"hello", "", "!not a stream", "text/plain"),
    Case("a document", b'{"choices": []}', "", "!not a stream", "application/json"),
    Case("a refusal", b'{"error": "no"}', "", "!in stream", "application/json"),
]


def cuts(body: bytes) -> list[Sequence[bytes]]:
    """The body at once, and in pieces of a few sizes."""
    sizes = [1, 7, 100] if len(body) < 2000 else [4096]
    pieces = [
        [body[at : at + size] for at in range(0, len(body), size)] for size in sizes
    ]
    return [[body], *pieces]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_no_error_of_the_typed_stream_is_lost(case: Case) -> None:
    for pieces in cuts(case.body):
        assert await typed(Body(*pieces), case.kind) == case.typed
        assert await own(Body(*pieces), case.kind) == case.own


FAULTS = [
    (httpx2.ReadError("reset"), "APIConnectionError", "a!incomplete", "a"),
    (httpx2.RemoteProtocolError("cut"), "APIConnectionError", "a!incomplete", "a"),
    (httpx2.ReadTimeout("slow"), "APITimeoutError", "a!stall", "a!stall"),
]


@pytest.mark.parametrize(("fault", "sdk", "chat", "after_the_reason"), FAULTS)
async def test_faults_of_the_transport(
    fault: Exception, sdk: str, chat: str, after_the_reason: str
) -> None:
    assert await typed(Body(A, fault=fault)) == f"a!{sdk}"
    assert await own(Body(A, fault=fault)) == chat
    assert await own(Body(A + STOP, fault=fault)) == after_the_reason


async def test_text_that_arrived_together_is_given_together() -> None:
    given: list[Chunk] = []
    body = Body(A + delta("b"), delta("c") + STOP, DONE)
    await own(body, take=given.append)
    assert given == [Chunk("ab"), Chunk("c"), Chunk(finish_reason="stop")]
    assert body.closed


@pytest.mark.parametrize("raised", [TimeoutError("a plugin's"), ValueError("its")])
async def test_what_takes_the_text_may_fail_in_its_own_way(raised: Exception) -> None:
    def refuse(chunk: Chunk) -> None:
        raise raised

    body = Body(A, STOP, DONE)
    with pytest.raises(type(raised)) as caught:
        await own(body, take=refuse)
    assert caught.value is raised
    assert body.closed


async def test_a_cancelled_reading_closes_the_response() -> None:
    arrived = asyncio.Event()

    class Endless(Body):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield A
            arrived.set()
            await asyncio.Event().wait()

    body = Endless()
    reading = asyncio.create_task(own(body))
    await arrived.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert body.closed
