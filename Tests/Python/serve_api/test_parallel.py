# SPDX-License-Identifier: Apache-2.0
"""Scripts that compute at the same time, in several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from serve_api import postgres
from serve_api.page_client import Client, closing_streams
from serving import Serving, obstacle

WHY = obstacle() or postgres.obstacle()
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(WHY), reason=WHY),
    pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc"),
]


@pytest.fixture(params=[1, 2])
def two(request: pytest.FixtureRequest) -> Iterator[tuple[Serving, Serving]]:
    """Two replicas, of so many workers each."""
    with ExitStack() as stack:
        database = stack.enter_context(contextmanager(postgres.database)())
        stack.enter_context(closing_streams())
        words = ("--store", database.url, "--workers", str(request.param))
        servers = Serving(*words), Serving(*words)
        for server in servers:
            stack.callback(server.close)
        yield servers


def conversations(client: Client, count: int) -> list[str]:
    """Make a conversation in each of so many workers."""
    found: dict[str, str] = {}
    # A conversation stays with its worker, which its name chooses.
    while len(found) < count:
        conversation, turn = client.begin("process")
        client.follow(turn).until("done")
        (block,) = client.turn(conversation)["blocks"]
        found.setdefault(block, conversation)
    return list(found.values())


def test_replicas_and_workers_compute_at_the_same_time(
    two: tuple[Serving, Serving], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    each: int = request.node.callspec.params["two"]
    clients = [Client.of(server) for server in two]
    places = [
        (client, conversation)
        for client in clients
        for conversation in conversations(client, each)
    ]
    begun = []
    # Each computes until it sees that all of them do.
    for number, (client, conversation) in enumerate(places):
        message = f"gather {len(places)} {tmp_path / f'of{number}'}"
        status, answer = client.say(conversation, message, "2")
        assert status == 202, answer
        begun.append((client, answer["turn"]))
    for client, turn in begun:
        assert client.follow(turn).until("done")["state"] == "finished"
    processes = {file.read_text() for file in tmp_path.glob("of*")}
    assert len(processes) == len(places) == 2 * each
