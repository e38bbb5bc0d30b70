# SPDX-License-Identifier: Apache-2.0
"""Pyodide's names for the border between a script and its host.

Here the host takes Python's objects as they are and gives Python's objects back: there
is nothing that has to be converted. What `to_js` makes is a list, a dict or a set with
the methods that JavaScript's have.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from pyodide._missing import missing
from pyodide.ffi._conversion import ToJsConverter, ToPyConverter, to_js
from pyodide.ffi._kinds import (
    ConversionError,
    InternalError,
    JsArray,
    JsAsyncGenerator,
    JsAsyncIterable,
    JsAsyncIterator,
    JsBigInt,
    JsBuffer,
    JsCallable,
    JsDomElement,
    JsDoubleProxy,
    JsException,
    JsFetchResponse,
    JsGenerator,
    JsIterable,
    JsIterator,
    JsMap,
    JsMutableMap,
    JsNull,
    JsOnceCallable,
    JsPromise,
    JsProxy,
    JsTypedArray,
    JsWeakRef,
    jsnull,
)
from pyodide.ffi._modules import register_js_module, unregister_js_module
from pyodide.ffi._proxies import (
    create_once_callable,
    create_proxy,
    destroy_proxies,
)
from pyodide.ffi._waiting import can_run_sync, run_sync

__all__ = [
    "ConversionError",
    "IN_PYODIDE",
    "InternalError",
    "JsArray",
    "JsAsyncGenerator",
    "JsAsyncIterable",
    "JsAsyncIterator",
    "JsBigInt",
    "JsBuffer",
    "JsCallable",
    "JsDomElement",
    "JsDoubleProxy",
    "JsException",
    "JsFetchResponse",
    "JsGenerator",
    "JsIterable",
    "JsIterator",
    "JsMap",
    "JsMutableMap",
    "JsNull",
    "JsOnceCallable",
    "JsPromise",
    "JsProxy",
    "JsTypedArray",
    "JsWeakRef",
    "ToJsConverter",
    "ToPyConverter",
    "can_run_sync",
    "create_once_callable",
    "create_proxy",
    "destroy_proxies",
    "jsnull",
    "register_js_module",
    "run_sync",
    "to_js",
    "unregister_js_module",
    "wrappers",
]

IN_PYODIDE: Final = False
"""False: there is no web page around this interpreter."""


def __getattr__(name: str) -> Any:
    if name == "wrappers":
        return import_module("pyodide.ffi.wrappers")
    raise missing(__name__, name)
