# SPDX-License-Identifier: Apache-2.0
"""As much of Pyodide as a script written for it needs here."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from amaru import _gate
from pyodide._missing import missing

__all__ = ["code", "common", "console", "ffi", "http", "webloop"]

_gate.enter(__name__)

# Not Pyodide's number: libraries compare it to find out what a browser offers.
__version__ = "0"


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        # In a page they are all loaded before the script.
        if find_spec(f"{__name__}.{name}") is not None:
            return import_module(f"{__name__}.{name}")
        if name in (page := _page()).__all__:
            return getattr(page, name)
    raise missing(__name__, name)


def _page() -> Any:
    # The object of JavaScript that has the same name as this package.
    return import_module("pyodide_js")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_page().__all__})
