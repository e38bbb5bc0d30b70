# SPDX-License-Identifier: Apache-2.0
"""Decoding: the fields and items of objects.

A function returns a str if there is nothing to decode; it says why.
"""

from _collections_abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VALUES = (
    type(None),
    str,
    int,
    float,
    complex,
    bytes,
    bytearray,
    memoryview,
    list,
    set,
    frozenset,
)


def fields_of(value: Any) -> Any:
    """Return a mapping as a dict, and an object with attributes as it is."""
    if isinstance(value, Mapping):
        return dict(value)
    is_plain_tuple = isinstance(value, tuple) and not hasattr(value, "_fields")
    if isinstance(value, _VALUES) or is_plain_tuple:
        return f"expected dict, found {type(value).__name__}"
    return value


def names_of_fields(value: Any) -> list[Any]:
    """Return the keys of a dict, else the names of the public attributes."""
    if isinstance(value, dict):
        return list(value)
    cls = type(value)
    for known in "__dataclass_fields__", "model_fields", "_fields", "__struct_fields__":
        names = getattr(cls, known, None)
        if names is not None:
            return [name for name in names if hasattr(value, name)]
    names = list(getattr(value, "__dict__", ()))
    for base in reversed(cls.__mro__):
        slots = base.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else slots
    return [n for n in names if not n.startswith("_") and hasattr(value, n)]


def items_of(value: Any) -> tuple[Any, ...] | str:
    """Return the items of a sized iterable that is neither text nor a mapping."""
    refused = (str, bytes, bytearray, memoryview, Mapping)
    is_sized = hasattr(value, "__len__") and hasattr(value, "__iter__")
    if isinstance(value, refused) or not is_sized:
        return f"expected list, found {type(value).__name__}"
    return tuple(value)
