# SPDX-License-Identifier: Apache-2.0
"""The classes of JavaScript's objects, of which there is no instance here."""

from __future__ import annotations

import sys
from typing import Any, Final, NoReturn

__all__ = [
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
    "jsnull",
]


class JsProxy:
    """An object of JavaScript."""

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"{cls.__name__} cannot be created: there is no JavaScript here"
        )

    def __class_getitem__(cls, item: Any) -> type[JsProxy]:
        return cls


class JsDoubleProxy(JsProxy):
    """A proxy of a proxy; here `create_proxy` returns a class of its own."""


class JsCallable(JsProxy):
    """A function."""


class JsOnceCallable(JsCallable):
    """A function that can be called once."""


class JsPromise(JsProxy):
    """A promise; here the host's asynchronous functions return asyncio's futures."""


class JsIterable(JsProxy):
    """What can be iterated."""


class JsIterator(JsIterable):
    """An iterator."""


class JsGenerator(JsIterator):
    """A generator."""


class JsAsyncIterable(JsProxy):
    """What can be iterated asynchronously."""


class JsAsyncIterator(JsAsyncIterable):
    """An asynchronous iterator."""


class JsAsyncGenerator(JsAsyncIterator):
    """An asynchronous generator."""


class JsArray(JsIterable):
    """An array."""


class JsTypedArray(JsArray):
    """An array of numbers."""


class JsBuffer(JsProxy):
    """Bytes in memory."""


class JsMap(JsIterable):
    """A map."""


class JsMutableMap(JsMap):
    """A map that can be changed."""


class JsDomElement(JsProxy):
    """An element of a page."""


class JsFetchResponse(JsProxy):
    """A response; here `pyfetch` returns a class of its own."""


class JsWeakRef(JsProxy):
    """A weak reference."""


class JsNull:
    """The class of `jsnull`."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "jsnull"


jsnull: Final = JsNull()
"""JavaScript's null. Nothing returns it here: the host's nil is None."""


class JsBigInt(int):
    """An integer that JavaScript gets as a BigInt; here an int like any other."""


class _HostError(Exception):
    """An error of the host, where there is no host."""


#: What the host's functions raise when Swift code throws.
JsException: type[Exception] = getattr(
    sys.modules.get("_amaru_runtime"), "SwiftError", _HostError
)
