# SPDX-License-Identifier: Apache-2.0
"""Plugins change texts; a bad one is named, disabled, and nothing else stops."""

from __future__ import annotations

import _thread
import asyncio
import io
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any

import pytest

from amaru.plugins import Plugins, fences, list_plugins, template
from amaru.plugins.doctor import Finding, examine

PYTHON = str(Path(__file__).parents[2] / "Python")
HEAD = "from amaru.plugins import hookimpl\n\n"
FILTERS = ["message", "chunk", "answer"]
TURN: Any = object()


class Host(ModuleType):
    """The host's module, of which plugins need only to be named."""

    def __init__(self) -> None:
        super().__init__("_amaru_chat")
        self.running = ""
        self.named: list[str] = []
        self.looping = threading.Event()

    def plugin_running(self, name: str) -> None:
        self.running = name
        self.named.append(name)


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    host = Host()
    monkeypatch.setitem(sys.modules, "_amaru_chat", host)
    for owner, name in [
        (signal, "signal"),
        (asyncio, "all_tasks"),
        (asyncio.tasks, "all_tasks"),
    ]:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    yield host
    assert host.running == ""
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

    async def load(self, limit: float = 10) -> Plugins:
        plugins = Plugins(str(self.path), self.notices.append, limit=limit)
        await plugins.load()
        return plugins


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def shout(hook: str) -> str:
    return f"@hookimpl\ndef amaru_{hook}(text, turn):\n    return text.upper()\n"


def hook(body: str, name: str = "message", kind: str = "def") -> str:
    return f"@hookimpl\n{kind} amaru_{name}(text, turn):\n" + indent(
        dedent(body), "    "
    )


# What hooks do


@pytest.mark.parametrize("name", FILTERS)
async def test_a_hook_changes_the_text(folder: Folder, name: str) -> None:
    folder.write("loud", shout(name))
    plugins = await folder.load()
    assert await getattr(plugins, name)("hi", TURN) == "HI"
    assert plugins.names == ["loud"]
    assert folder.notices == []


@pytest.mark.parametrize("name", FILTERS)
async def test_a_hook_may_be_async(folder: Folder, host: Host, name: str) -> None:
    body = "import asyncio\nawait asyncio.sleep(0)\nreturn text.upper()"
    folder.write("loud", hook(body, name, "async def"))
    plugins = await folder.load()
    host.named.clear()
    assert await getattr(plugins, name)("hi", TURN) == "HI"
    assert host.named.count("loud") > 1
    assert folder.notices == []


async def test_nothing_is_read_before_loading(folder: Folder) -> None:
    folder.write("bad", "1 / 0\n")
    plugins = Plugins(str(folder.path), folder.notices.append)
    assert await plugins.message("hi", TURN) == "hi"
    assert folder.notices == []


async def test_a_plain_hook_costs_no_task_switch(folder: Folder) -> None:
    folder.write("loud", shout("chunk"))
    plugins = await folder.load()
    with pytest.raises(StopIteration) as end:
        plugins.chunk("hi", TURN).send(None)
    assert end.value.value == "HI"


async def test_the_running_plugin_is_named_to_the_host(
    folder: Folder, host: Host
) -> None:
    look = "import sys\nSEEN = [sys.modules['_amaru_chat'].running]\n"
    folder.write("a", look + hook("SEEN.append(sys.modules['_amaru_chat'].running)"))
    plugins = await folder.load()
    await plugins.message("hi", TURN)
    assert sys.modules["amaru_plugins.a"].SEEN == ["a", "a"]


async def test_a_plugin_needs_no_host(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "_amaru_chat", None)
    folder.write("loud", shout("message"))
    assert await (await folder.load()).message("hi", TURN) == "HI"


@pytest.mark.parametrize(
    "signature",
    ["", "turn", "turn, text", "text, /", "*, text", "text, more=1", "*a, **k"],
)
async def test_a_hook_takes_what_it_wants(folder: Folder, signature: str) -> None:
    folder.write("a", f"@hookimpl\ndef amaru_message({signature}):\n    return 'ok'\n")
    assert await (await folder.load()).message("hi", TURN) == "ok"
    assert folder.notices == []


async def test_plugins_are_asked_in_the_order_of_their_names(folder: Folder) -> None:
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
    assert await (await folder.load()).message("", TURN) == "dabc"


async def test_a_marker_of_pluggy_works_as_well(folder: Folder) -> None:
    folder.write(
        "a",
        """
        import pluggy
        hookimpl = pluggy.HookimplMarker("amaru")

        @hookimpl(specname="amaru_message", trylast=True)
        def shout(text):
            return text.upper()

        @hookimpl(optionalhook=True)
        def amaru_of_the_future(anything): ...
        """,
        head="",
    )
    plugins = await folder.load()
    assert await plugins.message("hi", TURN) == "HI"
    assert folder.notices == []


async def test_cached_functions_and_methods_are_hooks(folder: Folder) -> None:
    folder.write(
        "a",
        """
        from functools import cache
        from unittest.mock import MagicMock

        anything = MagicMock()

        @hookimpl
        @cache
        def amaru_message(text):
            return text.upper()

        class Signs:
            @hookimpl
            def amaru_answer(self, text):
                return text + "!"

        amaru_answer = Signs().amaru_answer
        """,
    )
    plugins = await folder.load()
    assert await plugins.message("hi", TURN) == "HI"
    assert await plugins.answer("hi", TURN) == "hi!"
    assert folder.notices == []


# What goes wrong


RAISING = [
    ("raise ValueError('why')", "ValueError: why"),
    ("import sys; sys.exit('bye')", "SystemExit: bye"),
    ("raise KeyboardInterrupt", "interrupted"),
    ("raise GeneratorExit", "GeneratorExit"),
    ("raise BaseException('all')", "BaseException: all"),
    ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
    ("raise StopIteration(1)", "StopIteration"),
    (
        "raise BaseExceptionGroup('both', [KeyError('k'), SystemExit()])",
        "BaseExceptionGroup: both (2 sub-exceptions), the first of them KeyError: 'k'",
    ),
    (
        "raise type('Bad', (Exception,), {'__str__': lambda self: 1 / 0})",
        "Bad: (its text cannot be read: ZeroDivisionError)",
    ),
    (
        "raise type('Bad', (Exception,), {'__str__': lambda self: exit(1)})",
        "Bad: (its text cannot be read: SystemExit)",
    ),
    ("raise type('a\\n\\x1b[2J' * 99, (Exception,), {})", ": a \ufffd[2Ja \ufffd"),
    (
        "raise type('Bad', (OSError,), {'__class__': property(lambda self: 1 / 0)})",
        "Bad",
    ),
    (
        "raise type('Bad', (ValueError,), "
        "{'__traceback__': property(lambda self: 1 / 0)})",
        "Bad",
    ),
    ("raise SyntaxError('x', (type('E', (), {})(), 'y', None, []))", "SyntaxError"),
    ("raise ValueError('x' * 10**6)", "ValueError: xxx"),
    (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)",
        "ValueError: amaru handles SIGINT itself: a plugin cannot",
    ),
    (
        "import asyncio; asyncio.get_event_loop().add_signal_handler(15, print)",
        "ValueError: amaru handles SIGTERM itself: a plugin cannot",
    ),
    (
        "import asyncio; [t.cancel() for t in asyncio.all_tasks()]",
        "RuntimeError: the tasks of the chat are not a plugin's to cancel",
    ),
]
RETURNING = [
    ("return 7", "must return str or None, not int"),
    ("return (c for c in iter(int, 1))", "must return str or None, not generator"),
    ("yield 'x'", "must return str or None, not "),
    ("return b'x'", "must return str or None, not bytes"),
    ("return type('Odd', (), {'__class__': str})()", "not Odd"),
    ("return 'x' * (1 << 25)", "returned 33,554,432 characters"),
    ("import sys; sys.stdout = None", "replaced a standard stream"),
    ("import sys; sys.stderr.close()", "closed a standard stream, which was opened"),
]


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize(("failing", "what"), RAISING + RETURNING)
async def test_a_hook_that_fails_is_named_and_disabled(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    failing: str,
    what: str,
) -> None:
    monkeypatch.setattr(sys, "stdout", out := io.StringIO())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    if kind == "async def" and "StopIteration" in what:
        what = "RuntimeError: coroutine raised StopIteration"
    path = folder.write("bad", hook(failing, kind=kind))
    folder.write("good", shout("message"))
    plugins = await folder.load()
    assert await plugins.message("hi", TURN) == "HI"
    (notice,) = folder.notices
    line = 5 if (failing, what) not in RETURNING else 3
    assert notice.startswith(f"plugin bad disabled for this session: {path}:{line}: ")
    assert what in notice
    assert len(notice) < len(str(path)) + 500
    assert notice.isprintable()
    assert sys.stdout is out
    assert not sys.stderr.closed
    assert plugins.names == ["good"]
    assert await plugins.message("again", TURN) == "AGAIN"
    assert len(folder.notices) == 1


async def test_another_hook_of_a_plugin_that_has_failed_is_left_out(
    folder: Folder,
) -> None:
    second = '@hookimpl(specname="amaru_message")\ndef f(text): return "second"\n'
    folder.write("bad", hook("1 / 0\n") + second)
    folder.write("good", shout("message"))
    plugins = await folder.load()
    assert await plugins.message("hi", TURN) == "HI"
    assert plugins.names == ["good"]
    assert len(folder.notices) == 1


@pytest.mark.parametrize(("failing", "what"), RAISING)
async def test_a_file_that_fails_is_named_and_left_out(
    folder: Folder, failing: str, what: str
) -> None:
    before = signal.getsignal(signal.SIGINT)
    path = folder.write("bad", failing)
    folder.write("good", shout("message"))
    plugins = await folder.load()
    (notice,) = folder.notices
    assert notice.startswith(f"plugin bad disabled: {path}:3: ")
    assert what in notice
    assert plugins.names == ["good"]
    assert await plugins.message("hi", TURN) == "HI"
    assert "amaru_plugins.bad" not in sys.modules
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("def broken(:\n", ":3: SyntaxError: "),
        ("x = '\0'\n", "null bytes"),
        ("x = " + "(" * 5000, ":3: "),
        ("import no_such_module_x\n", ":3: ModuleNotFoundError: "),
        ("import no_such_module_x\n", "name its package in the plugin's"),
        (
            "@hookimpl\ndef amaru_mesage(text):\n    pass\n",
            ":3: amaru_mesage is not a hook of Amaru: did you mean amaru_message?",
        ),
        (
            "@hookimpl\ndef amaru_message(txt):\n    pass\n",
            ":3: amaru_message takes 'txt', but is offered text, turn: rename it",
        ),
        (
            "@hookimpl\ndef amaru_commands(text):\n    pass\n",
            ":3: amaru_commands takes 'text', but is offered nothing",
        ),
        (
            "import pluggy\n@pluggy.HookimplMarker('amaru')(wrapper=True)\n"
            "def amaru_chunk(text):\n    return (yield)\n",
            ":4: amaru_chunk is a wrapper",
        ),
        (
            "class Evil:\n    def __getattribute__(self, name): raise SystemExit\n"
            "evil = Evil()\n@hookimpl\ndef amaru_message(other):\n    pass\n",
            "amaru_message takes 'other'",
        ),
    ],
)
async def test_a_file_that_cannot_be_used_is_named(
    folder: Folder, code: str, what: str
) -> None:
    path = folder.write("bad", code)
    folder.write("good", shout("message"))
    plugins = await folder.load()
    (notice,) = folder.notices
    assert notice.startswith(f"plugin bad disabled: {path}:")
    assert what in notice
    assert plugins.names == ["good"]
    assert await plugins.message("hi", TURN) == "HI"


async def test_what_is_no_file_is_named_and_not_waited_for(folder: Folder) -> None:
    os.mkfifo(folder.path / "fifo.py")
    (folder.path / "loop.py").symlink_to(folder.path / "loop.py")
    (folder.path / "none.py").symlink_to(folder.path / "nowhere")
    (folder.path / "dir.py").mkdir()
    (folder.path / "endless.py").symlink_to("/dev/zero")
    (folder.path / "binary.py").write_bytes(bytes(range(256)) * 16)
    (folder.path / "big.py").write_text(f"x = {'x' * 10**6!r}\n")
    (folder.path / os.fsdecode(b"odd\xff.py")).write_text("x = 1\n")
    (folder.path / os.fsdecode(b"odd\xfe.py")).write_text("1 / 0\n")
    plugins = await folder.load()
    assert plugins.names == ["big", "odd\ufffd"]
    assert "/odd\ufffd.py:1: ZeroDivisionError" in folder.notices.pop(-1)
    named = [notice.split(":")[0] for notice in folder.notices]
    names = ["binary", "dir", "endless", "fifo", "loop", "none"]
    assert named == [f"plugin {name} disabled" for name in names]
    infos = list_plugins(folder.path)
    assert [info.name for info in infos if info.problem] == names


@pytest.mark.parametrize("kind", ["file", "closed"])
async def test_a_folder_that_cannot_be_read_is_a_notice(
    folder: Folder, kind: str
) -> None:
    path = folder.path / "plugins"
    path.touch()
    if kind == "closed":
        path = path / "deeper"
    plugins = Plugins(str(path), folder.notices.append)
    await plugins.load()
    assert await plugins.message("hi", TURN) == "hi"
    assert "no plugin was loaded: " in folder.notices[0]


async def test_texts_of_odd_classes_become_plain(folder: Folder) -> None:
    folder.write(
        "odd",
        """
        class Odd(str):
            def __str__(self): return self
            def __len__(self): raise ValueError
            def __add__(self, other): raise ValueError
            def __eq__(self, other): raise ValueError
            __hash__ = __format__ = encode = join = split = None

        @hookimpl
        def amaru_message(text):
            return Odd(text + "!")
        """,
    )
    text = await (await folder.load()).message("hi", TURN)
    assert (type(text), text) == (str, "hi!")


async def test_a_stream_that_was_closed_before_is_nobodys_fault(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", closed := io.StringIO())
    closed.close()
    folder.write("loud", shout("message"))
    assert await (await folder.load()).message("hi", TURN) == "HI"
    assert folder.notices == []


async def test_a_plugin_cannot_cancel_the_turn(folder: Folder) -> None:
    body = "import asyncio\nasyncio.current_task().cancel()\nreturn text.upper()"
    path = folder.write("bad", hook(body))
    plugins = await folder.load()

    async def turn() -> str:
        text = await plugins.message("hi", TURN)
        await asyncio.sleep(0)
        return text

    running = asyncio.create_task(turn())
    assert await running == "hi"
    assert running.cancelling() == 0
    assert folder.notices == [
        f"plugin bad disabled for this session: {path}:3: "
        "cancelled the chat's task, which a plugin must leave alone"
    ]


async def test_a_cancellation_of_ours_beside_a_plugins_counts(folder: Folder) -> None:
    folder.write("bad", hook("import asyncio\nasyncio.current_task().cancel()"))
    plugins = await folder.load()

    async def turn() -> None:
        asyncio.get_running_loop().call_soon(running.cancel)
        await plugins.message("hi", TURN)
        await asyncio.Event().wait()

    running = asyncio.create_task(turn())
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_libraries_and_others_keep_their_ways(folder: Folder) -> None:
    folder.write("a", "import asyncio\n" + hook("return text"))
    await folder.load()
    await folder.load()
    assert asyncio.current_task() in asyncio.all_tasks()
    assert not hasattr(signal.signal.__wrapped__, "_amaru_fence")  # type: ignore[attr-defined]
    former = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, former)
    folder.write("b", "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\n")
    await folder.load()
    assert folder.notices == []
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


LOOP = "import sys; sys.modules['_amaru_chat'].looping.set()\nwhile True: pass"


@pytest.mark.parametrize(
    "code",
    [LOOP, hook(LOOP), hook(LOOP, kind="async def")],
    ids=["import", "hook", "async hook"],
)
async def test_code_that_loops_is_named_and_interrupted(
    folder: Folder, host: Host, code: str
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    named: list[str] = []

    def interrupt() -> None:
        host.looping.wait()
        named.append(host.running)
        _thread.interrupt_main()

    path = folder.write("a", code)
    folder.write("good", shout("message"))
    thread = threading.Thread(target=interrupt)
    thread.start()
    plugins = await folder.load()
    assert await plugins.message("hi", TURN) == "HI"
    thread.join()
    assert named == ["a"]
    (notice,) = folder.notices
    assert f"{path}:" in notice
    assert notice.endswith(": interrupted")
    assert plugins.names == ["good"]


# Asynchronous hooks


@pytest.mark.parametrize("swallowing", [False, True])
async def test_a_hook_that_waits_too_long_is_named(
    folder: Folder, swallowing: bool
) -> None:
    body = """
    import asyncio
    for _ in range(3):
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not SWALLOWING:
                raise
    """
    head = f"{HEAD}SWALLOWING = {swallowing}\n"
    path = folder.write("slow", hook(body, kind="async def"), head)
    plugins = await folder.load(limit=0.01)
    assert await plugins.message("hi", TURN) == "hi"
    assert folder.notices == [
        f"plugin slow disabled for this session: {path}:10: "
        "still waiting after 0.01 seconds"
    ]
    # The test's loop would wait for it; the chat's is ended by the host.
    (left,) = asyncio.all_tasks() - {asyncio.current_task()}
    while not left.done():
        left.cancel()
        await asyncio.sleep(0)


async def test_a_turn_that_is_cancelled_cancels_its_hook(folder: Folder) -> None:
    body = """
    import asyncio
    try:
        await asyncio.Event().wait()
    finally:
        turn.append("ended")
    """
    folder.write("slow", hook(body, kind="async def"))
    plugins = await folder.load()
    turn: Any = []
    running = asyncio.create_task(plugins.message("hi", turn))
    for _ in range(3):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(0)
    assert turn == ["ended"]
    assert plugins.names == ["slow"]
    assert folder.notices == []


async def test_a_plain_function_may_return_something_to_wait_for(
    folder: Folder,
) -> None:
    body = "import asyncio\nreturn asyncio.ensure_future(later(text))"
    folder.write("a", "async def later(text): return text.upper()\n" + hook(body))
    assert await (await folder.load()).message("hi", TURN) == "HI"


# Loading


async def test_a_plugin_shadows_no_module(folder: Folder) -> None:
    folder.write("ssl", shout("message"))
    plugins = await folder.load()
    assert await plugins.message("hi", TURN) == "HI"
    assert sys.modules["ssl"] is ssl
    assert "amaru_plugins.ssl" in sys.modules
    assert str(folder.path) not in sys.path


async def test_a_plugin_may_use_dataclasses_and_a_name_with_a_dash(
    folder: Folder,
) -> None:
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
    assert await (await folder.load()).message("hi", TURN) == "hi1"


async def test_none_changes_nothing_and_private_files_are_no_plugins(
    folder: Folder,
) -> None:
    folder.write("quiet", "@hookimpl\ndef amaru_message(text):\n    pass\n")
    folder.write("_draft", "1 / 0\n")
    folder.write(".hidden", "1 / 0\n")
    assert await (await folder.load()).message("hi", TURN) == "hi"
    assert folder.notices == []


LIGHT = """
import asyncio, sys
sys.path[:0] = [sys.argv[1]]
import amaru
before = set(sys.modules)
from amaru.plugins import Plugins
plugins = Plugins(sys.argv[2], print)
asyncio.run(plugins.load())
assert asyncio.run(plugins.message("hi", None)) == sys.argv[3]
print(*sorted(set(sys.modules) - before))
"""


def imported(folder: Folder, expected: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-ISB", "-c", LIGHT, PYTHON, str(folder.path), expected],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_without_plugins_almost_nothing_is_imported(folder: Folder) -> None:
    package = "amaru.plugins"
    assert imported(folder, "hi") == {
        package,
        *(f"{package}.{name}" for name in ("loading", "manager", "marker", "template")),
    }


def test_plugins_need_no_package(folder: Folder) -> None:
    folder.write("loud", shout("message"))
    names = imported(folder, "HI")
    assert "amaru_plugins.loud" in names
    assert "pluggy" not in names


# Commands


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
    return {"roll": roll, "/later": later, "fail": fail, "quiet": print}
"""


async def test_commands(folder: Folder) -> None:
    path = folder.write("dice", COMMANDS)
    folder.write("other", COMMANDS)
    plugins = await folder.load()
    commands = plugins.commands()
    assert sorted(commands) == ["fail", "later", "quiet", "roll"]
    assert {command.plugin for command in commands.values()} == {"dice"}
    assert commands["roll"].summary == "Roll a die."
    assert await plugins.run(commands["roll"], "2") == "rolled 2"
    assert await plugins.run(commands["later"], "") == "later"
    assert await plugins.run(commands["quiet"], "") == ""
    with pytest.raises(RuntimeError, match=rf"/fail failed: {path}:\d+: ValueError"):
        await plugins.run(commands["fail"], "")
    assert plugins.names == ["other"]
    assert plugins.commands() == {}
    assert "plugin dice disabled" in folder.notices[0]
    with pytest.raises(RuntimeError, match="its plugin is disabled"):
        await plugins.run(commands["roll"], "2")


@pytest.mark.parametrize(
    ("result", "what"),
    [
        ("['x']", "must return a dict, not list"),
        ("None", "must return a dict, not NoneType"),
        ("{'x': 1}", "command 'x' is not callable: it is int, not a function"),
        ("{1: print}", "the name of a command is a str, not int"),
        ("{'a b': print}", "command 'a b' cannot be typed"),
        ("exit(3)", "SystemExit: 3"),
    ],
)
async def test_commands_that_are_none(folder: Folder, result: str, what: str) -> None:
    folder.write("bad", f"@hookimpl\ndef amaru_commands():\n    return {result}\n")
    plugins = await folder.load()
    assert plugins.commands() == {}
    assert plugins.names == []
    assert what in folder.notices[0]


async def test_commands_may_be_made_asynchronously(folder: Folder) -> None:
    folder.write("a", "@hookimpl\nasync def amaru_commands():\n    return {'x': str}\n")
    plugins = await folder.load()
    assert await plugins.run(plugins.commands()["x"], "7") == "7"
    assert plugins.commands()["x"].summary.startswith("str(object='')")


@pytest.mark.parametrize("failing", [failing for failing, _ in RAISING])
async def test_a_command_that_fails_is_named(folder: Folder, failing: str) -> None:
    code = "def x(arguments):\n    " + failing + "\n"
    code += "@hookimpl\ndef amaru_commands():\n    return {'x': x}\n"
    path = folder.write("bad", code)
    plugins = await folder.load()
    with pytest.raises(RuntimeError) as fault:
        await plugins.run(plugins.commands()["x"], "")
    assert str(fault.value).startswith(f"/x failed: {path}:4: ")
    assert plugins.names == []


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
    plugins = await folder.load()
    running: asyncio.Task[Any] = asyncio.create_task(
        plugins.run(plugins.commands()["wait"], "")
    )
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert plugins.names == ["slow"]


# Templates and lists


async def test_the_template_changes_message_and_answer(folder: Folder) -> None:
    text = template("tidy")
    assert len(text.splitlines()) == 10
    folder.write("tidy", text, head="")
    plugins = await folder.load()
    assert await plugins.message("  hi  ", TURN) == "hi"
    assert await plugins.answer("fine", TURN) == "fine\n\n(tidy was here)"
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
        "@p.hookimpl(specname='amaru_chunk')\nasync def f(text): ...\n"
        "def amaru_message(text): ...\n",
        head="",
    )
    a, b, c = list_plugins(folder.path)
    assert (a.name, a.hooks) == ("a", ("amaru_message", "amaru_answer"))
    assert a.path == folder.path / "a.py"
    assert b.hooks == ()
    assert "SyntaxError" in b.problem
    assert c.hooks == ("amaru_chunk",)
    assert list_plugins(folder.path / "none") == ()
    with pytest.raises(NotADirectoryError):
        list_plugins(a.path)


BLOCK = "# /// script\n{}# ///\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (BLOCK.format('# dependencies = ["emoji>=2", "rich"]\n'), ("emoji>=2", "rich")),
        (
            BLOCK.format(
                '# requires-python = ">=3.11"\n#\n# dependencies = [\n'
                '#   "rich",\n# ]\n'
            ),
            ("rich",),
        ),
        (BLOCK.format("# x = 1\n"), ()),
        (BLOCK.format("# dependencies = [\n"), ":1: the `# /// script` block is not"),
        (BLOCK.format("# dependencies = 'x'\n"), ":1: dependencies must be a list"),
        (BLOCK.format("# dependencies = [1]\n"), ":1: dependencies must be a list"),
        (("\n" + BLOCK.format("#\n")) * 2, ":6: a second `# /// script` block"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_requirements_are_listed(
    folder: Folder, text: str, expected: Any, end: str
) -> None:
    path = folder.path / "a.py"
    path.write_text(text + "x = 1\n", "utf-8", newline=end)
    (info,) = list_plugins(folder.path)
    if isinstance(expected, str):
        assert info.problem.startswith(f"{path}{expected}")
    else:
        assert (info.problem, info.requirements) == ("", expected)


# The doctor


async def check(folder: Folder, code: str, head: str = HEAD) -> Finding:
    return await examine(str(folder.write("a", code, head)), 5)


async def test_the_doctor_finds_nothing_in_a_good_plugin(folder: Folder) -> None:
    finding = await check(folder, COMMANDS + shout("message"))
    expected = Finding("a", ("amaru_commands", "amaru_message"), ())
    assert finding == expected


async def test_the_doctor_names_every_fault(folder: Folder) -> None:
    code = """
    @hookimpl
    def amaru_mesage(text): ...

    @hookimpl
    async def amaru_chunk(piece): ...

    @hookimpl(hookwrapper=True)
    def amaru_answer(text): yield

    def amaru_message(text): ...

    @hookimpl
    def amaru_commands():
        return {"x": 1, "y z": print}
    """
    finding = await check(folder, code)
    assert finding.hooks == ("amaru_commands",)
    path = folder.path / "a.py"
    assert finding.problems == (
        f"{path}:4: amaru_mesage is not a hook of Amaru: did you mean amaru_message?",
        f"{path}:7: amaru_chunk takes 'piece', but is offered text, turn: rename it, "
        "or give it a default",
        f"{path}:10: amaru_answer is a wrapper: return the changed text instead of "
        "yielding",
        f"{path}:15: command 'x' is not callable: it is int, not a function",
        f"{path}:15: command 'y z' cannot be typed: use letters, digits, - and _",
        f"{path}:13: amaru_message is never asked: put @hookimpl above it",
    )


@pytest.mark.parametrize(("failing", "what"), RAISING)
async def test_the_doctor_survives_what_it_finds(
    folder: Folder, failing: str, what: str
) -> None:
    (problem,) = (await check(folder, failing)).problems
    assert problem.startswith(f"{folder.path / 'a.py'}:3: ")
    if what == "interrupted":
        what = "does not end: interrupted after 5 seconds"
    assert what in problem


async def test_the_doctor_knows_what_the_chat_installs(folder: Folder) -> None:
    block = BLOCK.format('# dependencies = ["nowhere-to-be-found"]\n')
    finding = await check(folder, "import nowhere\n" + shout("message"), block + HEAD)
    assert finding.problems == ()
    assert finding.note == (
        "not loaded: it needs nowhere-to-be-found, which the chat installs"
    )
    assert finding.hooks == ("amaru_message",)


async def test_the_doctor_reads_the_block_of_requirements(folder: Folder) -> None:
    finding = await check(folder, shout("chunk"), BLOCK.format("# x = \n") + HEAD)
    (problem,) = finding.problems
    assert problem.startswith(f"{folder.path / 'a.py'}:1: the `# /// script` block is")


async def test_what_a_plugin_prints_is_kept_from_the_doctors_list(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = await check(folder, "print('noise')\n")
    assert finding.problems == ()
    assert finding.note == "it defines no hook, so it is never asked"
    assert capsys.readouterr() == ("", "noise\n")


def test_the_fences_stand_once() -> None:
    fences.put_up()
    first = signal.signal
    fences.put_up()
    assert signal.signal is first
