# SPDX-License-Identifier: Apache-2.0
"""Sources are run as Pyodide runs them."""

from __future__ import annotations

import ast
import asyncio
import traceback
from pathlib import Path
from typing import Any

import pytest

from pyodide.code import (
    CodeRunner,
    eval_code,
    eval_code_async,
    find_imports,
    relaxed_call,
    relaxed_wrap,
    should_quiet,
)
from pyodide.common import install_files


@pytest.mark.parametrize(
    ("source", "mode", "value"),
    [
        ("1 + 1", "last_expr", 2),
        ("1 + 1;", "last_expr", None),
        ("1 + 1#;", "last_expr", 2),
        ("1 + 1  # a; comment", "last_expr", 2),
        ("x = 7", "last_expr", None),
        ("(x := 4)", "last_expr", 4),
        ("x = 7; x", "last_expr", 7),
        ("  x = 7\n  x", "last_expr", 7),
        ("", "last_expr", None),
        ("def f(): pass", "last_expr", None),
        ("a = 5 ; a += 1", "last_expr_or_assign", 6),
        ("a = 5 ; a += 1;", "last_expr_or_assign", None),
        ("l = [0, 1, 2]\nl[0] = 5", "last_expr_or_assign", None),
        ("def f(): pass\nf.x = 5", "last_expr_or_assign", None),
        ("a: int = 3", "last_expr_or_assign", 3),
        ("a = b = 8", "last_expr_or_assign", 8),
        ("a, b = 1, 2", "last_expr_or_assign", None),
        ("1 + 1", "none", None),
    ],
)
def test_the_last_expression_is_the_result(source: str, mode: str, value: Any) -> None:
    assert eval_code(source, return_mode=mode) == value


def test_a_semicolon_may_be_of_no_importance() -> None:
    assert eval_code("1 + 1;", quiet_trailing_semicolon=False) == 2
    assert should_quiet("1;") and should_quiet("1 ; # c\n\n")
    assert not should_quiet("';'") and not should_quiet("(1;")


def test_globals_are_new_ones_unless_given() -> None:
    with pytest.raises(NameError):
        eval_code("test_globals_are_new_ones_unless_given")
    space: dict[str, Any] = {"x": 1}
    assert eval_code("y = x + 1; y", space) == 2
    assert space["y"] == 2
    local: dict[str, Any] = {}
    eval_code("z = x\ndef f(): return y", space, local)
    assert "z" not in space and local["z"] == 1
    assert local["f"]() == 2


def test_the_code_can_be_changed_and_the_result_leaves_no_name() -> None:
    runner = CodeRunner("y = 1\nx + 700").compile()
    assert runner.code is not None
    consts = tuple(900 if each == 700 else each for each in runner.code.co_consts)
    runner.code = runner.code.replace(co_consts=consts)
    space = {"x": 1}
    assert runner.run(space) == 901
    assert set(space) == {"x", "y", "__builtins__"}


@pytest.mark.parametrize(
    ("source", "mode", "value"),
    [("1 + 1", "eval", 2), ("1 + 1", "single", 2), ("x = 1", "single", None)],
)
def test_a_source_may_be_an_expression_or_one_statement(
    source: str, mode: str, value: Any
) -> None:
    assert CodeRunner(source, mode=mode).compile().run() == value
    with pytest.raises(SyntaxError):
        CodeRunner(f"{source}\n{source}", mode=mode)


def test_the_mode_is_one_of_three() -> None:
    with pytest.raises(ValueError, match="return_mode is one of"):
        eval_code("1", return_mode="last")


def test_a_tree_can_be_changed_before_it_is_compiled_once() -> None:
    runner = CodeRunner("x = 1 + 1\nx")
    statement = runner.ast.body[0]
    assert isinstance(statement, ast.Assign)
    statement.value = ast.Constant(40)
    with pytest.raises(RuntimeError, match="not been compiled"):
        runner.run()
    assert runner.compile().run() == 40
    assert runner.run({}) == 40
    with pytest.raises(RuntimeError, match="already"):
        runner.compile()


async def test_a_source_may_await() -> None:
    source = "import asyncio\nawait asyncio.sleep(0)\nawait asyncio.sleep(0, 5)"
    assert await eval_code_async(source) == 5
    space = {"asyncio": asyncio}
    assert await eval_code_async("x = await asyncio.sleep(0, 1)", space) is None
    assert await eval_code_async("3") == 3
    with pytest.raises(SyntaxError, match="use run_async"):
        eval_code(source)


def test_a_file_name_of_ones_own_shows_lines_in_tracebacks() -> None:
    source = "\nraise ValueError('no')  # why"

    def trace(name: str) -> str:
        try:
            eval_code(source, filename=name)
        except ValueError:
            return traceback.format_exc()
        return ""

    assert "# why" in trace("made.py")
    assert "# why" not in trace("<exec>")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import numpy as np; import scipy.stats", ["numpy", "scipy", "scipy.stats"]),
        ("from a.b import c", ["a", "a.b"]),
        ("from . import x\nfrom .y import z", []),
        ("def f():\n  import late", ["late"]),
        ("  import indented", ["indented"]),
        ("this is no Python", []),
        ("", []),
    ],
)
def test_imports_are_found_with_their_packages(source: str, names: list[str]) -> None:
    assert find_imports(source) == names


def test_arguments_that_a_function_does_not_take_are_left_out() -> None:
    def two(a: int, b: int = 2, *, c: int = 3) -> tuple[int, int, int]:
        return a, b, c

    assert relaxed_call(two, 1, 5, 9, c=4, d=8) == (1, 5, 4)
    assert relaxed_wrap(two)(1, 5, 9, d=8) == (1, 5, 3)
    assert relaxed_call(lambda *a, **k: (a, k), 1, x=2) == ((1,), {"x": 2})
    with pytest.raises(TypeError, match="missing a required argument: 'a'"):
        relaxed_call(two)
    with pytest.raises(TypeError, match="multiple values for argument 'b'"):
        relaxed_call(two, 1, 2, b=3)

    def placed(a: int, /, b: int = 2) -> tuple[int, int]:
        return a, b

    with pytest.raises(TypeError, match="missing .* argument: 'a'"):
        relaxed_call(placed, a=1)
    assert relaxed_call(placed, 1, a=5, b=3) == (1, 3)


def test_what_does_not_tell_its_arguments_is_called_as_it_is() -> None:
    assert relaxed_call(int, "7") == 7
    with pytest.raises(TypeError, match="Cannot wrap function"):
        relaxed_wrap(int)


def test_the_files_of_a_folder_are_copied_over_those_of_another(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    with pytest.raises(ValueError, match="source is not a directory"):
        install_files(source, target)
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "file").write_text("new")
    install_files(source, target)
    (target / "inner" / "file").write_text("old")
    (target / "inner" / "other").write_text("stays")
    install_files(str(source), str(target))
    assert (target / "inner" / "file").read_text() == "new"
    assert (target / "inner" / "other").read_text() == "stays"
    with pytest.raises(ValueError, match="file is not a directory"):
        install_files(source, target / "inner" / "file")
