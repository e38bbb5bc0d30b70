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
    # In a page they are all loaded before the script.
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    raise missing(__name__, name)
