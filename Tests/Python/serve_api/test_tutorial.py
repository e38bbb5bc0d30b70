# SPDX-License-Identifier: Apache-2.0
"""A folder that was made for Pyodide's page, served with the page of this program."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from scripted_server import Peer, Server
from serve_api.page_client import Client, closing_streams
from serving import ROOT, Serving, eventually, obstacle

# The tutorial's files are beside the repository where its authors work.
SEED = ROOT.parent / "shared" / "seed"
REQUIREMENTS = "openai<2.34\nhttpx\nurllib3\n"
FILES = ("main.py", "index.html", "python.js")
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(obstacle()), reason=obstacle()),
    pytest.mark.skipif(not SEED.exists(), reason="the tutorial is not here"),
]
# Where packages come from, and where those that were fetched are.
PLACES: Any = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("PIP_", "UV_"))
} | {
    "XDG_CACHE_HOME": os.environ.get(
        "XDG_CACHE_HOME", str(Path(os.environ.get("HOME", "/root")) / ".cache")
    )
}


@pytest.fixture(autouse=True)
def _closing() -> Iterator[None]:
    with closing_streams():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "page"
    made.mkdir()
    for name in FILES:
        shutil.copyfile(SEED / name, made / name)
    return made


def answer(text: str) -> Callable[[Peer], None]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-3.5-turbo",
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    kind = {"Content_Type": "application/json"}
    return lambda peer: peer.reply("200 OK", json.dumps(whole), **kind)


def test_the_tutorials_folder_converses_by_the_page_and_by_v1(
    folder: Path, serve: Callable[..., Server]
) -> None:
    (folder / "requirements.txt").write_text(REQUIREMENTS)
    upstream = serve(answer("Hello *there*"), answer("And again"))
    server = Serving(
        "--route",
        f"https://api.openai.com={upstream.origin}",
        script=folder,
        OPENAI_API_KEY="sk-tutorial",
        **PLACES,
    )
    try:
        client = Client.of(server)
        eventually(lambda: client.get("api/state")["ready"] or _failed(server), 500)
        conversation, turn = client.begin("hello you")
        assert client.follow(turn).until("done")["state"] == "finished"
        assert client.turn(conversation)["blocks"] == ["<p>Hello <em>there</em></p>"]
        with OpenAI(base_url=server.url, api_key="any", max_retries=0) as openai:
            (model,) = openai.models.list().data
            assert model.id == "page"
            reply = openai.chat.completions.create(
                model=model.id, messages=[{"role": "user", "content": "second"}]
            )
        assert reply.choices[0].message.content == "And again"
        sent = [one.json()["messages"][0]["content"] for one in upstream.received]
        assert sent == ["hello+you", "second"]
        keys = [one.headers["authorization"] for one in upstream.received]
        assert keys == ["Bearer sk-tutorial"] * 2
    finally:
        server.close()


def _failed(server: Serving) -> bool:
    if "Check the network" in server.errors or "Check the names" in server.errors:
        pytest.skip("the package registry cannot be reached")
    return False


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_packages_that_are_missing_are_named(
    folder: Path, workers: tuple[str, ...]
) -> None:
    server = Serving(*workers, script=folder)
    try:
        client = Client.of(server)
        eventually(lambda: client.get("api/state")["fault"])
        state = client.get("api/state")
        assert "No module named 'httpx'" in state["fault"]["message"]
        assert "add it with --with httpx" in state["fault"]["remedy"]
        assert state["script"] == "page"
        assert str(folder.parent) not in str(state)
    finally:
        server.close()


def test_places_in_a_script_are_told_without_folders(tmp_path: Path) -> None:
    script = tmp_path / "a folder, line 1" / "chat.py"
    script.parent.mkdir()
    script.write_text(
        "import amaru\n\n@amaru.reply\ndef reply(message):\n    raise OSError('no')\n"
    )
    server = Serving(script=script)
    try:
        client = Client.of(server)
        conversation, turn = client.begin("hello")
        stream = client.follow(turn)
        stream.until("done")
        for told in (stream.seen, client.turn(conversation), client.get("api/state")):
            assert str(tmp_path) not in str(told), told
        assert "at chat.py, line 5" in str(stream.seen)
        assert "at chat.py, line 5" in str(client.turn(conversation))
    finally:
        server.close()
