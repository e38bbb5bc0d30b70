# SPDX-License-Identifier: Apache-2.0
"""Libraries don't take the host for a browser, unless the script does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = """\
import sys

def in_page():
    return "pyodide" in sys.modules or sys.platform == "emscripten"

def tries(name):
    try:
        __import__(name)
    except ModuleNotFoundError as exc:
        assert exc.name == name.split(".")[0], exc.name
        return False
    return True
"""


def run(tmp_path: Path, script: str, *arguments: str) -> str:
    packages = tmp_path / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "asking.py").write_text(LIBRARY)
    (packages / "asking_main.py").write_text("import pyodide.ffi; print('imported')")
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-B", *(arguments or ["script.py"])],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join([*sys.path, str(packages)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("name", ["js", "pyodide", "pyodide_js", "pyodide.ffi"])
def test_a_library_finds_no_page(tmp_path: Path, name: str) -> None:
    script = f"""\
import asking, sys
print(asking.tries({name!r}), asking.in_page(), {name!r} in sys.modules)
"""
    assert run(tmp_path, script) == "False False False\n"


def test_a_library_finds_one_when_the_script_has_asked(tmp_path: Path) -> None:
    script = """\
import asking
print(asking.tries("js"), asking.tries("pyodide"))
from pyodide.ffi import create_proxy
print(asking.tries("js"), asking.tries("pyodide_js"), asking.in_page())
"""
    assert run(tmp_path, script) == "False False\nTrue True True\n"


@pytest.mark.parametrize(
    "statement",
    [
        "import js",
        "import pyodide_js",
        "import importlib; importlib.import_module('pyodide.http')",
    ],
)
def test_a_script_may_ask_for_each_first(tmp_path: Path, statement: str) -> None:
    script = f"{statement}\nimport asking\nprint(asking.tries('pyodide.code'))"
    assert run(tmp_path, script) == "True\n"


def test_a_script_may_be_an_installed_module(tmp_path: Path) -> None:
    assert run(tmp_path, "", "-m", "asking_main") == "imported\n"


def test_the_platform_stays(tmp_path: Path) -> None:
    script = "import js, pyodide.ffi, sys; print(sys.platform, pyodide.ffi.IN_PYODIDE)"
    assert run(tmp_path, script) == f"{sys.platform} False\n"
