# SPDX-License-Identifier: Apache-2.0
"""A session runs lines, shows what they come to, and asks the model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from types import ModuleType

import pytest
from recording_chat import RecordingChat, eventually
from scripted_server import Peer
from test_conversation import Serve

from amaru import _repl, chat


@pytest.fixture
async def session(
    monkeypatch: pytest.MonkeyPatch, screen: RecordingChat
) -> AsyncIterator[ModuleType]:
    main = ModuleType("__main__")
    kind = type(chat)
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setenv("PAGER", "less")
    monkeypatch.setattr(_repl._Chat, "_conversation", None)
    assert _repl.begin(True).startswith("Python ")
    yield main
    chat.__class__ = kind


async def test_values_are_shown_and_kept(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await _repl.push("x = 1") == ("done", 0)
    assert await _repl.push("x + 1") == ("done", 0)
    assert await _repl.push("_ * 10") == ("done", 0)
    assert capsys.readouterr().out == "2\n20\n"
    assert vars(session)["x"] == 1


async def test_a_statement_may_need_more_lines(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await _repl.push("if True:") == ("more", 0)
    _repl.drop()
    assert await _repl.push("3") == ("done", 0)
    assert capsys.readouterr().out == "3\n"


@pytest.mark.parametrize(
    ("line", "code", "shown"),
    [
        ("exit()", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('bye')", 1, "bye\n"),
        ("raise SystemExit(-1)", 255, ""),
    ],
)
async def test_a_line_may_end_the_session(
    session: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    code: int,
    shown: str,
) -> None:
    vars(session)["exit"] = sys.exit
    assert await _repl.push(line) == ("exit", code)
    assert capsys.readouterr().err == shown


async def test_what_cannot_be_shown_is_a_fault_of_the_line(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    await _repl.push("class A:\n    def __repr__(self): return 1 / 0\n\n")
    assert await _repl.push("A()") == ("done", 0)
    errors = capsys.readouterr().err
    assert "ZeroDivisionError" in errors
    assert "_repl.py" not in errors


async def test_a_hook_reports_instead(
    session: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hook = lambda kind, exc, trace: sys.stderr.write(f"<{exc}>\n")  # noqa: E731
    monkeypatch.setattr(sys, "excepthook", hook)
    await _repl.push("raise ValueError('x')")
    assert capsys.readouterr().err == "<x>\n"


async def test_an_interrupt_stops_what_runs(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    line = asyncio.ensure_future(_repl.push("await __import__('asyncio').sleep(600)"))
    await eventually(lambda: _repl._Session.console._tasks)
    await asyncio.sleep(0)
    await _repl.interrupt()
    assert await line == ("done", 0)
    assert capsys.readouterr().err == "KeyboardInterrupt\n"
    await _repl.interrupt()


async def test_words_are_completed(session: ModuleType) -> None:
    await _repl.push("some_name = 1")
    assert _repl.complete("print(some_n") == (["some_name"], 6)
    await _repl.push("class A:\n    def __dir__(self): 1 / 0\n\n")
    await _repl.push("a = A()")
    assert _repl.complete("a.x") == ([], 3)


def answering(peer: Peer) -> None:
    peer.start_stream()
    peer.delta("Hel\x1b[2Jlo", "stop")
    peer.event("[DONE]")
    peer.end()


async def test_the_model_is_asked(
    session: ModuleType,
    core: ModuleType,
    screen: RecordingChat,
    capsys: pytest.CaptureFixture[str],
    serve: Serve,
) -> None:
    server = serve(answering, lambda peer: peer.reply("400 Bad", "{}"))
    screen.given = {"model": "m", "base_url": server.origin + "/v1"}
    await _repl.push("x = await amaru.chat('hi')")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("Hel[2Jlo\n", "")
    assert vars(session)["x"] == "Hel\x1b[2Jlo"
    await _repl.push("await amaru.chat('again')")
    assert "RuntimeError: " in capsys.readouterr().err
    assert "Hel" in str(server.received[-1].json())
