# SPDX-License-Identifier: Apache-2.0
"""The classes of JavaScript's objects.

Some have instances here: what `to_js` and the module `js` make. The others are for
annotations and `isinstance`, which is false.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Callable
from functools import wraps
from types import GenericAlias
from typing import Any, ClassVar, Final

__all__ = [
    "ConversionError",
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
    "JsError",
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


class JsProxy(metaclass=ABCMeta):  # noqa: B024
    """An object as JavaScript has them."""

    #: Whether there are instances here.
    _exists: ClassVar[bool] = False
    #: The word of JavaScript's operator ``typeof``.
    typeof: ClassVar[str] = "object"

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if not cls._exists:
            raise TypeError(
                f"{cls.__name__} cannot be created: there is no JavaScript here"
            )
        return super().__new__(cls)

    __class_getitem__: Any = classmethod(GenericAlias)

    @property
    def js_id(self) -> int:
        """A number that no other living object has."""
        return id(self)

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """Return Python's own objects for this one and what it holds."""
        from pyodide.ffi._conversion import to_py

        return to_py(self, depth=depth, default_converter=default_converter)


class JsDoubleProxy(JsProxy):
    """What `create_proxy` returns."""


class JsCallable(JsProxy):
    """A function."""

    typeof = "function"


class JsOnceCallable(JsCallable):
    """A function that can be called once; `create_once_callable` returns one."""


class JsPromise(JsProxy):
    """A promise; here a future with `then`, `catch` and `finally_`."""


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
    """An array; here a list with some of JavaScript's methods."""


class JsBuffer(JsProxy):
    """Bytes in memory."""


class JsTypedArray(JsBuffer, JsArray):
    """Numbers in memory."""


class JsMap(JsIterable):
    """A map; here a dict with some of JavaScript's methods."""


class JsMutableMap(JsMap):
    """A map that can be changed."""


class JsDomElement(JsProxy):
    """An element of a page."""


class JsFetchResponse(JsProxy):
    """A response of ``js.fetch``."""


class JsWeakRef(JsProxy):
    """A weak reference."""


class JsNull:
    """The class of `jsnull`."""

    typeof: Final = "object"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "jsnull"

    def __reduce__(self) -> str:
        return "jsnull"


jsnull: Final = JsNull()
"""JavaScript's null. Nothing returns it here: the host's nil is None."""


class JsBigInt(int):
    """An integer that JavaScript gets as a BigInt; here an int like any other.

    What it becomes as the left operand is one, too.
    """


def _of_integers(name: str) -> Callable[..., Any]:
    method = getattr(int, name)

    @wraps(method)
    def operator(*operands: Any) -> Any:
        result = method(*operands)
        return JsBigInt(result) if type(result) is int else result

    return operator


for _name in (
    *("abs", "add", "and", "floordiv", "invert", "lshift", "mod", "mul", "neg"),
    *("or", "pos", "pow", "rshift", "sub", "xor"),
):
    setattr(JsBigInt, f"__{_name}__", _of_integers(f"__{_name}__"))


class ConversionError(Exception):
    """A value that has no form on the other side."""


class InternalError(Exception):
    """A fault of Pyodide itself; nothing raises it here."""


class _HostError(RuntimeError):
    """An error of the host, where there is no host."""


#: What the host's functions raise when Swift code throws.
JsException: type[Exception] = getattr(
    sys.modules.get("_amaru_runtime"), "SwiftError", _HostError
)
# The attributes of JavaScript's errors, for those that Swift code throws.
for _name, _value in (
    ("name", property(lambda error: getattr(error, "swift_type", None) or "Error")),
    ("message", property(lambda error: str(error))),
    ("stack", property(lambda error: "")),
):
    if not hasattr(JsException, _name):
        setattr(JsException, _name, _value)


class JsError(JsException):  # type: ignore[misc, valid-type]
    """An error with JavaScript's name for its kind, such as ``TypeError``."""

    def __init__(self, name: str, message: str = "", stack: str = "") -> None:
        super().__init__(name, message, stack)

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name

    name = property(lambda self: self.args[0])
    message = property(lambda self: self.args[1])
    stack = property(lambda self: self.args[2])
