# SPDX-License-Identifier: Apache-2.0
"""What is not here, and what to use instead."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from pyodide._missing import MissingAPI

__all__ = ["Missing", "advice", "error"]

_PAGE: Final = "there is no page here; print(), or let the Swift program register one"
_STORE: Final = "use a file, or the module shelve"
_ADVICE: Final = {
    "Blob": "use bytes",
    "File": "use open()",
    "FormData": "pass a dict or bytes as the body to js.fetch or pyodide.http.pyfetch",
    "Function": "use a function of Python",
    "Image": _PAGE,
    "Math": "use the module math",
    "RegExp": "use the module re",
    "WebAssembly": "use a wheel with native code",
    "WebSocket": "use the package websockets",
    "Worker": "use threading, multiprocessing or concurrent.futures",
    "XMLHttpRequest": "use js.fetch or pyodide.http.pyxhr",
    "addEventListener": "there is no page here; call the function",
    "alert": "use print()",
    "confirm": "use input()",
    "crypto": "use the modules secrets, uuid and hashlib",
    "document": _PAGE,
    "eval": "use pyodide.code.eval_code with Python's code",
    "importScripts": "use import",
    "indexedDB": "use the module sqlite3",
    "localStorage": _STORE,
    "location": "use sys.argv, or pyodide.http.base()",
    "navigator": "use the module platform",
    "process": "use the modules os and sys",
    "prompt": "use input()",
    "requestAnimationFrame": "use js.setTimeout",
    "require": "use import",
    "sessionStorage": _STORE,
    "window": "there is no page here; use js.globalThis for what the module js has",
}


def advice(name: str) -> str:
    """Return what to use instead of a name of JavaScript."""
    return _ADVICE.get(name, "write it in Python, or register it with the host")


def _message(name: str) -> str:
    return f"js.{name} is not available in Amaru: {advice(name.split('.')[0])}"


def error(name: str) -> AttributeError:
    """Return what to raise for the attribute `name` of the module."""
    if name.startswith("__"):
        return AttributeError(f"module 'js' has no attribute {name!r}")
    return AttributeError(_message(name), name=name)


class Missing(MetaPathFinder):
    """Finds no module; tells so for those below ``js``."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith("js.") or name.startswith("js._"):
            return None
        import js

        first = name.split(".")[1]
        if getattr(js, first, None) is not None:
            # It is there, and no module.
            return None
        raise MissingAPI(_message(name.removeprefix("js.")))
