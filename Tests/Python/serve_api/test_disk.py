# SPDX-License-Identifier: Apache-2.0
"""A disk that is full while a server answers, and when one starts."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from serve_api.page_client import Client, closing_streams
from serving import Serving, eventually, obstacle

# What a process of its own may mount, as root.
_APART = ("unshare", "--mount", "--propagation", "private", "sh", "-c")
_MOUNTS = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
WHY = obstacle()
if (
    not WHY
    and subprocess.run(
        [*_APART, 'mount -t tmpfs none "$0"', Path(__file__).parent],
        capture_output=True,
        check=False,
    ).returncode
):
    WHY = "no disk can be mounted here"
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(WHY), reason=WHY),
]

# It lives on the disk itself, and so can fill it.
SCRIPT = """
import asyncio, os
from pathlib import Path
import amaru

home = Path(os.environ["XDG_DATA_HOME"])
filler = home / "filler"

def fill():
    with open(filler, "ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass

@amaru.reply
async def reply(message):
    word, _, rest = message.partition(" ")
    if word == "fill":
        yield "before "
        fill()
        yield "x" * 100_000
    elif word == "free":
        filler.unlink()
        yield "freed"
    else:
        yield rest
"""


@pytest.fixture(autouse=True)
def _closing() -> Iterator[None]:
    with closing_streams():
        yield


def serve(tmp_path: Path) -> Serving:
    disk = tmp_path / "disk"
    disk.mkdir(exist_ok=True)
    script = tmp_path / "chat.py"
    script.write_text(SCRIPT)
    before = (*_APART, _MOUNTS, str(disk))
    return Serving(script=script, before=before, XDG_DATA_HOME=str(disk))


def ask(client: Client, message: str, conversation: str | None = None) -> str:
    """Send a message, and wait for the end of its answer."""
    conversation, turn = client.begin(message, conversation)
    assert client.follow(turn).until("done")["state"] == "finished"
    return conversation


def titles(client: Client) -> list[str]:
    return [one["title"] for one in client.get("api/conversations")["conversations"]]


def test_a_disk_that_is_full_is_said_and_answers_go_on(tmp_path: Path) -> None:
    server = serve(tmp_path)
    try:
        client = Client.of(server)
        first = ask(client, "say one")
        assert client.get("health")["store"] == 1
        full = ask(client, "fill")
        eventually(lambda: client.get("health")["store"] == 0)
        other = ask(client, "say three")
        # All are listed and read, those that are written and those that are not.
        assert titles(client) == ["say three", "fill", "say one"]
        assert client.turn(first)["blocks"] == ["<p>one</p>"]
        assert client.turn(other)["blocks"] == ["<p>three</p>"]
        warning = client.get("api/state")["warning"]
        assert warning["remedy"] == "free some space"
        assert str(tmp_path) not in str(warning)
        assert server.errors.count("cannot grow") == 1
        answer = client.send("DELETE", f"api/conversations/{first}")
        assert answer[0] == 503
        # What could not be written is written as soon as there is space.
        ask(client, "free")
        eventually(lambda: client.get("health")["store"] == 1)
        assert client.get("api/state")["warning"] is None
        assert titles(client) == ["free", "say three", "fill", "say one"]
        (turn,) = client.get(f"api/conversations/{full}")["turns"]
        assert turn["state"] == "finished"
        assert "can be written again" in server.errors
    finally:
        assert server.close() == 0


def test_what_is_kept_is_read_on_a_full_disk(tmp_path: Path) -> None:
    server = Serving(XDG_DATA_HOME=str(tmp_path / "data"))
    client = Client.of(server)
    kept = ask(client, "say one")
    eventually(lambda: client.turn(kept)["state"] == "finished")
    # One that is cut off, and cannot be marked.
    cut, turn = client.begin("wait never")
    client.follow(turn).until("block", text="first")
    eventually(lambda: (tmp_path / "data/amaru/conversations.db-wal").stat().st_size)
    server.kill()
    server.close()
    server = serve_full(tmp_path)
    try:
        client = Client.of(server)
        assert titles(client) == ["wait never", "say one"]
        assert client.turn(kept)["blocks"] == ["<p>one</p>"]
        stream = client.follow(turn)
        assert stream.until("done")["state"] == "interrupted"
        assert client.turn(cut)["question"] == "wait never"
        assert "cannot grow" in server.errors
        assert client.get("health")["store"] == 0
    finally:
        server.close()


def test_what_a_server_has_kept_that_has_ended_is_read_too(tmp_path: Path) -> None:
    server = Serving(XDG_DATA_HOME=str(tmp_path / "data"))
    kept = ask(Client.of(server), "say one")
    assert server.close() == 0
    # There is no room for what processes that read would share. A server that a busy
    # machine has kept from closing its store leaves that behind.
    store = tmp_path / "data/amaru/conversations.db"
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint")
    assert not store.with_name("conversations.db-shm").exists()
    server = serve_full(tmp_path)
    try:
        client = Client.of(server)
        assert titles(client) == ["say one"]
        assert client.turn(kept)["blocks"] == ["<p>one</p>"]
        assert client.get("api/state")["warning"]["remedy"] == "free some space"
    finally:
        server.close()


def serve_full(tmp_path: Path) -> Serving:
    """Start a server on a disk that what was kept has filled."""
    disk = tmp_path / "disk"
    disk.mkdir(exist_ok=True)
    fills = (
        'mount -t tmpfs -o size=1m none "$0" && cp -a "$1"/. "$0" && shift && '
        '{ dd if=/dev/zero of="$0/filler" bs=512 2>"$0/../dd" || true; } && exec "$@"'
    )
    before = (*_APART, fills, str(disk), str(tmp_path / "data"))
    return Serving(before=before, XDG_DATA_HOME=str(disk))
