# SPDX-License-Identifier: Apache-2.0
"""What scripts for a web page use of JavaScript that needs no page.

The rest, such as `document`, is an AttributeError (an ImportError after ``from js
import``) that says what to use here. A program or a script adds names of its own with
``register_js_module("js", {...})``, or by setting attributes.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final

from amaru import _gate

_gate.enter(__name__)

from js._missing import Missing, error  # noqa: E402

__all__ = [
    "AbortController",
    "AbortSignal",
    "Array",
    "ArrayBuffer",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "Date",
    "Error",
    "Float32Array",
    "Float64Array",
    "Headers",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "JSON",
    "Map",
    "Number",
    "Object",
    "Promise",
    "RangeError",
    "Request",
    "Response",
    "Set",
    "String",
    "TextDecoder",
    "TextEncoder",
    "TypeError",
    "URL",
    "URLSearchParams",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "atob",
    "btoa",
    "clearInterval",
    "clearTimeout",
    "console",
    "decodeURIComponent",
    "encodeURIComponent",
    "fetch",
    "globalThis",
    "performance",
    "queueMicrotask",
    "self",
    "setInterval",
    "setTimeout",
    "structuredClone",
]

# Imported by need: most scripts use one of them.
_HOMES: Final = (
    ("js._console", ("console",)),
    (
        "js._timing",
        (
            "Date",
            "clearInterval",
            "clearTimeout",
            "performance",
            "queueMicrotask",
            "setInterval",
            "setTimeout",
        ),
    ),
    (
        "js._network",
        (
            "AbortController",
            "AbortSignal",
            "Headers",
            "Request",
            "Response",
            "fetch",
        ),
    ),
    ("js._urls", ("URL", "URLSearchParams")),
    ("js._promises", ("Promise",)),
    (
        "js._values",
        (
            "Array",
            "Boolean",
            "Error",
            "JSON",
            "Map",
            "Number",
            "Object",
            "RangeError",
            "Set",
            "String",
            "TypeError",
            "structuredClone",
        ),
    ),
    (
        "js._text",
        (
            "TextDecoder",
            "TextEncoder",
            "atob",
            "btoa",
            "decodeURIComponent",
            "encodeURIComponent",
        ),
    ),
)
_PLACES: Final = {name: home for home, names in _HOMES for name in names}
_ITSELF: Final = ("globalThis", "self")

# So that `from js import document` tells what to use instead.
sys.meta_path.append(Missing())


def __getattr__(name: str) -> Any:
    if name in _ITSELF:
        return sys.modules[__name__]
    from pyodide.ffi._modules import registered

    found, value = registered(__name__, name)
    if found:
        return value
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    if name.endswith("Array") or name == "ArrayBuffer":
        from pyodide.ffi._buffers import kinds

        kind = kinds.get("Uint8Array" if name == "ArrayBuffer" else name)
        if kind is not None:
            return kind
    raise error(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
