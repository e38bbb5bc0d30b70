# SPDX-License-Identifier: Apache-2.0
"""Compiling and running sources that may contain top-level ``await``."""

from __future__ import annotations

import asyncio
import inspect
import linecache
import traceback
from types import CodeType
from typing import Any

import pytest
from runtime_parts import load, run

runtime = load("codes", "sources")


def awaits(codes: list[CodeType]) -> bool:
    return any(code.co_flags & inspect.CO_COROUTINE for code in codes)


def value_of(source: str) -> Any:
    return asyncio.run(runtime.run_async(runtime.compile_source(source, None), {}))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 1", 2),
        ("x = 20\nx + 1", 21),
        ("x = 1", None),
        ("", None),
        ("# nothing", None),
        ("1\n2", 2),
        ("'text'", "text"),
    ],
)
def test_the_last_expression_is_the_value(source: str, value: object) -> None:
    assert value_of(source) == value


async def test_a_source_may_await() -> None:
    source = "import asyncio\nx = await asyncio.sleep(0, 3)\nawait asyncio.sleep(0, x)"
    codes = runtime.compile_source(source, None)
    assert awaits(codes)
    assert await runtime.run_async(codes, {}) == 3


async def test_code_that_does_not_await_runs_too() -> None:
    codes = runtime.compile_source("x = 1\nx", None)
    assert not awaits(codes)
    assert await runtime.run_async(codes, {}) == 1


def test_an_await_inside_a_function_is_not_top_level() -> None:
    codes = runtime.compile_source("async def f(): await g()", None)
    assert not awaits(codes)


@pytest.mark.parametrize("source", ["def", "1 +", "return 1", "x = '\ud800'", "\0"])
def test_an_invalid_source_is_an_error(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        runtime.compile_source(source, None)


def test_each_source_has_a_name_of_its_own() -> None:
    first, second = (runtime.compile_source("1", None)[0] for _ in range(2))
    assert first.co_filename != second.co_filename
    assert runtime.compile_source("1", "mine.py")[0].co_filename == "mine.py"


def test_tracebacks_show_the_lines_of_a_source() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        value_of("x = 0\n1 / x")
    assert "1 / x" in "".join(traceback.format_exception(caught.value))


def test_only_the_latest_sources_are_kept() -> None:
    sources = load("codes", "sources")
    for number in range(200):
        sources.remember_source(f"{number}", f"<kept {number}>")
    assert len(sources._sources) == 128
    assert linecache.getline("<kept 199>", 1) == "199"
    assert linecache.getline("<kept 10>", 1) == ""


@pytest.mark.parametrize("name", ["<string>", "file.py", ""])
def test_files_and_nameless_strings_are_not_kept(name: str) -> None:
    sources = load("codes", "sources")
    sources.remember_source("1", name)
    assert sources._sources == {}


def test_linecache_is_filled_when_it_is_imported() -> None:
    done = run(
        """
        sys.modules.pop("linecache", None)
        runtime.remember_source("line", "<mine>")
        import linecache
        assert linecache.getline("<mine>", 1) == ""
        runtime.fill_linecache()
        assert linecache.getline("<mine>", 1) == "line"
        """,
        "sources",
    )
    assert done.returncode == 0, done.stderr


async def test_an_error_after_an_await_arrives() -> None:
    codes = runtime.compile_source(
        "import asyncio\nawait asyncio.sleep(0)\n1 / 0", None
    )
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(runtime.run_async(codes, {}), 10)
