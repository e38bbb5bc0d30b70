# SPDX-License-Identifier: Apache-2.0
"""The local model server, as a real child process with a real model where there is one.

The model's file is named by AMARU_TEST_GGUF; without it, or without xllamacpp, the
tests that need them are skipped.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from recording_chat import ChatSettings, RecordingChat, eventually

from amaru.chat import Conversation

PYTHON = Path(__file__).parents[2] / "Python"
GGUF = os.environ.get("AMARU_TEST_GGUF", "")

needs_model = pytest.mark.skipif(
    not GGUF or importlib.util.find_spec("xllamacpp") is None,
    reason="needs xllamacpp, and AMARU_TEST_GGUF to name a model file",
)
needs_library = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="needs xllamacpp"
)
Child = subprocess.Popen[str]


def start(gguf: str, key: str = "sekrit") -> Child:
    return subprocess.Popen(
        [sys.executable, "-B", "-m", "amaru.local.server", "--gguf", gguf],
        cwd=PYTHON,
        env={"PATH": os.environ["PATH"], "AMARU_LOCAL_KEY": key},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_line(child: Child) -> Any:
    assert child.stdout is not None
    return json.loads(child.stdout.readline())


def end(child: Child) -> str:
    """Close the lifeline, wait, and return what was said on standard error."""
    _, errors = child.communicate(timeout=30)
    return errors


@pytest.fixture
def server() -> Iterator[tuple[Child, str]]:
    child = start(GGUF)
    yield child, first_line(child)["url"]
    if child.poll() is None:
        end(child)


def post(url: str, key: str, **body: object) -> Any:
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=50) as response:
        return json.load(response)


QUESTION = [{"role": "user", "content": "What is the capital of Peru?"}]


@needs_model
def test_it_answers_and_ends_with_its_input(server: tuple[Child, str]) -> None:
    child, url = server
    assert url.startswith("http://127.0.0.1:")
    answer = post(url, "sekrit", messages=QUESTION, max_tokens=20, seed=7)
    assert "Lima" in answer["choices"][0]["message"]["content"]
    assert end(child) == ""
    assert child.returncode == 0


@needs_model
def test_it_wants_the_key_and_shows_no_page(server: tuple[Child, str]) -> None:
    _, url = server
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(url, "guess", messages=QUESTION)
    with caught.value as refusal:
        assert refusal.code == 401
        assert refusal.headers["Access-Control-Allow-Origin"] in (None, "")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, timeout=20)
    caught.value.close()


@needs_model
def test_an_interrupt_is_not_for_it(server: tuple[Child, str]) -> None:
    child, url = server
    child.send_signal(signal.SIGINT)
    assert post(url, "sekrit", messages=QUESTION, max_tokens=1)
    assert child.poll() is None


@needs_model
def test_it_ends_while_it_generates(server: tuple[Child, str]) -> None:
    child, url = server
    body = {"messages": QUESTION, "max_tokens": 2000, "stream": True}
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": "Bearer sekrit", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=50) as response:
        assert response.readline().startswith(b"data:")
        end(child)
    assert child.returncode == 0


@needs_model
def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    # The lifeline stays open here, so only the parent's death can be noticed.
    parent = (
        "import subprocess, sys;"
        "c = subprocess.Popen(sys.argv[1:]); print(c.pid, flush=True); c.wait()"
    )
    command = [sys.executable, "-B", "-m", "amaru.local.server", "--gguf", GGUF]
    process = subprocess.Popen(
        [sys.executable, "-c", parent, *command],
        cwd=PYTHON,
        env={"PATH": os.environ["PATH"], "AMARU_LOCAL_KEY": "sekrit"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        int(process.stdout.readline())
        assert first_line(process)["url"]
        process.kill()
        # The server holds the other end until it ends.
        assert process.stdout.read() == ""


@needs_model
async def test_a_conversation_with_a_real_model(
    server: tuple[Child, str], core: Any, screen: RecordingChat
) -> None:
    settings: Any = ChatSettings("any", f"{server[1]}/v1", api_key="sekrit", local=True)
    chat = Conversation(settings)
    await chat.send(screen.turn(1), "What is the capital of Peru?")
    assert "Lima" in screen.shown(1)
    assert len(screen.of("text")) > 3
    assert screen.of("finished") == [(1, "stop")]
    ((_, prompt_tokens, completion_tokens),) = screen.of("usage")
    assert prompt_tokens > 10 and completion_tokens > 3
    task = asyncio.create_task(chat.send(screen.turn(2), "Count to one thousand."))
    await eventually(lambda: screen.shown(2))
    task.cancel()
    await asyncio.wait([task])
    await chat.send(screen.turn(3), "Name a colour.")
    assert screen.of("finished") == [(1, "stop"), (3, "stop")]


@needs_model
async def test_a_prompt_that_is_too_long_is_refused_clearly(
    server: tuple[Child, str], core: Any, screen: RecordingChat
) -> None:
    settings: Any = ChatSettings("any", f"{server[1]}/v1", api_key="sekrit", local=True)
    chat = Conversation(settings)
    await chat.send(screen.turn(1), "word " * 5000)
    assert screen.failure[0] == "bad_request"
    assert "too long" in screen.failure[2]


@needs_model
def test_it_ends_during_the_load() -> None:
    child = start(GGUF)
    assert child.stdin is not None and child.stdout is not None
    maps = Path(f"/proc/{child.pid}/maps")
    while GGUF not in maps.read_text():
        assert child.poll() is None
    child.stdin.close()
    assert child.stdout.read() == ""
    # By the kernel: the load holds the interpreter lock.
    assert child.wait(30) == -signal.SIGIO
    child.stdin = None
    child.communicate()


@needs_library
@pytest.mark.parametrize("content", [b"", b"not a model"])
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    child = start(str(path))
    assert "not a model that can be loaded" in first_line(child)["error"]
    end(child)
    assert child.returncode == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    child = start(str(tmp_path / "none.gguf"))
    assert "there is no model file" in first_line(child)["error"]
    end(child)
    assert child.returncode == 1


def test_without_a_key_nothing_is_served(tmp_path: Path) -> None:
    child = start(str(tmp_path), key="")
    assert "AMARU_LOCAL_KEY" in first_line(child)["error"]
    end(child)
    assert child.returncode == 1
