# SPDX-License-Identifier: Apache-2.0
"""Many clients at once: those who follow an answer, and those who read nothing."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from openai import OpenAI
from serve_api.viewers import Viewer, begin, files, request, resident, stall, stalled
from serving import Serving, eventually, obstacle

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(bool(obstacle()), reason=obstacle()),
]


@pytest.fixture
def server() -> Iterator[Serving]:
    server = Serving()
    yield server
    server.close()


async def connections(server: Serving) -> int:
    """Count the connections that the server has, but for the one that asks."""
    text = await request(server, "GET", "/metrics")
    found = re.search(r"^amaru_connections (\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) - 1


async def rest(server: Serving) -> int:
    """Count the files that it has open at rest; what the first clients open stays."""
    _, turn = await begin(server, "say hello")
    for viewer in [await Viewer.follow(server, turn) for _ in range(16)]:
        await viewer.ended
    while await connections(server):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return files(server)


async def test_many_follow_one_answer_and_miss_nothing(server: Serving) -> None:
    base = await rest(server)
    _, turn = await begin(server, "count 100 0.02")
    viewers = [await Viewer.follow(server, turn) for _ in range(100)]
    assert await connections(server) == 100
    server.touch("begin")
    for viewer in viewers:
        await viewer.ended
        assert viewer.pieces == list(range(100))
        assert viewer.events[-1][0] == "done"
        assert viewer.events[-1][1]["state"] == "finished"
    while await connections(server):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    eventually(lambda: files(server) <= base)


async def test_who_reads_nothing_stops_nobody(server: Serving) -> None:
    base = await rest(server)
    # More than the system takes for a client that reads nothing.
    _, turn = await begin(server, "pour 160 begin")
    with ExitStack() as stack:
        idle = [stack.enter_context(stall(server, turn)) for _ in range(50)]
        viewers = [await Viewer.follow(server, turn) for _ in range(5)]
        server.touch("begin")
        # At some time: the server closes those that take nothing for long.
        while stalled(idle) < 50:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for viewer in viewers:
            await viewer.ended
            length = 0
            for name, data in viewer.events:
                if name == "reasoning":
                    assert data["at"] == length, "nothing is lost, or comes twice"
                    length += len(data["text"])
            assert length == 160 * 50_000
            assert viewer.events[-1][0] == "done"
    while await connections(server):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    eventually(lambda: files(server) <= base)


@pytest.mark.parametrize("streams", [True, False])
def test_a_picture_is_held_once_for_all_who_read_nothing(
    server: Serving, streams: bool
) -> None:
    with OpenAI(base_url=server.url, api_key="any") as client:
        model = client.models.list().data[0].id
    size = 8 << 20
    # All have one answer, by its key.
    ask = partial(ask_picture, server, model, size, streams)
    with ask("first") as reading:
        assert base64.b64encode(b"x" * size) in rest_of(reading)
    before = resident(server)
    with ExitStack() as stack:
        idle = [stack.enter_context(ask("second", buffer=4096)) for _ in range(15)]
        eventually(lambda: stalled(idle) == 15)
        assert resident(server) - before < 4 * size
        # Those who read after all have it whole.
        assert base64.b64encode(b"x" * size) in rest_of(idle[7])


def ask_picture(
    server: Serving, model: str, size: int, streams: bool, key: str, buffer: int = 0
) -> socket.socket:
    """Connect a client that asks for a picture, and reads nothing yet."""
    question = {"role": "user", "content": f"picture {size}"}
    body = json.dumps({"model": model, "messages": [question], "stream": streams})
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
        f"Connection: close\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    made = socket.socket()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.connect((server.host, server.port))
    made.sendall((head + body).encode())
    return made


def rest_of(client: socket.socket) -> bytes:
    """Read an answer to its end, and join its chunks."""
    answer = b"".join(iter(partial(client.recv, 1 << 20), b""))
    return re.sub(rb"\r\n[0-9a-f]+\r\n", b"", answer)


async def test_all_are_told_when_the_server_ends(tmp_path: Path) -> None:
    server = Serving(HOME=str(tmp_path))
    begun = [await begin(server, f"forever {number}") for number in range(10)]
    viewers = [
        await Viewer.follow(server, turn) for _, turn in begun for _ in range(10)
    ]
    eventually(lambda: server.runs("forever") == 10)
    assert await asyncio.to_thread(server.close) == 0
    for viewer in viewers:
        await viewer.ended
        name, data = viewer.events[-1]
        if name == "status":
            assert data["text"] == "the server is ending"
        else:
            assert (name, data["state"]) == ("done", "interrupted")
    again = Serving(HOME=str(tmp_path))
    try:
        for conversation, _ in begun:
            found = await request(again, "GET", f"/api/conversations/{conversation}")
            (turn,) = found["turns"]
            assert turn["state"] == "interrupted"
    finally:
        again.close()
