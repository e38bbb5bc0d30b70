# SPDX-License-Identifier: Apache-2.0
"""The object `pyodide` of a page's JavaScript, as its Python sees it.

What returns a promise there returns a task here, which runs at once and has `then`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amaru import _gate

_gate.enter(__name__)

from pyodide import __version__ as version  # noqa: E402
from pyodide._missing import missing  # noqa: E402
from pyodide.ffi import register_js_module as registerJsModule  # noqa: E402
from pyodide.ffi import unregister_js_module as unregisterJsModule  # noqa: E402
from pyodide.ffi._containers import properties as _properties  # noqa: E402
from pyodide.ffi._conversion import to_py as _to_py  # noqa: E402

__all__ = [
    "ffi",
    "globals",
    "loadPackage",
    "loadPackagesFromImports",
    "loadedPackages",
    "pyimport",
    "pyodide_py",
    "registerJsModule",
    "runPython",
    "runPythonAsync",
    "setDebug",
    "toPy",
    "unpackArchive",
    "unregisterJsModule",
    "version",
]


def runPython(code: str, options: Any = None, /, **more: Any) -> Any:
    """Run a source and return the value of its last expression.

    The options are `globals` (by default those of the script), `locals` and `filename`.
    What it raises is ``sys.last_value``, too.
    """
    from pyodide.code import eval_code

    with _remembering():
        return eval_code(code, **_spaces(options, more))


def runPythonAsync(code: str, options: Any = None, /, **more: Any) -> Any:
    """Do `runPython` for a source that may await; it starts with the next turn."""
    from pyodide.code import eval_code_async
    from pyodide.webloop import promise

    async def running() -> Any:
        with _remembering():
            return await eval_code_async(code, **_spaces(options, more))

    return promise(running())


@contextmanager
def _remembering() -> Iterator[None]:
    try:
        yield
    except Exception as exc:
        from pyodide._last import remember

        remember(exc)
        raise


def _spaces(options: Any, more: dict[str, Any]) -> dict[str, Any]:
    given = _properties(options) | more
    if given.get("globals") is None:
        given["globals"] = _main()
    return given


def _main() -> dict[str, Any]:
    import __main__

    return vars(__main__)


def pyimport(name: str) -> Any:
    """Return a module, or a member of one, by its full name."""
    import importlib

    module, _, member = name.rpartition(".")
    if module:
        found = importlib.import_module(module)
        if hasattr(found, member):
            return getattr(found, member)
    return importlib.import_module(name)


def toPy(obj: Any, options: Any = None, /, **more: Any) -> Any:
    """Return Python's own containers for JavaScript's."""
    given = _properties(options) | more
    if "defaultConverter" in given:
        given["default_converter"] = given.pop("defaultConverter")
    return _to_py(obj, **given)


def loadPackage(names: Any, options: Any = None, /, **more: Any) -> Any:
    """Install packages; the task's result has their names and versions."""
    from pyodide.webloop import promise
    from pyodide_js import _packages

    return promise(_packages.load(names, _properties(options) | more))


def loadPackagesFromImports(code: str, options: Any = None, /, **more: Any) -> Any:
    """Install what a source imports, as far as its packages are known."""
    from pyodide_js import _packages

    return loadPackage(_packages.of_imports(code), options, **more)


def unpackArchive(
    buffer: Any, format: str, options: Any = None, /, **more: Any
) -> None:
    """Unpack an archive into ``extractDir``, by default the current folder."""
    from pyodide.ffi import run_sync
    from pyodide.http import FetchResponse

    try:
        data = bytes(memoryview(buffer))
    except TypeError:
        raise TypeError(
            f"unpackArchive takes a buffer, not {type(buffer).__name__}"
        ) from None
    extract = (_properties(options) | more).get("extractDir")
    response = FetchResponse("http://localhost/archive", data)
    run_sync(response.unpack_archive(format=format, extract_dir=extract))


class _Debug:
    on = False


def setDebug(on: bool) -> bool:
    """Return what was set before; it changes nothing here."""
    before, _Debug.on = _Debug.on, bool(on)
    return before


def __getattr__(name: str) -> Any:
    if name == "globals":
        return _main()
    if name == "loadedPackages":
        from pyodide_js import _packages

        return _packages.loaded()
    if name == "pyodide_py":
        import pyodide

        return pyodide
    if name == "ffi":
        from pyodide import ffi

        return ffi
    fault = missing(__name__, name)
    # The import of a private module asks for an attribute first.
    raise AttributeError(str(fault)) if name.startswith("_") else fault


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
