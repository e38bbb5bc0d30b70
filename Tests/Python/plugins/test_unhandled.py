# SPDX-License-Identifier: Apache-2.0
"""What Python itself would print of plugins is a line that names them."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from plugin_folder import TURN, Folder, hook

from amaru.plugins import unhandled

THREAD = "import threading\nt = threading.Thread(target={})\nt.start(); t.join()"
STRAYS = [
    (THREAD.format("fail"), "ValueError: \ufffd[2Jwhy"),
    (THREAD.format("leave"), None),
    (THREAD.format("lambda: list(map(fail, [1]))"), "TypeError: fail() takes 0 "),
    ("Held()", "ZeroDivisionError: "),
    ("Leaving()", "SystemExit: 3; a plugin cannot end the program"),
    ("held = Held(); held.me = held; del held\nimport gc; gc.collect()", "ZeroDivis"),
    ("import weakref\nh = Quiet(); r = weakref.ref(h, fail); del h", "TypeError: fail"),
]
HEAD = """
import sys
from amaru.plugins import hookimpl
def fail(): raise ValueError("\\x1b[2Jwhy")
def leave(): sys.exit(3)
class Held:
    def __del__(self): 1 / 0
class Leaving:
    def __del__(self): sys.exit(3)
class Quiet: pass
"""


@pytest.mark.parametrize(("code", "what"), STRAYS)
@pytest.mark.parametrize("is_at_import", [True, False])
async def test_what_nobody_handles_in_a_thread_or_finalizer_is_the_plugins(
    folder: Folder,
    capsys: pytest.CaptureFixture[str],
    code: str,
    what: str | None,
    is_at_import: bool,
) -> None:
    path = folder.write("bad", code if is_at_import else hook(code), head=HEAD)
    plugins = await folder.load()
    assert await plugins.filter("message", "hi", TURN) == "hi"
    gc.collect()
    await asyncio.sleep(0)
    assert capsys.readouterr().err == ""
    if what is None:
        assert folder.notices == []
        return
    (notice,) = folder.notices
    assert notice.startswith(f"plugin bad disabled for this session: {path}:")
    assert what in notice
    assert notice.isprintable()
    assert plugins.names == []


async def test_of_others_one_line_is_shown_without_controls(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write("good", "")
    await folder.load()
    await folder.load()

    def fail() -> None:
        raise ValueError("\x1b[2Jwhy\nwhy")

    thread = threading.Thread(target=fail)
    thread.start()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)
    assert folder.notices == ["a thread raised ValueError: \ufffd[2Jwhy why"]
    assert capsys.readouterr().err == ""


async def test_after_the_loop_it_is_told_at_once(folder: Folder) -> None:
    path = folder.write("bad", "class Held:\n    def __del__(self): 1 / 0\n")
    plugins = await folder.load()
    module = sys.modules["amaru_plugins.bad"]

    # As at the end of the program, where the loop runs no more.
    loop = asyncio.get_running_loop()
    running, loop.is_running = loop.is_running, lambda: False  # type: ignore[method-assign]
    try:
        module.Held()
    finally:
        loop.is_running = running  # type: ignore[method-assign]
    assert folder.notices == [
        f"plugin bad disabled for this session: {path}:4: "
        "ZeroDivisionError: division by zero"
    ]
    assert plugins.names == []


async def test_a_flood_and_what_cannot_be_read_go_where_they_went(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    left: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", left.append)
    unhandled.follow(lambda exc: False, told.append)
    raised: Any = SimpleNamespace(exc_value=ValueError("why"))
    for _ in range(101):
        threading.excepthook(raised)
    await asyncio.sleep(0)
    assert told == ["a thread raised ValueError: why"] * 100
    assert left == [raised]
    unreadable: Any = SimpleNamespace(exc_value=None, exc_type=lambda: 1 / 0)
    threading.excepthook(unreadable)
    threading.excepthook(raised)
    await asyncio.sleep(0)
    assert left == [raised, unreadable]
    assert len(told) == 101
