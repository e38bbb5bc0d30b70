# SPDX-License-Identifier: Apache-2.0
"""Conversations that move from a server's file to a PostgreSQL database."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serve_api import postgres
from serve_api.page_client import Client, closing_streams
from serve_api.postgres import Postgres
from serving import COMMAND, ROOT, Serving, obstacle

WHY = obstacle() or postgres.obstacle()
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(WHY), reason=WHY),
]

GUIDE = ROOT / "Sources" / "AmaruServe" / "AmaruServe.docc" / "Replicas.md"
USERS = {"ann": "the-token-of-ann-77", "bob": "the-token-of-bob-77"}
ANSWERED = ("question", "state", "blocks", "reasoning", "answers", "questions", "model")


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """One for the whole file."""
    yield from postgres.database()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the tokens of two users."""
    tokens = tmp_path / "token"
    tokens.write_text("".join(f"{name}:{token}\n" for name, token in USERS.items()))
    tokens.chmod(0o600)
    return tmp_path


def log_in(server: Serving, name: str) -> Client:
    connection, response = Client.of(server)._open(
        "POST", "api/login", {"token": USERS[name]}
    )
    cookie = str(response.headers["Set-Cookie"]).partition(";")[0]
    connection.close()
    return Client.of(server, Cookie=cookie)


def tell(page: Client, conversation: str, text: str, number: int, **more: Any) -> int:
    """Send a message, and wait for its answer."""
    path = f"api/conversations/{conversation}/turns"
    sent = {"message": text, "request": str(number), **more}
    status, answer = page.send("POST", path, sent)
    assert status == 202, answer
    with closing_streams():
        page.follow(answer["turn"]).until("done")
    return int(answer["turn"])


def shown(page: Client, conversation: str) -> Any:
    """What the page shows of a conversation."""
    whole = page.get(f"api/conversations/{conversation}")
    turns = [{key: turn[key] for key in ANSWERED} for turn in whole["turns"]]
    return whole["title"], whole["model"], turns


def test_all_of_it_moves_with_the_documented_command(
    database: Postgres, home: Path
) -> None:
    tokens = ("--token-file", str(home / "token"))
    server = Serving(*tokens, HOME=str(home))
    ann, bob = (log_in(server, name) for name in USERS)
    branched, other = ann.converse(), bob.converse()
    first = tell(ann, branched, "say one", 1)
    tell(ann, branched, "think two", 2)
    last = tell(ann, branched, "say three", 3, parent=first)
    tell(bob, other, "partial", 1)
    moved = {page: shown(page, name) for page, name in ((ann, branched), (bob, other))}
    assert [turn["questions"] for turn in moved[ann][2]][-1][-1] == last
    assert server.close() == 0

    found = re.search(r"^amaru history export (?:.*\\\n)*.*", GUIDE.read_text(), re.M)
    assert found is not None
    line = found[0].replace("postgresql://amaru@db.internal/amaru", '"$URL"')
    assert line != found[0]
    variables = {
        "PATH": f"{COMMAND.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "URL": database.url,
    }
    for words in ("2 added", "0 added, 2 were there already"):
        moving = subprocess.run(
            ["sh", "-c", line],
            env=variables,
            check=True,
            capture_output=True,
            text=True,
        )
        assert moving.stderr.strip().endswith(words)

    server = Serving(*tokens, "--store", database.url)
    try:
        pages = [log_in(server, name) for name in USERS]
        for page, former, name in zip(
            pages, (ann, bob), (branched, other), strict=True
        ):
            assert shown(page, name) == moved[former]
            listed = page.get("api/conversations")["conversations"]
            assert [one["id"] for one in listed] == [name]
        # The other branch is there too, and they go on from each.
        questions = moved[ann][2][-1]["questions"]
        path = f"api/conversations/{branched}"
        assert pages[0].send("PATCH", path, {"head": questions[0]})[0] == 204
        assert shown(pages[0], branched)[2][-1]["reasoning"] == "hm"
        tell(pages[0], branched, "say four", 4)
        assert [turn["question"] for turn in shown(pages[0], branched)[2]] == [
            "say one",
            "think two",
            "say four",
        ]
    finally:
        server.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://db/amaru", "this is not a URL such as"),
        ("postgresql:///none?host=/nowhere&password=s3cret", "postgresql:///none"),
    ],
)
def test_an_invalid_store_is_named_without_its_password(
    home: Path, url: str, words: str
) -> None:
    (home / "empty").touch()
    outcome = subprocess.run(
        [COMMAND, "history", "import", "--store", url, home / "empty"],
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode != 0
    assert words in outcome.stderr
    assert "s3cret" not in outcome.stderr
