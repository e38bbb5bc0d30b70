# SPDX-License-Identifier: Apache-2.0
"""The module `pyodide_js`: a page's object `pyodide`, as its Python sees it."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

import micropip
import pyodide_js
from pyodide import ffi
from pyodide.ffi import to_js
from pyodide_js import _packages


def test_a_source_runs_in_the_names_of_the_script() -> None:
    main = vars(sys.modules["__main__"])
    assert pyodide_js.globals is main
    try:
        assert pyodide_js.runPython("made_here = 3; made_here + 1") == 4
        assert pyodide_js.globals["made_here"] == 3
    finally:
        main.pop("made_here", None)
    space: dict[str, Any] = {"x": 1}
    assert pyodide_js.runPython("y = x + 1; y", {"globals": space}) == 2
    assert space["y"] == 2
    assert pyodide_js.runPython("__name__", to_js({"globals": space})) == "builtins"


async def test_an_asynchronous_source_is_a_task_that_begins_later() -> None:
    space: dict[str, Any] = {"told": []}
    source = "import asyncio\ntold.append(1)\nawait asyncio.sleep(0, 7)"
    task = pyodide_js.runPythonAsync(source, globals=space)
    assert space["told"] == []
    assert await task.then(lambda value: value + 1) == 8
    assert space["told"] == [1]


def test_a_member_is_imported_by_its_full_name() -> None:
    assert pyodide_js.pyimport("os.path.join") is os.path.join
    assert pyodide_js.pyimport("os.path") is os.path
    assert pyodide_js.pyimport("email.mime.text").__name__ == "email.mime.text"
    assert pyodide_js.pyimport("sys") is sys
    assert "join" not in pyodide_js.globals
    with pytest.raises(ModuleNotFoundError, match="amaru_never"):
        pyodide_js.pyimport("amaru_never")


def test_objects_become_pythons() -> None:
    made = to_js({"a": [1, {"b": 2}]})
    assert pyodide_js.toPy(made) == {"a": [1, {"b": 2}]}
    assert isinstance(pyodide_js.toPy(made, {"depth": 1})["a"], ffi.JsArray)
    assert pyodide_js.toPy(3) == 3
    assert pyodide_js.toPy(made, defaultConverter=lambda *a: 1)["a"][0] == 1


def test_small_names() -> None:
    import pyodide

    assert pyodide_js.pyodide_py is pyodide and pyodide_js.ffi is ffi
    assert pyodide_js.version == pyodide.__version__
    assert pyodide_js.setDebug(True) is False and pyodide_js.setDebug(False) is True
    pyodide_js.registerJsModule("amaru_made", {"x": 1})
    assert __import__("amaru_made").x == 1
    pyodide_js.unregisterJsModule("amaru_made")
    with pytest.raises(ImportError, match=r"pyodide_js.FS is not available.*open\(\)"):
        _ = pyodide_js.FS


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


@pytest.mark.parametrize("format", ["gztar", "tar.gz", ".tar.gz", "tgz", ".tgz"])
def test_an_archive_is_unpacked_where_it_is_told(tmp_path: Path, format: str) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        data = to_js(archive(made="text"))
        pyodide_js.unpackArchive(data, format, {"extractDir": str(tmp_path)})
        assert (tmp_path / "made").read_text() == "text"
        with pytest.raises(TypeError, match="takes a buffer, not list"):
            pyodide_js.unpackArchive([1], format)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


# Packages


def test_the_packages_of_imports_are_known_by_name() -> None:
    source = "import skimage.io, PIL, os, amaru_unknown\nimport geopandas"
    assert _packages.of_imports(source) == ["pillow", "geopandas", "scikit-image"]
    assert _packages.of_imports("import os, pytest, micropip, js") == []
    assert _packages.of_imports("this is no Python") == []


async def test_loading_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    async def install(names: list[str]) -> None:
        asked.append(names)
        if "bad" in names:
            raise ValueError("cannot install 'bad'")

    monkeypatch.setattr(micropip, "install", install)
    told: list[str] = []
    found = await pyodide_js.loadPackage("pytest", {"messageCallback": told.append})
    assert [(each.name, each.version) for each in found] == [
        ("pytest", pytest.__version__)
    ]
    assert (found[0].packageType, told) == ("package", ["Loaded pytest"])
    url = "https://wheels.example/a_b-1.0-py3-none-any.whl"
    found = await pyodide_js.loadPackage(to_js(["ssl", url]))
    assert [each.fileName for each in found] == ["", "a_b-1.0-py3-none-any.whl"]
    with pytest.raises(ffi.JsException, match="cannot install 'bad'"):
        await pyodide_js.loadPackage(["bad"], errorCallback=told.append)
    assert told[1:] == ["cannot install 'bad'"]
    await pyodide_js.loadPackagesFromImports("import PIL, os")
    assert asked == [["pytest"], ["ssl", url], ["bad"], ["pillow"]]


async def test_what_is_always_there_is_loaded_without_an_installer() -> None:
    found = await pyodide_js.loadPackage(["micropip", "ssl", "sqlite3", "test"])
    assert [each.name for each in found] == ["micropip", "ssl", "sqlite3", "test"]
    assert dict(pyodide_js.loadedPackages) == {}
