# SPDX-License-Identifier: Apache-2.0
"""The bridge's parts that are written in Python, loaded as the bridge loads them."""

from __future__ import annotations
import __future__

import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "Sources" / "Amaru" / "Runtime" / "Python"
FILES = sorted(FOLDER.glob("*.py"))
FLAG = __future__.annotations.compiler_flag


def load(*names: str) -> ModuleType:
    """Return the module `_amaru_runtime` after these parts have run."""
    module = ModuleType("_amaru_runtime")
    for name in names:
        source = (FOLDER / f"{name}.py").read_text("utf-8")
        code = compile(source, "<amaru>", "exec", FLAG, dont_inherit=True)
        exec(code, module.__dict__)
    return module


def run(code: str, *names: str) -> subprocess.CompletedProcess[str]:
    """Run a program with these parts as `runtime`, for what changes the process."""
    preamble = f"""\
        import sys
        sys.path.insert(0, {str(HERE)!r})
        from runtime_parts import load
        runtime = load(*{names!r})
    """
    program = textwrap.dedent(preamble) + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-B", "-c", program],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
