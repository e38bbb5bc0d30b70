# SPDX-License-Identifier: Apache-2.0
"""JavaScript's typed arrays: memory with numbers in it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import IO, Any, ClassVar

from pyodide.ffi._kinds import JsTypedArray

__all__ = ["TypedArray", "kinds", "of_buffer"]


class TypedArray(JsTypedArray, array):  # type: ignore[type-arg]
    """An array of numbers; its subclasses have the kinds of numbers."""

    _code: ClassVar[str] = "B"

    def __new__(cls, content: Any = (), *rest: Any) -> TypedArray:
        made: TypedArray = array.__new__(cls, cls._code, _items(cls._code, content))
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tolist()})"

    def __reduce_ex__(self, protocol: Any, /) -> tuple[type, tuple[list[Any]]]:
        return type(self), (self.tolist(),)

    def __copy__(self) -> TypedArray:
        return type(self)(self)

    def __deepcopy__(self, memo: Any) -> TypedArray:
        return type(self)(self)

    @classmethod
    def new(cls, content: Any = ()) -> TypedArray:
        """Return an array of so many zeros, of a buffer's bytes or of numbers."""
        return cls(content)

    @property
    def length(self) -> int:
        """The number of numbers."""
        return len(self)

    @property
    def byteLength(self) -> int:
        """The number of bytes."""
        return len(self) * self.itemsize

    @property
    def buffer(self) -> TypedArray:
        """The memory; here the array itself."""
        return self

    def slice(self, start: int = 0, end: int | None = None) -> TypedArray:
        """Return a copy of the numbers from `start` to before `end`."""
        return type(self)(self.tolist()[start:end])

    def assign(self, rhs: Any) -> None:
        """Copy from a buffer of as many bytes."""
        with memoryview(self) as own, memoryview(rhs) as other:
            _match(own, other)
            own.cast("B")[:] = other.cast("B")

    def assign_to(self, to: Any) -> None:
        """Copy into a buffer of as many bytes."""
        with memoryview(self) as own, memoryview(to) as other:
            _match(own, other)
            other.cast("B")[:] = own.cast("B")

    def to_memoryview(self) -> memoryview:
        """Return a copy as memory."""
        return memoryview(array(self.typecode, self))

    def to_bytes(self) -> bytes:
        """Return a copy as bytes."""
        return self.tobytes()

    def to_string(self, encoding: str | None = None) -> str:
        """Return the bytes as text, by default in UTF-8."""
        return self.tobytes().decode(encoding or "utf-8", "replace")

    def to_file(self, file: IO[bytes]) -> None:
        """Write the bytes into an open file."""
        file.write(self.tobytes())

    def from_file(self, file: IO[bytes]) -> None:
        """Read from an open file until the array is full, or the file ends."""
        content = file.read(self.byteLength)
        with memoryview(self) as own:
            own.cast("B")[: len(content)] = content

    into_file = to_file
    _into_file = to_file


def _items(code: str, content: Any) -> Any:
    if isinstance(content, int):
        return bytes(content * array(code).itemsize)
    if isinstance(content, array):
        return content.tobytes() if content.typecode != code else content
    try:
        with memoryview(content) as view:
            return view.tobytes()
    except TypeError:
        return list(content) if isinstance(content, Iterable) else content


def _match(own: memoryview, other: memoryview) -> None:
    if own.nbytes != other.nbytes:
        raise ValueError(
            f"the array has {own.nbytes} bytes, and the other buffer {other.nbytes}"
        )


_CODES = {
    "BigInt64Array": "q",
    "BigUint64Array": "Q",
    "Float32Array": "f",
    "Float64Array": "d",
    "Int16Array": "h",
    "Int32Array": "i",
    "Int8Array": "b",
    "Uint16Array": "H",
    "Uint32Array": "I",
    "Uint8Array": "B",
    "Uint8ClampedArray": "B",
}

#: The classes by JavaScript's names.
kinds: dict[str, type[TypedArray]] = {
    name: type(
        name,
        (TypedArray,),
        {
            "__module__": __name__,
            "_code": code,
            "_exists": True,
            "BYTES_PER_ELEMENT": array(code).itemsize,
        },
    )
    for name, code in _CODES.items()
}
# Where pickle looks for them.
globals().update(kinds)
_BY_FORMAT = {"?": "Uint8Array", "c": "Uint8Array", "l": "BigInt64Array"} | {
    code: name for name, code in _CODES.items() if "Clamped" not in name
}


def of_buffer(view: memoryview) -> TypedArray:
    """Return a copy of a buffer of one dimension."""
    formats = {"L": "BigUint64Array", "n": "BigInt64Array", "N": "BigUint64Array"}
    name = (_BY_FORMAT | formats).get(view.format.lstrip("@=<"))
    if name is None:
        raise TypeError(
            f"a buffer of the format {view.format!r} has no typed array; "
            "convert it to numbers first, for example with tolist()"
        )
    return kinds[name](view)
