# SPDX-License-Identifier: Apache-2.0
"""The bridge's parts share one namespace, and import nothing when they run."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from runtime_parts import FILES, FLAG


def name_of(path: Path) -> str:
    return path.stem


def defined(path: Path) -> Iterator[str]:
    """The names that a part defines itself at the top level."""
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (t.id for t in targets if isinstance(t, ast.Name))


def test_no_part_replaces_a_name_of_another() -> None:
    count = Counter(name for path in FILES for name in defined(path))
    assert {name for name in count if count[name] > 1} == {"TYPE_CHECKING"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_have_licence_docstring_and_bounds(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# SPDX-License-Identifier: Apache-2.0\n")
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 500


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_name_hides_the_standard_library(path: Path) -> None:
    assert path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_part_imports_no_file(path: Path) -> None:
    of_asyncio = path.stem in ("loops", "futures", "iteration")
    before = "import asyncio" if of_asyncio else "pass"
    code = f"""
import sys
{before}
text = open({str(path)!r}, encoding="utf-8").read()
former = set(sys.modules)
exec(compile(text, "<amaru>", "exec", {FLAG}, True), {{}})
print(*set(sys.modules) - former - set(sys.builtin_module_names))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    # Where it is a file, it is a small extension, which asyncio imports too.
    assert set(done.stdout.split()) <= {"_contextvars"}
