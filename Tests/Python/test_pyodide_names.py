# SPDX-License-Identifier: Apache-2.0
"""Each name that scripts for a page import does what `amaru check` says of it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from amaru._check import findings
from amaru._names import NAMES, WORKS

ROWS = [
    pytest.param(module, name, note, id=f"{module}.{name}")
    for module, names in NAMES.items()
    for name, note in names.items()
]


@pytest.mark.parametrize(("module", "name", "note"), ROWS)
def test_a_name_does_what_its_row_says(
    module: str, name: str, note: str | None, tmp_path: Path
) -> None:
    statement = f"from {module} import {name}"
    space: dict[str, Any] = {}
    if note is None:
        with pytest.raises(ImportError, match=f"{module}.{name} is not available"):
            exec(statement, space)
    else:
        exec(statement, space)
        assert space[name] is not None
        assert getattr(importlib.import_module(module), name) is not None
    file = tmp_path / "script.py"
    file.write_text(statement)
    (finding,) = findings(str(file))
    expected = "refused" if note is None else "works differently" if note else "works"
    assert finding.verdict == expected
    assert bool(finding.note) is (note != WORKS)


@pytest.mark.parametrize("module", NAMES)
def test_every_public_name_has_a_row(module: str) -> None:
    public = set(importlib.import_module(module).__all__)
    assert public <= set(NAMES[module])


@pytest.mark.parametrize("module", NAMES)
def test_all_names_can_be_imported_at_once(module: str) -> None:
    exec(f"from {module} import *", {})


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module, names in NAMES.items()
        for name, note in names.items()
        if note is None
    ],
)
def test_a_refusal_says_what_to_do(module: str, name: str) -> None:
    with pytest.raises((ImportError, AttributeError)) as caught:
        getattr(importlib.import_module(module), name)
    advice = str(caught.value).partition(" is not available in Amaru: ")[2]
    assert advice


@pytest.mark.parametrize(
    ("module", "name", "use"),
    [
        ("pyodide", "create_proxy", "use pyodide.ffi.create_proxy"),
        ("pyodide", "eval_code", "use pyodide.code.eval_code"),
        ("pyodide", "open_url", "use pyodide.http.open_url"),
        ("pyodide", "FS", "use open()"),
        ("pyodide", "loadPackages", "use pyodide.loadPackage, or guard it with"),
        ("pyodide.ffi", "pyfetch", "use pyodide.http.pyfetch"),
        ("pyodide.http", "xyzzy", "use what dir(pyodide.http) lists, or guard it with"),
        ("pyodide_js", "_api", "give pyodide_js.runPython globals, or start a process"),
        ("pyodide_js", "to_py", "use pyodide_js.toPy"),
    ],
)
def test_a_name_that_is_not_there_says_what_to_use(
    module: str, name: str, use: str
) -> None:
    with pytest.raises((ImportError, AttributeError)) as caught:
        getattr(importlib.import_module(module), name)
    assert f"{module}.{name} is not available in Amaru: " in str(caught.value)
    assert use in str(caught.value)


def test_the_package_has_what_the_object_of_a_page_has() -> None:
    import pyodide
    import pyodide_js

    for name in pyodide_js.__all__:
        if name not in ("globals", "loadedPackages"):
            assert getattr(pyodide, name) is getattr(pyodide_js, name)
    assert pyodide.runPython("__name__") == "__main__"
    assert {"loadPackage", "globals", "console"} <= set(dir(pyodide))
    assert set(pyodide_js.__all__) <= set(dir(pyodide_js))


def test_parts_are_there_without_an_import_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pyodide

    monkeypatch.delattr(pyodide, "console", raising=False)
    monkeypatch.delitem(sys.modules, "pyodide.console", raising=False)
    assert pyodide.console.Console
    with pytest.raises(ImportError, match="no_such_part"):
        _ = pyodide.no_such_part
