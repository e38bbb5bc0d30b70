# SPDX-License-Identifier: Apache-2.0
"""What `amaru check` says of a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from amaru._check import files, findings

SCRIPT = """\
import micropip
import js
from pyodide.http import pyfetch, FetchResponse
from pyodide.ffi import create_proxy, JsProxy, JsException
import pyodide.code as code
from js import document, console as log
import pyodide_js
from pyodide import webloop, canvas, loadPackage

await micropip.install("httpx")
micropip.list()
code.eval_code("1")
code.run_js("1")
log.error("no")
log.table("no")
unrelated = object()
unrelated.micropip.install("x")
"""


def judged(tmp_path: Path, source: str) -> dict[str, tuple[int, str]]:
    file = tmp_path / "script.py"
    file.write_text(source)
    return {each.name: (each.line, each.verdict) for each in findings(str(file))}


def test_each_name_is_judged_where_it_is_used_first(tmp_path: Path) -> None:
    assert judged(tmp_path, SCRIPT) == {
        "js.console.error": (14, "works differently"),
        "js.console.table": (15, "refused"),
        "js.document": (6, "refused"),
        "micropip.install": (10, "works differently"),
        "micropip.list": (11, "works"),
        "pyodide.code.eval_code": (12, "works"),
        "pyodide.code.run_js": (13, "refused"),
        "pyodide.ffi.JsException": (4, "works"),
        "pyodide.ffi.JsProxy": (4, "works differently"),
        "pyodide.ffi.create_proxy": (4, "works differently"),
        "pyodide.http.FetchResponse": (3, "works"),
        "pyodide.http.pyfetch": (3, "works differently"),
        "pyodide.canvas": (8, "refused"),
        "pyodide.loadPackage": (8, "works differently"),
        "pyodide.webloop": (8, "works"),
        "pyodide_js": (7, "works"),
    }


def test_what_is_refused_says_what_to_use(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text("import js, pyodide_js\njs.document.body\npyodide_js.FS.x\n")
    notes = {each.name: each.note for each in findings(str(file))}
    assert "there is no page here" in notes["js.document.body"]
    assert "use open()" in notes["pyodide_js.FS.x"]


def test_pyscript_is_refused_with_what_to_use(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text("from pyscript import display")
    (finding,) = findings(str(file))
    assert finding.verdict == "refused" and "use print()" in finding.note


GUARDED = """\
try:
    from js import document, console
    from pyscript import display
except {error}:
    document = {handler}
if document:
    document.title = "title"
"""


@pytest.mark.parametrize(
    "error",
    ["ImportError", "Exception", "(OSError, ImportError)", "builtins.ImportError"],
)
def test_what_the_script_can_do_without_is_not_refused(
    tmp_path: Path, error: str
) -> None:
    assert judged(tmp_path, GUARDED.format(error=error, handler="None")) == {
        "js.console": (2, "works differently"),
        "js.document": (2, "works differently"),
        "pyscript.display": (3, "works differently"),
    }


def test_what_is_suppressed_is_not_refused(tmp_path: Path) -> None:
    source = """\
with suppress(OSError, ImportError), open("a"):
    from js import document
with open(ImportError), contextlib.suppress(OSError):
    from js import alert
"""
    found = judged(tmp_path, source)
    assert found["js.document"] == (2, "works differently")
    assert found["js.alert"] == (4, "refused")


@pytest.mark.parametrize(
    ("error", "handler"),
    [("OSError", "None"), ("ImportError", "None; raise"), ("ImportError", "exit(1)")],
)
def test_a_script_that_does_not_go_on_without_a_name_is_refused(
    tmp_path: Path, error: str, handler: str
) -> None:
    found = judged(tmp_path, GUARDED.format(error=error, handler=handler))
    assert found["js.document.title"] == (7, "refused")
    assert found["pyscript.display"] == (3, "refused")


def test_only_what_fails_so_counts_as_prepared_for(tmp_path: Path) -> None:
    source = GUARDED.format(error="ModuleNotFoundError", handler="None")
    found = judged(tmp_path, source + "import pyscript\ndef f(): from js import alert")
    assert found["js.document.title"] == (7, "refused")
    assert found["js.alert"] == (9, "refused")
    assert found["pyscript.display"] == (3, "works differently")


@pytest.mark.parametrize(
    "source", ["", "import os\nos.path.join('a')", "x = 1\nx.js.y"]
)
def test_a_script_without_such_names_has_no_findings(
    tmp_path: Path, source: str
) -> None:
    assert judged(tmp_path, source) == {}


def test_a_star_means_the_module(tmp_path: Path) -> None:
    assert judged(tmp_path, "from pyodide.ffi import *") == {
        "pyodide.ffi.*": (1, "works")
    }


def test_the_files_of_a_folder_are_found(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", "inner/c.py", ".hidden/d.py", "__pycache__/e.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "text.txt").write_text("")
    names = [str(Path(file).relative_to(tmp_path)) for file in files(str(tmp_path))]
    assert names == ["a.py", "b.py", "inner/c.py"]
    assert files("anything") == ["anything"]


def test_what_is_no_python_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SyntaxError):
        judged(tmp_path, "this is no Python")
    for source in ("x = '\0'", "-" * 100_000 + "1", "import js\njs" + ".a" * 5000):
        with pytest.raises(SyntaxError):
            judged(tmp_path, source)
    with pytest.raises(OSError):
        findings(str(tmp_path / "missing.py"))
