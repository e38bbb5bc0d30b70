# SPDX-License-Identifier: Apache-2.0
"""A session runs lines, shows what they come to, and asks the model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from types import ModuleType

import pytest
from recording_chat import RecordingChat, eventually
from scripted_server import Peer, Serve

from amaru import _repl
from amaru.chat.asking import Session


@pytest.fixture
async def session(
    monkeypatch: pytest.MonkeyPatch, screen: RecordingChat
) -> AsyncIterator[ModuleType]:
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setenv("PAGER", "less")
    monkeypatch.setattr(Session, "current", None)
    assert _repl.begin(True).startswith("Python ")
    yield main


async def run(text: str) -> bool:
    return _repl.show(await _repl.push(text))


async def test_values_are_shown_and_kept(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("x = 1")
    assert await run("x + 1")
    assert await run("_ * 10")
    assert capsys.readouterr().out == "2\n20\n"
    assert vars(session)["x"] == 1


async def test_a_statement_may_need_more_lines(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not await run("if True:")
    _repl.drop()
    assert await run("3")
    assert capsys.readouterr().out == "3\n"


async def test_a_line_may_end_the_session(session: ModuleType) -> None:
    with pytest.raises(SystemExit, match="bye"):
        await run("raise SystemExit('bye')")


@pytest.mark.parametrize(
    ("hook", "line"), [("excepthook", "1 / 0"), ("displayhook", "1")]
)
async def test_a_hook_may_end_the_session(
    session: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    line: str,
) -> None:
    monkeypatch.setattr(sys, hook, lambda *given: sys.exit(3))
    with pytest.raises(SystemExit, match="3"):
        await run(line)
    assert capsys.readouterr() == ("", "")


async def test_what_cannot_be_shown_is_a_fault_of_the_line(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    await run("class A:\n    def __repr__(self): return 1 / 0\n\n")
    assert await run("A()")
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
    await run("raise ValueError('x')")
    assert capsys.readouterr().err == "<x>\n"


async def test_a_hook_that_fails_is_reported_with_the_original(
    session: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hook(*given: object) -> None:
        raise KeyError("hook")

    monkeypatch.setattr(sys, "excepthook", hook)
    assert await run("1 / 0")
    errors = capsys.readouterr().err
    assert errors.startswith("Error in sys.excepthook:\n")
    assert "KeyError: 'hook'" in errors
    assert errors.endswith("ZeroDivisionError: division by zero\n")
    assert errors.count("Traceback") == 2
    assert "/_repl.py" not in errors and "/_script.py" not in errors


async def test_a_missing_module_comes_with_advice(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("import amaru_unknown")
    *_, fault, advice = capsys.readouterr().err.splitlines()
    assert fault == "ModuleNotFoundError: No module named 'amaru_unknown'"
    assert advice.startswith("amaru: ") and "--with amaru_unknown" in advice


async def test_an_interrupt_stops_what_runs(
    session: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    line = asyncio.ensure_future(run("await __import__('asyncio').sleep(600)"))
    await eventually(lambda: _repl._Session.console._tasks)
    await asyncio.sleep(0)
    await _repl.interrupt()
    assert await line
    assert capsys.readouterr().err == "KeyboardInterrupt\n"
    await _repl.interrupt()


async def test_words_are_completed(session: ModuleType) -> None:
    await run("some_name = 1")
    assert _repl.complete("print(some_n") == (["some_name"], 6)
    await run("class A:\n    def __dir__(self): 1 / 0\n\n")
    await run("a = A()")
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
    server = serve(answering, answering, lambda peer: peer.reply("400 Bad", "{}"))
    screen.given = {"model": "m", "base_url": server.origin + "/v1"}
    await run("x = await amaru.chat('hi')")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("Hel[2Jlo\n", "")
    assert vars(session)["x"] == "Hel\x1b[2Jlo"
    await run("await amaru.chat('hi')")
    assert capsys.readouterr().out == "Hel[2Jlo\n"
    await run("_ == x, x")
    assert capsys.readouterr().out == "(True, 'Hel\\x1b[2Jlo')\n"
    await run("await amaru.chat('again')")
    assert "ChatError: " in capsys.readouterr().err
    assert "Hel" in str(server.received[-1].json())
