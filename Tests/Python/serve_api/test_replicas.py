# SPDX-License-Identifier: Apache-2.0
"""Servers that share a PostgreSQL database, and a balancer in front of them."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from serve_api import postgres
from serve_api.nginx import PROGRAM, Nginx
from serve_api.page_client import Client, closing_streams
from serve_api.postgres import Postgres
from serving import COMMAND, ROOT, SCRIPT, Serving, eventually, obstacle

WHY = obstacle() or postgres.obstacle()
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(WHY), reason=WHY),
]

CATALOGUE = ROOT / "Sources" / "AmaruServe" / "AmaruServe.docc"
TOKEN = "a-token-of-a-good-length"


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """One for the whole file."""
    yield from postgres.database()


Start = Callable[..., Serving]


@pytest.fixture(autouse=True)
def _closing() -> Iterator[None]:
    with closing_streams():
        yield


@pytest.fixture
def start(database: Postgres) -> Iterator[Start]:
    """Start replicas, which end with the test."""
    started: list[Serving] = []

    def start(*arguments: str, **options: Any) -> Serving:
        made = Serving("--store", database.url, *arguments, **options)
        started.append(made)
        return made

    yield start
    for server in started:
        server.close()


@pytest.fixture
def two(start: Start) -> tuple[Serving, Serving]:
    """Two replicas."""
    return start(), start()


def test_any_replica_shows_what_one_answers(
    two: tuple[Serving, Serving], tmp_path: Path
) -> None:
    one, other = map(Client.of, two)
    go = tmp_path / "go"
    conversation, turn = one.begin(f"wait {go}")
    near, far = one.follow(turn), other.follow(turn)
    near.until("block", text="first")
    far.until("block", text="first")
    # The id of one replica's log says nothing to the other: the whole comes again.
    near.close()
    moved = other.follow(turn, near.last)
    moved.until("reset")
    moved.until("block", text="first")
    # That of its own log goes on where it was.
    far.close()
    back = other.follow(turn, far.last)
    go.touch()
    for stream in (moved, back):
        assert stream.until("done")["state"] == "finished"
    assert "first second" in str(moved.seen)
    assert [name for name, _ in back.seen if name == "reset"] == []
    for client in (one, other):
        kept = client.turn(conversation)
        assert (kept["state"], kept["blocks"]) == (
            "finished",
            ["<p>first second</p>"],
        )


@pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")
def test_a_balancer_without_sticky_sessions(start: Start, tmp_path: Path) -> None:
    guide = (CATALOGUE / "Replicas.md").read_text()
    documented = guide.partition("```nginx\n")[2].partition("```")[0]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        public = ("--public-url", f"http://127.0.0.1:{port}/", "--log-requests")
        variables = {"AMARU_SERVE_TOKEN": TOKEN}
        ports = [_free_port(), _free_port()]
        two = [start(*public, port=port, **variables) for port in ports]
        upstream, _, location = documented.partition("location")
        for number, replica in enumerate(two):
            upstream = re.sub(
                rf"server 10\.0\.0\.{number + 1}:\d+",
                f"server 127.0.0.1:{replica.port}",
                upstream,
            )
        front = Nginx(listener, tmp_path, f"location{location}", upstream=upstream)
        try:
            _converse_behind(front, two, tmp_path)
        finally:
            front.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _converse_behind(front: Nginx, two: list[Serving], folder: Path) -> None:
    place = ("127.0.0.1", front.port)
    with closing(http.client.HTTPConnection(*place, timeout=60)) as connection:
        fields = {"Content-Type": "application/json"}
        body = json.dumps({"token": TOKEN})
        connection.request("POST", "/api/login", body, fields)
        response = connection.getresponse()
        cookie = str(response.headers["Set-Cookie"]).partition(";")[0]
        response.read()
    page = Client(*place, Cookie=cookie)
    go = folder / "go"
    conversation, turn = page.begin(f"wait {go}")
    # Each of these goes to the next one.
    streams = [page.follow(turn) for _ in range(4)]
    for stream in streams:
        stream.until("block", text="first")
    for server in two:
        assert "GET /api/turns/" in server.errors
    # One that has not answered goes: those who follow there come to the other one.
    _, ours = page.begin("say mine")
    assert page.follow(ours).until("done")["state"] == "finished"
    answering = [server.runs("wait") for server in two].index(1)
    two[1 - answering].close()
    streams = [page.follow(turn, stream.last) for stream in streams]
    go.touch()
    for stream in streams:
        assert stream.until("done")["state"] == "finished"
    assert page.turn(conversation)["blocks"] == ["<p>first second</p>"]


def test_stop_reaches_the_replica_that_answers(
    two: tuple[Serving, Serving], tmp_path: Path
) -> None:
    one, other = map(Client.of, two)
    ended = tmp_path / "ended"
    conversation, turn = one.begin(f"forever {ended}")
    near, far = one.follow(turn), other.follow(turn)
    far.until("block")
    assert other.send("POST", f"api/turns/{turn}/stop")[0] == 204
    for stream in (near, far):
        assert stream.until("done")["state"] == "stopped"
    eventually(ended.exists)
    eventually(lambda: other.turn(conversation)["state"] == "stopped")


def test_stop_reaches_a_turn_that_was_given_up(
    two: tuple[Serving, Serving], database: Postgres, tmp_path: Path
) -> None:
    one, other = map(Client.of, two)
    ended = tmp_path / "ended"
    _, turn = one.begin(f"forever {ended}")
    one.follow(turn).until("block")
    # As the others do when its replica was cut off for a while.
    database.query(f"UPDATE amaru.turn SET state = 'interrupted' WHERE id = {turn}")
    assert other.send("POST", f"api/turns/{turn}/stop")[0] == 204
    eventually(ended.exists)


def test_a_replica_that_is_gone_leaves_a_marked_turn(
    start: Start, tmp_path: Path
) -> None:
    gone, left = start(), start()
    one, other = Client.of(gone), Client.of(left)
    conversation, turn = one.begin(f"wait {tmp_path / 'never'}")
    stream = other.follow(turn)
    stream.until("block", text="first")
    os.kill(gone.pid, signal.SIGKILL)
    assert stream.until("done")["state"] == "interrupted"
    kept = other.turn(conversation)
    assert (kept["state"], kept["blocks"]) == ("interrupted", ["<p>first</p>"])
    # It goes on from there.
    answer = other.say(conversation, "say more", request="2")[1]["turn"]
    assert other.follow(answer).until("done")["state"] == "finished"


def test_a_request_that_comes_to_both_makes_one_turn(
    two: tuple[Serving, Serving],
) -> None:
    clients = [Client.of(server) for server in two] * 8
    conversation = clients[0].converse()
    with ThreadPoolExecutor(len(clients)) as pool:
        found = list(pool.map(lambda one: one.say(conversation, "say x"), clients))
    assert len({answer["turn"] for _, answer in found}) == 1, found
    assert sorted(status for status, _ in found) == [200] * 15 + [202]
    clients[1].follow(found[0][1]["turn"]).until("done")
    assert sum(server.runs("say") for server in two) == 1
    # Of two messages at once one goes on from the head.
    both = [(clients[0], "2"), (clients[1], "3")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda it: it[0].say(conversation, "silent x", it[1])[0], both)
        )
    assert sorted(answers) == [202, 409]


def test_conversations_are_those_of_all_replicas(
    two: tuple[Serving, Serving], tmp_path: Path
) -> None:
    one, other = map(Client.of, two)
    conversation = one.converse()
    _, turn = other.begin("say hello", conversation)
    assert one.follow(turn).until("done")["state"] == "finished"
    path = f"api/conversations/{conversation}"
    assert one.send("PATCH", path, {"title": "50% of it"})[0] == 204
    named = other.get("api/conversations")["conversations"][0]
    assert (named["id"], named["title"]) == (conversation, "50% of it")
    found = other.get("api/conversations?search=HELL")["conversations"]
    assert conversation in [each["id"] for each in found]
    assert not other.get("api/conversations?search=h_llo")["conversations"]
    # Branches and the one that is shown.
    body = {"message": "say hi", "request": "2", "parent": None}
    status, _ = one.send("POST", f"{path}/turns", body)
    assert status == 202
    eventually(lambda: other.turn(conversation)["question"] == "say hi")
    assert other.send("PATCH", path, {"head": turn})[0] == 204
    assert one.turn(conversation)["question"] == "say hello"
    # What is removed on one is stopped on the other.
    ended = tmp_path / "ended"
    _, answer = other.say(conversation, f"forever {ended}", request="3")
    one.follow(answer["turn"]).until("block")
    assert one.send("DELETE", path)[0] == 204
    eventually(ended.exists)
    assert other.send("GET", path)[0] == 404
    # One in which nothing was said is in no list.
    empty = one.converse()
    listed = other.get("api/conversations")["conversations"]
    assert empty not in [each["id"] for each in listed]


def test_what_is_removed_while_nobody_listens_is_forgotten(
    two: tuple[Serving, Serving], database: Postgres, tmp_path: Path
) -> None:
    one = Client.of(two[0])
    ended = tmp_path / "ended"
    conversation, turn = one.begin(f"forever {ended}")
    one.follow(turn).until("block")
    database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'amaru'; "
        f"DELETE FROM amaru.conversation WHERE id = '{conversation}'"
    )
    eventually(ended.exists)
    eventually(lambda: one.send("GET", f"api/turns/{turn}/events")[0] == 404)


def test_a_database_that_is_gone_for_a_while(
    start: Start, database: Postgres, tmp_path: Path
) -> None:
    two = start(), start()
    one, other = map(Client.of, two)
    go = tmp_path / "go"
    conversation, turn = one.begin(f"wait {go}")
    near, far = one.follow(turn), other.follow(turn)
    far.until("block", text="first")
    database.stop()
    try:
        for client in (one, other):
            for method, path, body in (
                ("GET", "api/conversations", None),
                ("GET", f"api/conversations/{conversation}", None),
                ("POST", "api/conversations", {}),
            ):
                status, answer = client.send(method, path, body)
                assert status == 503, answer
                assert answer["error"]["code"] == "store"
            eventually(lambda: client.get("health")["store"] == 0)  # noqa: B023
        assert one.say(conversation, "say x", request="2")[0] == 503
        # The answer goes on, and those who follow it here see it.
        go.touch()
        assert near.until("done")["state"] == "finished"
    finally:
        database.start()
    assert far.until("done")["state"] == "finished"
    assert "first second" in str(far.seen)
    for server, client in zip(two, (one, other), strict=True):
        eventually(lambda: client.get("health")["store"] == 1)  # noqa: B023
        kept = client.turn(conversation)
        assert (kept["state"], kept["blocks"]) == ("finished", ["<p>first second</p>"])
        eventually(lambda: "is back" in server.errors)  # noqa: B023
        lines = [line for line in server.errors.splitlines() if "postgresql" in line]
        assert len(lines) == 2, lines
        assert "cannot be reached" in lines[0]
    _, again = other.begin("say again")
    assert one.follow(again).until("done")["state"] == "finished"


def test_a_replica_that_is_asked_nothing_says_once_that_the_database_is_gone(
    start: Start, database: Postgres
) -> None:
    server = start()
    client = Client.of(server)
    client.converse()
    database.stop()
    try:
        # No request but this, which does not touch the database.
        eventually(lambda: client.get("health")["store"] == 0)
    finally:
        database.start()
    eventually(lambda: client.get("health")["store"] == 1)
    eventually(lambda: "is back" in server.errors)
    lines = [line for line in server.errors.splitlines() if "postgresql" in line]
    assert len(lines) == 2, lines


def test_a_password_is_for_the_server_alone(database: Postgres) -> None:
    secret = "s3cret-word"
    database.query(f"CREATE ROLE guarded LOGIN PASSWORD '{secret}'")
    database.query("CREATE DATABASE guarded OWNER guarded")
    url = database.url.replace("amaru@/postgres", "guarded@/guarded")
    server = Serving("--store", url, "--workers", "2", PGPASSWORD=secret)
    try:
        client = Client.of(server)
        conversation, turn = client.begin("variable PGPASSWORD")
        assert client.follow(turn).until("done")["state"] == "finished"
        assert client.turn(conversation)["blocks"] == ["<p>none</p>"]
        environment = Path(f"/proc/{server.pid}/environ")
        if environment.exists():
            assert secret.encode() not in environment.read_bytes()
        assert secret not in server.errors
    finally:
        server.close()


def test_refusals_say_no_password(database: Postgres, tmp_path: Path) -> None:
    secret = "s3cret-word"
    place = f"?host={database.folder}"
    cases = {
        f"postgresql://amaru:{secret}@/nowhere{place}": "nowhere",
        f"postgresql://amaru@/nowhere{place}&password={secret}": "nowhere",
        f"postgresql://amaru:{secret}@127.0.0.1:1/x": "cannot be reached",
        f"postgresql://amaru:{secret}/x@127.0.0.1/x": "this is not a URL",
        f"postgresql://amaru:{secret}@127.0.0.1:x@y/x": "this is not a URL",
        f"mysql://amaru:{secret}@127.0.0.1/x": "this is not a URL",
    }
    for url, said in cases.items():
        error = _refusal(tmp_path, "--store", url)
        assert said in error, (url, error)
        assert secret not in error
    both = _refusal(tmp_path, "--no-store", "--store", database.url)
    assert "exclude each other" in both


def _refusal(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(
        [COMMAND, "serve", SCRIPT, "--port", "0", *arguments],
        capture_output=True,
        text=True,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        timeout=60,
        check=False,
    )
    assert ended.returncode
    return ended.stderr + ended.stdout
