# SPDX-License-Identifier: Apache-2.0
"""The bytes on the wire, and clients that send rubbish or go."""

from __future__ import annotations

import json
import re
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from serve_api.blocking import Blocking, loop
from serving import Serving, eventually

HELLO: Any = [{"role": "user", "content": "say hello"}]
names = count()


class Wire:
    """One connection."""

    def __init__(self, served: Serving) -> None:
        self.socket = socket.create_connection((served.host, served.port), timeout=50)
        self._host = f"{served.host}:{served.port}"

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def post(
        self, body: bytes, path: str = "/v1/chat/completions", after: str = "close"
    ) -> None:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nConnection: {after}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body)

    def ask(self, model: str, text: str, after: str = "close", **more: Any) -> None:
        messages = [{"role": "user", "content": text}]
        body = json.dumps({"model": model, "messages": messages, **more})
        self.post(body.encode(), after=after)

    def rest(self) -> bytes:
        arrived = b""
        while piece := self.socket.recv(65536):
            arrived += piece
        return arrived

    def until(self, wanted: bytes) -> None:
        arrived = b""
        while wanted not in arrived:
            piece = self.socket.recv(65536)
            assert piece, arrived
            arrived += piece


def body(answer: bytes) -> bytes:
    """Join the chunks of an answer."""
    rest, joined = answer.partition(b"\r\n\r\n")[2], b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if not int(size, 16):
            assert rest == b"\r\n", "the end is clean"
            return joined
        joined, rest = joined + rest[: int(size, 16)], rest[int(size, 16) + 2 :]


def test_a_stream_is_lines_of_data_and_nothing_else(
    served: Serving, model: str
) -> None:
    with Wire(served) as wire:
        wire.ask(model, "say a\u2028b\nc", stream=True)
        answer = wire.rest()
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 200 ")
    for field in (
        b"content-type: text/event-stream; charset=utf-8",
        b"cache-control: no-cache, no-transform",
        b"x-accel-buffering: no",
        b"x-request-id: ",
    ):
        assert field in head
    assert b"content-encoding" not in head
    events = body(answer).decode().split("\n\n")
    assert events.pop() == ""
    for event in events:
        assert event.startswith("data: ")
        assert len(event.splitlines()) == 1
    assert events[-1] == "data: [DONE]"
    for event in events[:-1]:
        chunk = json.loads(event.removeprefix("data: "))
        assert chunk["object"] == "chat.completion.chunk"
        assert isinstance(chunk["choices"], list)


def test_requests_on_one_connection_are_answered_in_their_order(
    served: Serving, model: str
) -> None:
    with Wire(served) as wire:
        for number in range(4):
            after = "close" if number == 3 else "keep-alive"
            wire.ask(model, f"say n{number}", after, stream=number % 2 == 0)
        answers = wire.rest()
    assert answers.count(b"HTTP/1.1 200 ") == 4
    places = [answers.find(f'"content":"n{number}"'.encode()) for number in range(4)]
    assert places == sorted(places)
    assert -1 not in places


@pytest.mark.parametrize("abruptly", [True, False])
@pytest.mark.parametrize("streams", [True, False])
def test_a_connection_that_closes_stops_the_script(
    served: Serving, model: str, abruptly: bool, streams: bool
) -> None:
    # Two hundred times in all.
    for _ in range(50):
        name = f"closed{next(names)}"
        runs = served.runs("forever")
        with Wire(served) as wire:
            wire.ask(model, f"forever {name}", stream=streams)
            if streams:
                wire.until(b'"content":"x"')
            else:
                eventually(lambda: served.runs("forever") > runs)  # noqa: B023
            if abruptly:
                linger = struct.pack("ii", 1, 0)
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        eventually((served.folder / name).exists, within=10)
    with Wire(served) as wire:
        wire.ask(model, "say hello")
        assert b'"content":"hello"' in wire.rest()


@pytest.fixture(params=["sync", "async"])
def timed(
    served: Serving, request: pytest.FixtureRequest
) -> Iterator[tuple[Any, list[float]]]:
    """The SDK, and when it has sent its requests."""
    asked: list[float] = []

    def note(_: Any) -> None:
        asked.append(time.monotonic())

    async def note_later(_: Any) -> None:
        note(_)

    place: Any = {"base_url": served.url, "api_key": "any", "max_retries": 1}
    if request.param == "sync":
        http = openai.DefaultHttpxClient(event_hooks={"request": [note]})
        with OpenAI(**place, http_client=http) as client:
            yield client, asked
    else:
        later = openai.DefaultAsyncHttpxClient(event_hooks={"request": [note_later]})
        with loop() as run:
            with Blocking(AsyncOpenAI(**place, http_client=later), run) as blocking:
                yield blocking, asked


def test_a_full_queue_says_when_to_come_again(
    served: Serving, timed: tuple[Any, list[float]], model: str
) -> None:
    client, asked = timed
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(200):
            wire = stack.enter_context(Wire(served))
            wire.ask(model, f"forever full{next(names)}", stream=True)
            selector.register(wire.socket, selectors.EVENT_READ)
        refused = b""
        while not refused.startswith(b"HTTP/1.1 429 "):
            for key, _ in selector.select():
                refused = key.fileobj.recv(65536)  # type: ignore[union-attr]
                if refused.startswith(b"HTTP/1.1 429 "):
                    break
                selector.unregister(key.fileobj)
            assert selector.get_map(), "none of so many was refused"
        wait = re.search(rb"\r\nretry-after: (\d+)\r\n", refused.lower())
        assert wait is not None
        # The SDK waits so long, and less where a server does not say how long.
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model=model, messages=HELLO)
        assert len(asked) == 2
        assert asked[1] - asked[0] >= int(wait[1])
    # It comes again by itself.
    patient = client.with_options(max_retries=10)
    answer = patient.chat.completions.create(model=model, messages=HELLO)
    assert answer.choices[0].message.content == "hello"


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"{",
        b"null",
        b'{"model": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"model": "m", "messages": [' + b"{}," * 5000 + b"{}]}",
    ],
)
def test_rubbish_is_refused_in_the_apis_shape(served: Serving, rubbish: bytes) -> None:
    with Wire(served) as wire:
        wire.post(rubbish)
        wire.until(b'"invalid_request_error"')


def test_a_path_that_is_not_there_is_in_the_apis_shape(served: Serving) -> None:
    with Wire(served) as wire:
        wire.post(b"{}", "/v1/embeddings")
        wire.until(b'"not_implemented"')
    with Wire(served) as wire:
        wire.post(b"{}", "/v1/nothing")
        wire.until(b'"invalid_request_error"')
