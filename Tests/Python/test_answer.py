# SPDX-License-Identifier: Apache-2.0
"""An answer read from bytes, beside the SDK's own stream on the same bytes."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import httpx2
import openai
import pytest

from amaru.chat import answer
from amaru.chat.answer import Chunk, Reading
from amaru.chat.client import Fault, Response

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


class Pieces(Response):
    """A response of our transport whose body arrives in `pieces`."""

    def __init__(
        self, *pieces: bytes, kind: str = STREAM, fault: Fault | None = None
    ) -> None:
        super().__init__(None, 0, 200, [b"Content-Type", kind.encode()])
        self.pieces = list(pieces)
        self.fault = fault

    async def read(self) -> bytes | None:
        if self.pieces:
            return self.pieces.pop(0)
        if self.fault is not None:
            raise self.fault
        return None


async def own(response: Any, stall_timeout: float = 20.0) -> str:
    """What the chat's reading gives, or the kind of its fault."""
    text = ""
    reading = Reading(response, stall_timeout)
    try:
        async for chunks in reading.batches():
            for chunk in chunks:
                text += chunk.text
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
BROKEN = "!in_stream"
REFUSAL = delta("").replace(b'"content": ""', b'"content": null, "refusal": "no!"')
COMPLETION = json.dumps(
    {"choices": [{"message": {"role": "assistant", "content": "hi"}}]}, indent=1
).encode()
# A server that was asked for a stream, and sends a completion as its only event.
AS_EVENT = b"data: %s\n\n" % COMPLETION.replace(b"\n", b"")
CHOICE_ERROR = delta("").replace(
    b'"index": 0', b'"index": 0, "error": {"message": "no"}'
)
CASES = [
    Case("whole", WHOLE, "ab", "ab"),
    Case("CRLF", WHOLE.replace(b"\n", b"\r\n"), "ab", "ab"),
    Case("CR", WHOLE.replace(b"\n", b"\r"), "ab", "ab"),
    Case("comments", b": hi\n\n" + A + b":\n\n" + STOP + DONE, "a", "a"),
    Case("no DONE", A + STOP, "a", "a"),
    Case("an error", A + ERROR + DONE, "a!APIError", "a!in_stream"),
    Case("a named error", b"event: error\n" + ERROR, "!APIError", "!in_stream"),
    Case("an error text", b'data: {"error": "no"}\n\n', "!APIError", "!in_stream"),
    Case("no JSON", A + b"data: no\n\n" + DONE, "a!JSONDecodeError", "a!malformed"),
    Case("cut JSON", A + A[:40] + b"\n\n", "a!JSONDecodeError", "a!malformed"),
    Case("two in one", A + A[:-1] + A, "a!JSONDecodeError", "a!malformed"),
    Case("UTF-8", A.replace(b'"a"', b'"\xff"'), "!UnicodeDecodeError", "!malformed"),
    Case("late UTF-8", A + b"data:\xff\n\n", "a!UnicodeDecodeError", "a!malformed"),
    Case("deep", b"data: " + b"[" * 10**5 + b"\n\n", "!RecursionError", "!malformed"),
    Case("a list", A + b"data: [1]\n\n", "a!AttributeError", "a!malformed"),
    # The SDK says nothing to these, and the chat does.
    Case("no end", A, "a", "a!incomplete"),
    Case("cut event", A + A[:40], "a", "a!incomplete"),
    Case("nothing", b"", "", "!incomplete"),
    Case("only DONE", DONE, "", ""),
    Case("a page", b"<html><title>Hi</title>", "", "!html", "text/html"),
    Case("a text", b"hello", "", "!not_a_stream", "text/plain"),
    Case("a document", b'{"choices": []}', "", "!not_a_stream", "application/json"),
    Case("a broken document", b'{"choices": [', "", "!not_a_stream", "x/json"),
    Case("a refusal", b'{"error": "no"}', "", "!in_stream", "application/json"),
    Case(
        "an error event", A + b"event: error\ndata: {}\n\n" + DONE, "a", "a!in_stream"
    ),
    Case("a bare error", b'data: {"object": "error", "message": "no"}\n\n', "", BROKEN),
    Case("a detail", b'data: {"detail": "no"}\n\n', "", BROKEN),
    Case("an error reason", delta("", "error"), "", BROKEN),
    Case(
        "words of an error reason",
        delta("out of", "error"),
        "out of",
        f"out of{BROKEN}",
    ),
    Case("an error of a choice", CHOICE_ERROR + DONE, "", BROKEN),
    # And these it loses, or refuses to read.
    Case("empty data", A + b"data:\n\ndata: \n\n" + DONE, "a!JSONDecodeError", "a"),
    Case("a refused answer", REFUSAL + DONE, "", "no!"),
    Case("a mislabelled stream", WHOLE, "ab", "ab", "application/json"),
    Case("a stream called a page", WHOLE, "ab", "ab", "text/html; charset=utf-8"),
    Case("a stream after blanks", b"\r\n \n\n" + WHOLE, "ab", "ab", "text/plain"),
    Case("a page called a stream", b"\n<!doctype html>", "", "!html"),
    Case("a completion", COMPLETION, "", "hi", "application/json"),
    Case("a completion as an event", AS_EVENT, "!AttributeError", "hi"),
    Case(
        "a completion as an event, and DONE", AS_EVENT + DONE, "!AttributeError", "hi"
    ),
    Case("a completion called a stream", b"\xef\xbb\xbf\n" + COMPLETION, "", "hi"),
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
        assert await own(Pieces(*pieces, kind=case.kind)) == case.own


FAULTS = [
    ("read", "ReadError", "APIConnectionError", "a!incomplete", "a"),
    (
        "remote_protocol",
        "RemoteProtocolError",
        "APIConnectionError",
        *("a!incomplete", "a"),
    ),
    ("read_timeout", "ReadTimeout", "APITimeoutError", "a!stall", "a"),
    ("decoding", "DecodingError", "APIConnectionError", "a!decoding", "a!decoding"),
]


@pytest.mark.parametrize(("kind", "raised", "sdk", "chat", "after_the_reason"), FAULTS)
async def test_faults_of_the_transport(
    kind: str, raised: str, sdk: str, chat: str, after_the_reason: str
) -> None:
    fault = getattr(httpx2, raised)("cut")
    assert await typed(Body(A, fault=fault)) == f"a!{sdk}"
    assert await own(Pieces(A, fault=Fault(kind, "cut"))) == chat
    assert await own(Pieces(A + STOP, fault=Fault(kind, "cut"))) == after_the_reason


class Flood(Pieces):
    """A body that has always arrived already: reading it never lets the loop run."""

    def __init__(self, piece: bytes, *first: bytes) -> None:
        super().__init__(*first)
        self.piece = piece
        self.reads = 0

    async def read(self) -> bytes | None:
        self.reads += 1
        return await super().read() or self.piece


NOTHING = [b"\n", b": hi\n\n", delta(""), b"data:\n\n", b"event: ping\n\n"]


HIDDEN = [
    *("\0", "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x1b(B", "\x1b", "\x7f\x08\x85"),
    *("\u200b", "\ufeff\u2060"),
]


@pytest.mark.parametrize("piece", [*NOTHING, *map(delta, HIDDEN)])
async def test_a_flood_without_content_is_a_stall(piece: bytes) -> None:
    for first in (A, b""):
        end = "!stall" if first else "!stall_first"
        assert (await own(Flood(piece, first), 0.05)).endswith(end)


async def test_the_time_that_a_batch_without_content_takes_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time()
    batches = 0
    monkeypatch.setattr(loop, "time", lambda: now + batches)
    with pytest.raises(Fault, match="stall"):
        async for chunks in Reading(Flood(delta("")), 3.0).batches():
            assert [chunk.text for chunk in chunks] == [""]
            batches += 1
    assert batches <= 3


@pytest.mark.parametrize(
    "text", ["\n", "\t", " ", "\x1b[1mx", "\x1b]0;x\nx", "é\u200b"]
)
def test_what_can_be_shown_is_content(text: str) -> None:
    assert Chunk(text).has_content and Chunk(reasoning=text).has_content


def test_a_tool_call_is_content_once_it_has_any() -> None:
    assert Chunk(tools=((0, "", "look", ""),)).has_content
    assert Chunk(tools=((0, "", "", "{"),)).has_content
    assert not Chunk(tools=((0, "call", "", ""),)).has_content


async def test_a_flood_lets_the_loop_run() -> None:
    body = Flood(A)
    reading = asyncio.create_task(own(body, 0.0))
    # A timer and a callback both get their turn, and the cancel that follows too.
    await asyncio.sleep(0.03)
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    assert reading.cancelled() and body.reads > 1


async def test_a_pause_between_two_reads_is_not_a_stall() -> None:
    reading = Reading(Pieces(A, STOP, DONE), 0.05)
    texts = ""
    async for chunks in reading.batches():
        texts += "".join(chunk.text for chunk in chunks)
        await asyncio.sleep(0.1)
    assert texts == "a"


async def test_content_starts_the_time_again_and_nothing_else_does() -> None:
    class Slow(Pieces):
        async def read(self) -> bytes | None:
            await asyncio.sleep(0.1)
            return await super().read()

    assert await own(Slow(*[A] * 15, STOP, DONE), 1.0) == "a" * 15
    assert await own(Slow(A, *[delta("")] * 15, STOP, DONE), 1.0) == "a!stall"


async def test_a_flood_after_done_is_left_alone() -> None:
    assert await own(Flood(A, WHOLE), 20.0) == "ab"


@pytest.mark.parametrize(
    ("start", "kind"), [(b'{"choices": "', "too_long"), (b"<html>", "html")]
)
async def test_a_document_without_end_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, start: bytes, kind: str
) -> None:
    monkeypatch.setattr(answer, "LIMIT", 256 * 1024)
    tracemalloc.start()
    assert await own(Flood(b" " * 4096, start)) == f"!{kind}"
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


async def test_what_came_before_a_fault_is_shown_first() -> None:
    assert await own(Pieces(A + delta("b") + b"data: no\n\n" + A)) == "ab!malformed"


async def test_a_cancelled_reading_is_cancelled() -> None:
    arrived = asyncio.Event()

    class Endless(Pieces):
        async def read(self) -> bytes | None:
            if not self.pieces:
                arrived.set()
                await asyncio.Event().wait()
            return await super().read()

    reading = asyncio.create_task(own(Endless(A)))
    await arrived.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
