# SPDX-License-Identifier: Apache-2.0
"""A console runs lines as python's does, and returns what comes of them."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from recording_chat import eventually

from pyodide.console import (
    BANNER,
    Console,
    ConsoleFuture,
    PyodideConsole,
    repr_shorten,
)


@pytest.fixture(params=[Console, PyodideConsole])
async def console(request: pytest.FixtureRequest) -> Console:
    made: Console = request.param()
    return made


async def value(console: Console, line: str) -> Any:
    future = console.push(line)
    assert future.syntax_check == "complete"
    return await future


async def error(console: Console, line: str) -> str:
    future = console.push(line)
    await asyncio.wait([future])
    assert future.exception() is not None
    assert future.formatted_error is not None
    return future.formatted_error


async def test_lines_share_their_names(console: Console) -> None:
    assert await value(console, "x = 5") is None
    assert await value(console, "x") == 5
    assert await value(console, "x ** 2;") is None
    assert await value(console, "") is None
    assert await value(console, "# nothing") is None
    assert "_" not in console.globals


async def test_a_block_ends_with_an_empty_line(console: Console) -> None:
    for line in ("def f(x):", "    return x * x + 1"):
        future = console.push(line)
        assert future.syntax_check == "incomplete"
        assert await future is None
    assert console.buffer == ["def f(x):", "    return x * x + 1"]
    assert await value(console, "") is None
    assert console.buffer == []
    assert await value(console, "[f(x) for x in range(3)]") == [1, 2, 5]


@pytest.mark.parametrize("start", ["(1,", "'''a", "x = \\", "@d", "if 1:", "try:"])
async def test_what_is_not_complete_waits(console: Console, start: str) -> None:
    assert console.push(start).syntax_check == "incomplete"


async def test_what_is_pasted_may_be_several_statements(console: Console) -> None:
    source = "def f():\n    return 1\n\nf() + 1"
    assert await value(console, source) == 2
    assert console.push("if f():\n    x = 3\nelse:").syntax_check == "incomplete"


async def test_what_no_compiler_takes_is_an_error_of_its_line(console: Console) -> None:
    future = console.push("-" * 100_000 + "1")
    with pytest.raises((SyntaxError, RecursionError, MemoryError)):
        await future
    assert future.syntax_check == "syntax-error" and future.formatted_error
    assert await value(console, "1 + 1") == 2


async def test_a_syntax_error_is_known_at_once(console: Console) -> None:
    future = console.push("1+")
    assert future.syntax_check == "syntax-error"
    assert future.done()
    text = future.formatted_error or ""
    assert text.startswith('  File "<console>", line 1\n    1+\n')
    assert text.endswith("^\nSyntaxError: invalid syntax\n")
    with pytest.raises(SyntaxError):
        await future
    assert console.buffer == []
    assert await value(console, "1") == 1


async def test_a_traceback_begins_with_the_line(console: Console) -> None:
    start = (
        'Traceback (most recent call last):\n  File "<console>", line 1, in <module>'
    )
    assert await error(console, "raise Exception('hi')") == f"{start}\nException: hi\n"
    assert str(sys.last_value) == "hi"
    await value(console, "def f():\n    1 / 0\n")
    text = await error(console, "f()")
    assert text.startswith(start)
    assert 'File "<console>", line 2, in f' in text
    assert "console.py" not in text
    assert (await error(console, "raise KeyboardInterrupt")).endswith("Interrupt\n")
    assert (await error(console, "raise SystemExit(3)")).endswith("SystemExit: 3\n")
    assert "StopIteration" in await error(console, "raise StopIteration")
    chained = await error(
        console, "try: 1 / 0\nexcept Exception as e: raise OSError from e"
    )
    assert "direct cause" in chained


async def test_a_line_may_await(console: Console) -> None:
    console.globals["queue"] = queue = asyncio.Queue[int]()
    future = console.push("await queue.get()")
    await asyncio.sleep(0)
    assert not future.done()
    later = console.push("7")
    queue.put_nowait(5)
    assert await future == 5
    assert await later == 7
    block = "async def f():\n    return 3\n\nx = await f()"
    assert await value(console, block) is None
    assert await value(console, "x") == 3


async def test_a_line_that_is_cancelled_stops(console: Console) -> None:
    future = console.push("await __import__('asyncio').Event().wait()")
    await asyncio.sleep(0)
    future.cancel()
    await eventually(lambda: not console._tasks)
    assert await value(console, "1") == 1


async def test_what_the_compiler_was_told_holds_for_later_lines(
    console: Console,
) -> None:
    await value(console, "from __future__ import annotations")
    await value(console, "def f(x: no_such_name): pass\n")
    assert await value(console, "f.__annotations__") == {"x": "no_such_name"}


class Told:
    def __init__(self) -> None:
        self.out = self.err = ""
        self.asked: list[int] = []
        self.lines: list[str] = []

    def stdout(self, text: str) -> None:
        self.out += text

    def stderr(self, text: str) -> None:
        self.err += text

    def stdin(self, size: int) -> str:
        self.asked.append(size)
        return self.lines.pop(0) if self.lines else ""

    def console(self, **options: Any) -> Console:
        return Console(
            stdin_callback=self.stdin,
            stdout_callback=self.stdout,
            stderr_callback=self.stderr,
            **options,
        )


async def test_what_lines_print_goes_to_the_callbacks() -> None:
    told = Told()
    console = told.console()
    streams = (sys.stdin, sys.stdout, sys.stderr)
    await value(console, "print('one')")
    await value(console, "import sys; sys.stderr.write('two')")
    assert (told.out, told.err) == ("one\n", "two")
    assert (sys.stdin, sys.stdout, sys.stderr) == streams
    with console.redirect_streams():
        sys.stdout.write("three\n")
    assert told.out == "one\nthree\n"
    assert await value(console, "sys.stdout.encoding, sys.stdout.writable()") == (
        "utf-8",
        True,
    )


async def test_a_redirection_may_last() -> None:
    told = Told()
    streams = (sys.stdin, sys.stdout, sys.stderr)
    console = told.console(persistent_stream_redirection=True)
    try:
        sys.stdout.write("one\n")
        await value(console, "print('two')")
        sys.stderr.write("three\n")
        console.persistent_redirect_streams()
    finally:
        console.persistent_restore_streams()
    assert (told.out, told.err) == ("one\ntwo\n", "three\n")
    assert (sys.stdin, sys.stdout, sys.stderr) == streams
    console.persistent_restore_streams()
    console.persistent_redirect_streams()
    console.persistent_restore_streams()
    assert sys.stdout is streams[1]


async def test_input_comes_from_the_callback() -> None:
    told = Told()
    console = told.console()
    told.lines = ["first\nsec", "ond\nthird"]
    assert await value(console, "input('? '), input(), input()") == (
        "first",
        "second",
        "third",
    )
    assert told.out == "? "
    assert "EOFError" in await error(console, "input()")
    told.lines = ["abcdef\n", "gh"]
    await value(console, "import sys")
    assert await value(console, "sys.stdin.read(2)") == "ab"
    assert told.asked[-1] == 2
    assert await value(console, "sys.stdin.readline()") == "cdef\n"


@pytest.mark.parametrize(
    ("source", "found", "start"),
    [
        ("a_va", ["a_variable"], 0),
        ("x = a_va", ["a_variable"], 4),
        ("print(a_va", ["a_variable"], 6),
        ("a = 0 ; print.__g", ["print.__ge__(", "print.__getattribute__("], 8),
        ("a_variable.bit_l", ["a_variable.bit_length()"], 0),
        ("no_such.thing", [], 0),
        ("impor", ["import "], 0),
    ],
)
async def test_words_are_completed(source: str, found: list[str], start: int) -> None:
    completions, place = Console({"a_variable": 7}).complete(source)
    assert place == start
    assert set(found) <= set(completions)
    assert bool(found) == bool(completions)


@pytest.mark.parametrize("name", ["<console>", "<exec>", "other"])
async def test_the_file_has_a_name_of_choice(name: str) -> None:
    text = await error(Console(filename=name), "assert 0")
    assert f'File "{name}", line 1, in <module>' in text


async def test_the_compiler_may_optimise() -> None:
    console = Console(optimize=2)
    assert await value(console, "assert 0") is None
    await value(console, "def f():\n    'text'\n")
    assert await value(console, "f.__doc__") is None


async def test_a_future_is_one_of_asyncio(console: Console) -> None:
    future = console.push("1")
    assert isinstance(future, ConsoleFuture)
    assert isinstance(future, asyncio.Future)
    assert await future == 1
    assert future.formatted_error is None


@pytest.mark.parametrize("limit", [9, 10, 100, 101])
@pytest.mark.parametrize("separator", ["...", ",,,,"])
def test_a_long_repr_loses_its_middle(limit: int, separator: str) -> None:
    text = repr_shorten("x" * 10_000, limit=limit, separator=separator)
    assert len(text) == 2 * (limit // 2) + len(separator)
    assert text.startswith("'x")
    assert text.endswith("x'")
    assert separator in text


def test_a_short_repr_is_whole() -> None:
    assert repr_shorten([1, 2]) == "[1, 2]"
    assert repr_shorten("x" * 998) == "'" + "x" * 998 + "'"
    assert repr_shorten("abcdefgh", limit=5, split=2) == "'a...h'"
    assert repr_shorten("abcdefgh", limit=1) == "..."


def test_the_banner_names_the_version() -> None:
    assert BANNER.startswith("Python " + sys.version.split()[0])
    assert 'Type "help"' in BANNER


def test_unknown_names_are_refused_by_name() -> None:
    with pytest.raises(
        ImportError, match=r"pyodide\.console\.shorten is not available"
    ):
        exec("from pyodide.console import shorten")
