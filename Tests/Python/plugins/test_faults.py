# SPDX-License-Identifier: Apache-2.0
"""A bad plugin is named and disabled, and nothing else stops."""

from __future__ import annotations

import _thread
import asyncio
import builtins
import gc
import io
import os
import signal
import sys
import threading

import pytest
from plugin_folder import RAISING, TURN, Folder, Host, hook, shout

from amaru.plugins import Plugins, list_plugins, tasks
from amaru.plugins.faults import Fault
from amaru.plugins.guard import Guard, _Watch

RETURNING = [
    ("return 7", "must return str or None, not int"),
    ("return (c for c in iter(int, 1))", "must return str or None, not generator"),
    ("yield 'x'", "must return str or None, not "),
    ("return b'x'", "must return str or None, not bytes"),
    ("return type('Odd', (), {'__class__': str})()", "not Odd"),
    ("return 'x' * (1 << 25)", "returned 33,554,432 characters"),
    ("import sys; sys.stdout = None", "replaced a standard stream"),
    ("import sys; sys.stderr.close()", "closed a standard stream, which was opened"),
    ("import builtins; builtins.len = None", "builtins.len, which was put back"),
    ("import builtins; del builtins.Exception", "builtins.Exception, which was put"),
    ("import builtins; del vars(builtins)['None']", "builtins.None, which was put"),
    (
        "import builtins; builtins.len = type('', (), {'__eq__': lambda *_: True})()",
        "builtins.len, which was put back",
    ),
    ("import builtins; builtins.__import__ = None", "builtins.__import__, which was"),
    ("import builtins; vars(builtins).clear()", "replaced or removed builtins."),
    ("import sys; sys.modules.clear()", "replaced or removed sys.modules["),
    ("import sys; sys.modules['json'] = None", "sys.modules['json'], which was put"),
    ("import sys; sys.modules = {}", "replaced or removed sys.modules, which was put"),
    ("import sys; sys.stdout = sys.modules['sys'] = None", "a standard stream, which"),
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
    assert await plugins.filter("message", "hi", TURN) == "HI"
    (notice,) = folder.notices
    line = 5 if (failing, what) not in RETURNING else 3
    assert notice.startswith(f"plugin bad disabled for this session: {path}:{line}: ")
    assert what in notice
    assert len(notice) < len(str(path)) + 500
    assert notice.isprintable()
    assert sys.stdout is out
    assert not sys.stderr.closed
    assert plugins.names == ["good"]
    assert await plugins.filter("message", "again", TURN) == "AGAIN"
    assert len(folder.notices) == 1


def test_what_is_watched_inside_leaves_the_outer_names() -> None:
    length = len
    with pytest.raises(Fault, match=r"builtins\.len"), _Watch(str, "outer"):
        builtins.len = None  # type: ignore[assignment]
        with _Watch(str, "inner"):
            pass
    assert len is length


async def test_another_hook_of_a_plugin_that_has_failed_is_left_out(
    folder: Folder,
) -> None:
    second = '@hookimpl(specname="amaru_message")\ndef f(text): return "second"\n'
    folder.write("bad", hook("1 / 0\n") + second)
    folder.write("good", shout("message"))
    plugins = await folder.load()
    assert await plugins.filter("message", "hi", TURN) == "HI"
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
    assert await plugins.filter("message", "hi", TURN) == "HI"
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
    assert await plugins.filter("message", "hi", TURN) == "HI"


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
    assert await plugins.filter("message", "hi", TURN) == "hi"
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
    text = await (await folder.load()).filter("message", "hi", TURN)
    assert (type(text), text) == (str, "hi!")


async def test_a_stream_that_was_closed_before_is_nobodys_fault(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", closed := io.StringIO())
    closed.close()
    folder.write("loud", shout("message"))
    assert await (await folder.load()).filter("message", "hi", TURN) == "HI"
    assert folder.notices == []


async def test_a_plugin_cannot_cancel_the_turn(folder: Folder) -> None:
    body = "import asyncio\nasyncio.current_task().cancel()\nreturn text.upper()"
    path = folder.write("bad", hook(body))
    plugins = await folder.load()

    async def turn() -> str:
        text = await plugins.filter("message", "hi", TURN)
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
        await plugins.filter("message", "hi", TURN)
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
    assert await plugins.filter("message", "hi", TURN) == "HI"
    thread.join()
    assert named == ["a"]
    (notice,) = folder.notices
    assert f"{path}:" in notice
    assert notice.endswith(": interrupted")
    assert plugins.names == ["good"]


TASKS = [
    ("async def later(): 1 / 0", "ZeroDivisionError: division by zero"),
    ("async def later(): sys.exit(7)", "SystemExit: 7; a plugin cannot end"),
    ("async def later(): raise KeyboardInterrupt", "interrupted"),
    ("async def later(): raise BaseException('all')", "BaseException: all"),
    ("async def later(): os.close(1)", "a standard descriptor"),
    ("async def later(): await asyncio.create_task(later2())", "KeyError: 'deep'"),
    ("async def later(): raise type('M', (Exception,), {'__str__': exit})", "M"),
]


@pytest.mark.parametrize(("code", "what"), TASKS)
@pytest.mark.parametrize("is_at_import", [True, False])
async def test_a_fault_in_a_task_that_a_plugin_left_behind_is_the_plugins(
    folder: Folder, code: str, what: str, is_at_import: bool
) -> None:
    start = "asyncio.get_running_loop().create_task(later())"
    head = (
        "import asyncio, os, sys\nfrom amaru.plugins import hookimpl\n"
        "async def later2(): raise KeyError('deep')\n" + code + "\n"
    )
    path = folder.write("bad", start if is_at_import else hook(start), head=head)
    folder.write("good", shout("message"))
    plugins = await folder.load()
    assert await plugins.filter("message", "hi", TURN) == "HI"
    for _ in range(10):
        await asyncio.sleep(0)
    gc.collect()
    (notice,) = folder.notices
    assert notice.startswith(f"plugin bad disabled for this session: {path}:")
    assert what in notice
    assert plugins.names == ["good"]
    os.fstat(1)


async def test_a_fault_in_a_callback_of_a_plugin_is_the_plugins(folder: Folder) -> None:
    path = folder.write(
        "bad",
        "import asyncio\nasyncio.get_running_loop().call_soon(lambda: 1 / 0)\n",
    )
    plugins = await folder.load()
    await asyncio.sleep(0)
    assert folder.notices == [
        f"plugin bad disabled for this session: {path}:4: "
        "ZeroDivisionError: division by zero"
    ]
    assert plugins.names == []


async def test_a_plugin_may_handle_the_faults_of_its_own_tasks(folder: Folder) -> None:
    folder.write(
        "careful",
        """
        import asyncio

        async def fail():
            raise ValueError

        async def leave():
            raise SystemExit

        @hookimpl
        async def amaru_message(text):
            async with asyncio.timeout(10):
                done = await asyncio.gather(fail(), leave(), return_exceptions=True)
            waiting = asyncio.create_task(asyncio.Event().wait())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
            names = [type(exc).__name__ for exc in done]
            return f"{names} {waiting.cancelled()}"
        """,
    )
    plugins = await folder.load()
    text = await plugins.filter("message", "hi", TURN)
    assert text == "['ValueError', 'Stopped'] True"
    assert folder.notices == []


async def test_faults_of_others_go_where_they_went(folder: Folder) -> None:
    seen: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: seen.append(context["exception"]))
    folder.write("good", shout("message"))
    await folder.load()
    await folder.load()
    error = ValueError("not a plugin's")

    def fail() -> None:
        raise error

    loop.call_soon(fail)
    await asyncio.sleep(0)
    assert seen == [error]
    assert folder.notices == []


async def test_an_interrupt_of_the_loop_s_handler_goes_on() -> None:
    def interrupted(_: BaseException) -> bool:
        raise KeyboardInterrupt

    tasks.follow(Guard().drive_task, interrupted)
    loop = asyncio.get_running_loop()
    with pytest.raises(KeyboardInterrupt):
        loop.call_exception_handler({"message": "", "exception": ValueError()})


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize(
    "code", ["os.close({0})", "os.dup2(os.open('/dev/zero', os.O_RDWR), {0})"]
)
@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_a_standard_descriptor_that_a_plugin_took_away_is_put_back(
    folder: Folder, number: int, code: str, kind: str
) -> None:
    before = os.fstat(number)
    folder.write("bad", "import os\n" + hook(code.format(number), kind=kind))
    plugins = await folder.load()
    assert await plugins.filter("message", "hi", TURN) == "hi"
    assert os.path.samestat(os.fstat(number), before)
    assert os.get_inheritable(number)
    (notice,) = folder.notices
    assert "closed or replaced a standard descriptor" in notice
