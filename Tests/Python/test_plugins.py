# SPDX-License-Identifier: Apache-2.0
"""Plugins change texts; a bad one is named, disabled, and nothing else stops."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from recording_chat import RecordingChat
from scripted_server import Server

from amaru.chat import Conversation
from amaru.host import Settings, Turn
from amaru.plugins import Plugins, list_plugins, template

HEAD = "from amaru.plugins import hookimpl\n\n"
FILTERS = ["message", "chunk", "answer"]


@pytest.fixture(autouse=True)
def clean_modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("amaru_plugins")]:
        del sys.modules[name]


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.notices: list[str] = []

    def write(self, name: str, code: str, head: str = HEAD) -> Path:
        path = self.path / f"{name}.py"
        path.write_text(head + dedent(code), "utf-8")
        return path

    def load(self) -> Plugins:
        return Plugins(str(self.path), self.notices.append)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def shout(hook: str) -> str:
    return f"@hookimpl\ndef amaru_{hook}(text, turn):\n    return text.upper()\n"


@pytest.mark.parametrize("hook", FILTERS)
def test_a_hook_changes_the_text(folder: Folder, hook: str) -> None:
    folder.write("loud", shout(hook))
    plugins = folder.load()
    assert getattr(plugins, hook)("hi", Turn(1)) == "HI"
    assert plugins.names == ["loud"]
    assert folder.notices == []


@pytest.mark.parametrize("hook", FILTERS)
@pytest.mark.parametrize(
    ("failing", "named"),
    [
        ("raise ValueError('why')", "ValueError: why"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("raise KeyboardInterrupt", "interrupted"),
        ("return 7", "must return str or None, not int"),
    ],
)
def test_a_hook_that_fails_is_named_and_disabled(
    folder: Folder, hook: str, failing: str, named: str
) -> None:
    path = folder.write(
        "bad", f"@hookimpl\ndef amaru_{hook}(text, turn):\n    {failing}\n"
    )
    folder.write("good", shout(hook))
    plugins = folder.load()
    assert getattr(plugins, hook)("hi", Turn(1)) == "HI"
    (notice,) = folder.notices
    assert notice.startswith("plugin bad disabled for this session")
    assert str(path) in notice
    assert named in notice
    if "return" not in failing:
        assert f"{path}:5:" in notice
    assert plugins.names == ["good"]
    assert getattr(plugins, hook)("again", Turn(1)) == "AGAIN"
    assert len(folder.notices) == 1


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("def broken(:\n", ":3: SyntaxError: "),
        ("1 / 0\n", ":3: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", ":4: SystemExit: 3"),
        ("import no_such_module_x\n", ":3: ModuleNotFoundError: "),
        (
            "@hookimpl\ndef amaru_mesage(text):\n    pass\n",
            "amaru_mesage is not a hook",
        ),
        ("@hookimpl\ndef amaru_message(txt):\n    pass\n", "PluginValidationError"),
        (
            "@hookimpl(wrapper=True)\ndef amaru_chunk(text):\n    return (yield)\n",
            "wrapper",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    folder: Folder, code: str, named: str
) -> None:
    path = folder.write("bad", code)
    folder.write("good", shout("message"))
    plugins = folder.load()
    (notice,) = folder.notices
    assert notice.startswith(f"plugin bad disabled: {path}:")
    assert named in notice
    assert plugins.names == ["good"]
    assert plugins.message("hi", Turn(1)) == "HI"
    assert "amaru_plugins.bad" not in sys.modules or "hook" in notice.lower()


def test_a_plugin_shadows_no_module(folder: Folder) -> None:
    folder.write("ssl", shout("message"))
    plugins = folder.load()
    assert plugins.message("hi", Turn(1)) == "HI"
    assert sys.modules["ssl"] is ssl
    assert "amaru_plugins.ssl" in sys.modules
    assert str(folder.path) not in sys.path


def test_a_plugin_may_use_dataclasses_and_a_name_with_a_dash(folder: Folder) -> None:
    folder.write(
        "my-plugin",
        """
        from dataclasses import dataclass

        @dataclass
        class A:
            x: "int" = 1

        @hookimpl
        def amaru_message(text):
            return text + str(A().x)
        """,
        head="from __future__ import annotations\n" + HEAD,
    )
    assert folder.load().message("hi", Turn(1)) == "hi1"


def test_plugins_are_asked_in_the_order_of_their_names(folder: Folder) -> None:
    for name, how in [
        ("c", "(trylast=True)"),
        ("b", ""),
        ("a", ""),
        ("d", "(tryfirst=True)"),
    ]:
        folder.write(
            name,
            f"@hookimpl{how}\ndef amaru_message(text):\n    return text + '{name}'\n",
        )
    assert folder.load().message("", Turn(1)) == "dabc"


def test_none_changes_nothing_and_private_files_are_no_plugins(folder: Folder) -> None:
    folder.write("quiet", "@hookimpl\ndef amaru_message(text):\n    pass\n")
    folder.write("_draft", "1 / 0\n")
    assert folder.load().message("hi", Turn(1)) == "hi"
    assert folder.notices == []


def test_no_folder_and_an_empty_folder_need_no_pluggy(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pluggy", None)
    for plugins in (Plugins("", folder.notices.append), folder.load()):
        assert plugins.message("hi", Turn(1)) == "hi"
        assert plugins.commands() == {}
    assert Plugins(str(folder.path / "none"), folder.notices.append).names == []
    assert folder.notices == []


def test_a_missing_pluggy_is_a_notice(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("loud", shout("message"))
    monkeypatch.setitem(sys.modules, "pluggy", None)
    monkeypatch.delitem(sys.modules, "amaru.plugins.hookspecs", raising=False)
    assert folder.load().message("hi", Turn(1)) == "hi"
    (notice,) = folder.notices
    assert "pluggy" in notice


COMMANDS = """
def roll(arguments):
    '''Roll a die.

    Or several.'''
    return f"rolled {arguments}"

async def later(arguments):
    return "later"

def fail(arguments):
    raise ValueError("six only")

@hookimpl
def amaru_commands():
    return {"roll": roll, "/later": later, "fail": fail}
"""


async def test_commands(folder: Folder) -> None:
    path = folder.write("dice", COMMANDS)
    plugins = folder.load()
    commands = plugins.commands()
    assert sorted(commands) == ["fail", "later", "roll"]
    assert commands["roll"].summary == "Roll a die."
    assert await plugins.run(commands["roll"], "2") == "rolled 2"
    assert await plugins.run(commands["later"], "") == "later"
    with pytest.raises(RuntimeError, match=rf"/fail failed: {path}:\d+: ValueError"):
        await plugins.run(commands["fail"], "")
    assert plugins.commands() == {}
    assert "plugin dice disabled" in folder.notices[0]


def test_commands_that_are_none(folder: Folder) -> None:
    folder.write("bad", "@hookimpl\ndef amaru_commands():\n    return ['x']\n")
    folder.write("worse", "@hookimpl\ndef amaru_commands():\n    return {'x': 1}\n")
    assert folder.load().commands() == {}
    assert len(folder.notices) == 2


async def test_the_template_changes_message_and_answer(
    folder: Folder,
    core: ModuleType,
    screen: RecordingChat,
    serve: Callable[..., Server],
) -> None:
    text = template("tidy")
    assert len(text.splitlines()) == 10
    folder.write("tidy", text, head="")
    plugins = folder.load()
    server = serve(lambda peer: peer.stream("fine"))
    chat = Conversation(Settings("m", f"{server.origin}/v1"), filters=plugins)
    await chat.send(Turn(1), "  hi  ")
    await chat.aclose()
    assert server.received[0].json()["messages"][0]["content"] == "hi"
    assert screen.shown(1) == "fine\n\n(tidy was here)"
    assert chat.history.messages[-1].content == screen.shown(1)
    assert folder.notices == []


@pytest.mark.parametrize("name", ["", "a b", "../x", "1st", "_x", "a-b"])
def test_a_template_needs_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a plugin"):
        template(name)


def test_listing_runs_no_plugin(folder: Folder) -> None:
    folder.write("a", "1 / 0\n" + shout("message") + shout("answer"))
    folder.write("b", "def broken(:\n")
    folder.write(
        "c",
        "import amaru.plugins as p\n"
        "@p.hookimpl(specname='amaru_chunk')\ndef f(text): ...\n"
        "def amaru_message(text): ...\n",
        head="",
    )
    a, b, c = list_plugins(folder.path)
    assert (a.name, a.hooks) == ("a", ("amaru_message", "amaru_answer"))
    assert a.path == folder.path / "a.py"
    assert b.hooks == ()
    assert "SyntaxError" in b.problem
    assert c.hooks == ("amaru_chunk",)


async def test_a_cancelled_command_is_no_fault(folder: Folder) -> None:
    folder.write(
        "slow",
        """
        import asyncio

        async def wait(arguments):
            await asyncio.Event().wait()

        @hookimpl
        def amaru_commands():
            return {"wait": wait}
        """,
    )
    plugins = folder.load()
    running: asyncio.Task[Any] = asyncio.create_task(
        plugins.run(plugins.commands()["wait"], "")
    )
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert plugins.names == ["slow"]
