# SPDX-License-Identifier: Apache-2.0
"""The error for a part of Pyodide that is not here."""

__all__ = ["MissingAPI", "missing"]


class MissingAPI(NotImplementedError, ImportError):
    """A name of Pyodide that Amaru does not have; `from … import` raises it too."""


_REAL_FILES = "the file system is real; use open(), os and pathlib"
_ADVICE = {
    "pyodide.code.run_js": "there is no JavaScript here; write it in Python",
    "pyodide_js.ERRNO_CODES": "use the module errno",
    "pyodide_js.FS": _REAL_FILES,
    "pyodide_js.PATH": "the file system is real; use os.path",
    "pyodide_js._api": "it is private to Pyodide; for a state of its own, give "
    "pyodide_js.runPython globals, or start a process",
    "pyodide_js._module": "it is private to Pyodide; use ctypes for native code",
    "pyodide_js.canvas": "there is no page here; save a picture to a file",
    "pyodide_js.checkInterrupt": "interrupts need no help here; remove the call",
    "pyodide_js.config": "its settings are options of `amaru run`",
    "pyodide_js.loadPyodide": "Python runs already; use pyodide_js itself",
    "pyodide_js.lockfile": "use micropip.list(), or `amaru env lock`",
    "pyodide_js.lockfileBaseUrl": "use micropip.set_index_urls",
    "pyodide_js.mountNativeFS": _REAL_FILES,
    "pyodide_js.mountNodeFS": _REAL_FILES,
    "pyodide_js.registerComlink": "there are no workers here; use threading",
    "pyodide_js.setInterruptBuffer": "press Ctrl-C, or use signal.raise_signal",
    "pyodide_js.setStderr": "use contextlib.redirect_stderr",
    "pyodide_js.setStdin": "assign to sys.stdin",
    "pyodide_js.setStdout": "use contextlib.redirect_stdout",
    "pyodide_js.useNodeSockFS": "sockets are real; use the module socket",
}


def missing(module: str, name: str) -> Exception:
    """Return what to raise for the attribute `name` of `module`."""
    # Probes of the import machinery and of copy, pickle and inspect expect this one.
    if name.startswith("__"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    advice = _advice(module, name)
    return MissingAPI(f"{module}.{name} is not available in Amaru: {advice}")


def _advice(module: str, name: str) -> str:
    page = "pyodide_js" if module == "pyodide" else module
    if known := _ADVICE.get(f"{page}.{name}"):
        return known
    from difflib import get_close_matches

    from amaru._names import NAMES

    for home, names in NAMES.items():
        if names.get(name) is not None:
            return f"use {home}.{name}"
    there = [each for each, note in NAMES.get(module, {}).items() if note is not None]
    similar = get_close_matches(name, there, 1)
    use = f"{module}.{similar[0]}" if similar else f"what dir({module}) lists"
    return f"use {use}, or guard it with `except ImportError`"
