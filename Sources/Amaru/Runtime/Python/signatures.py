# SPDX-License-Identifier: Apache-2.0
"""Exported functions: defaults of parameters, and errors of calls that do not fit.

This is simpler in Python than through the C API.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType
    from typing import Any


def literal_or_dots(value: object) -> str:
    """Return how a default is written: as a literal if it is one, for inspect."""
    return repr(value) if _is_literal(value) else "..."


def _is_literal(value: Any) -> bool:
    kind = type(value)
    if kind is float or kind is complex:
        # Not infinities and NaN, which have no literal.
        return bool(value - value == 0)
    if kind is tuple or kind is list or kind is set:
        return all(map(_is_literal, value))
    if kind is dict:
        return all(map(_is_literal, value)) and all(map(_is_literal, value.values()))
    return value is None or kind in (bool, int, str, bytes)


_shapes: dict[tuple[str, str], FunctionType] = {}


def function_of_shape(name: str, parameters: str) -> FunctionType:
    """Return a function that takes the same arguments.

    Calling it lets Python say what is wrong with a call.
    """
    shape = _shapes.get((name, parameters))
    if shape is None:
        namespace: dict[str, FunctionType] = {}
        exec(f"def shape({parameters}): pass", namespace)
        shape = namespace["shape"]
        shape.__name__, shape.__qualname__ = name.rpartition(".")[2], name
        if len(_shapes) >= 256:
            _shapes.clear()
        _shapes[name, parameters] = shape
    return shape
