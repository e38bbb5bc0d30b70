# SPDX-License-Identifier: Apache-2.0
"""The error for a part of Pyodide that is not here."""

__all__ = ["MissingAPI", "missing"]


class MissingAPI(NotImplementedError, ImportError):
    """A name of Pyodide that Amaru does not have; `from … import` raises it too."""


_ADVICE = {
    "pyodide.code.run_js": "there is no JavaScript here; write it in Python",
    "pyodide_js.FS": "the file system is real; use open(), os and pathlib",
    "pyodide_js.PATH": "the file system is real; use os.path",
    "pyodide_js.ERRNO_CODES": "use the module errno",
    "pyodide_js.mountNativeFS": "the file system is real; use its paths",
    "pyodide_js.mountNodeFS": "the file system is real; use its paths",
    "pyodide_js.setInterruptBuffer": "press Ctrl-C, or use signal.raise_signal",
    "pyodide_js.checkInterrupt": "interrupts need no help here",
    "pyodide_js.setStdin": "assign to sys.stdin",
    "pyodide_js.setStdout": "use contextlib.redirect_stdout",
    "pyodide_js.setStderr": "use contextlib.redirect_stderr",
    "pyodide_js.lockfile": "use micropip.freeze(), or `amaru env lock`",
    "pyodide_js.canvas": "there is no page here",
    "pyodide_js.registerComlink": "there are no workers here",
}


def missing(module: str, name: str) -> Exception:
    """Return what to raise for the attribute `name` of `module`."""
    # Probes of the import machinery and of copy, pickle and inspect expect this one.
    if name.startswith("__"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    advice = _ADVICE.get(
        f"{module}.{name}",
        "it belongs to Python in a web page; remove its use, or guard it with "
        "`except ImportError`",
    )
    return MissingAPI(f"{module}.{name} is not available in Amaru: {advice}")
