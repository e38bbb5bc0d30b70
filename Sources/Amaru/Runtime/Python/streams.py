# SPDX-License-Identifier: Apache-2.0
"""The standard streams, which go where the task says."""

import codecs
import io
import sys
from _contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    from _typeshed import ReadableBuffer, WriteableBuffer

    # A capsule, and whether it has a target for stdout, stderr and stdin.
    Route = tuple[object, bool, bool, bool]
    Emit = Callable[[object, bool, str], object]
    Read = Callable[[object], str | None]
    Exchange = Callable[[object, int, Any], Any]
    # Any, since it is None if the process has no such file.
    File = io.TextIOWrapper | Any

_route: ContextVar[Route | None] = ContextVar("amaru.streams", default=None)


class _Streams:
    """The functions of Swift, and the route of the process."""

    emit: Emit
    read: Read
    exchange: Exchange
    process_route: Route | None = None


def route_streams(
    emit: Emit, read: Read, exchange: Exchange, process_route: Route
) -> ContextVar[Route | None]:
    """Replace the standard streams; return the variable that has a task's route.

    `emit` writes text, to stderr if so told; `read` returns a line, None at the end.
    `exchange` keeps what is left of a piece for a stream, and returns what it kept.
    """
    _Streams.emit, _Streams.read, _Streams.exchange = emit, read, exchange
    _Streams.process_route = process_route
    sys.stdout = RoutedOutput(sys.stdout, 1)
    sys.stderr = RoutedOutput(sys.stderr, 2)
    sys.stdin = RoutedInput(sys.stdin)
    return _route


def _target(index: int) -> object | None:
    for route in _route.get(), _Streams.process_route:
        if route is not None and route[index]:
            return route[0]
    return None


class _Routed(io.TextIOBase):
    """A standard stream that goes where the task's context says, else as before."""

    _NAMES = ("", "stdout", "stderr", "stdin")

    def __init__(self, former: File, index: int) -> None:
        self._former, self._index = former, index

    def _own(self) -> object | None:
        """Return the target in Swift; None if the former stream has to serve."""
        target = _target(self._index)
        if target is None and self._former is None:
            raise RuntimeError(f"lost sys.{self._NAMES[self._index]}")
        return target

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8" if self._own() is not None else self._former.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        if self._own() is not None:
            return "backslashreplace" if self._index == 2 else "strict"
        return self._former.errors

    @property
    def newlines(self) -> None:  # type: ignore[override]
        return None

    @property
    def name(self) -> str:
        if self._own() is not None:
            return f"<{self._NAMES[self._index]}>"
        return self._former.name

    @property
    def mode(self) -> str:
        return "r" if self._index == 3 else "w"

    @property
    def line_buffering(self) -> bool:
        return self._own() is not None or self._former.line_buffering

    def fileno(self) -> int:
        if self._own() is not None:
            raise io.UnsupportedOperation("fileno: this stream goes to Swift code")
        return self._former.fileno()

    def isatty(self) -> bool:
        return self._own() is None and self._former.isatty()

    def reconfigure(self, **options: Any) -> None:
        if self._own() is None:
            self._former.reconfigure(**options)

    def close(self) -> None:
        # As the process's streams: whoever closes one closes it for all.
        if self._own() is None:
            self._former.close()

    @property
    def closed(self) -> bool:
        former = self._former
        return _target(self._index) is None and (former is None or former.closed)

    def __getattr__(self, name: str) -> Any:
        # What only a file has, such as `_CHUNK_SIZE`.
        if name.startswith("__") or self._own() is not None:
            kind = type(self).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
        return getattr(self._former, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name='<{self._NAMES[self._index]}>'>"

    def __del__(self) -> None:
        """Leave the former stream open."""


class RoutedOutput(_Routed):
    """The standard output, or the standard error."""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        target = self._own()
        if target is None:
            return self._former.write(text)
        if not isinstance(text, str):
            kind = type(text).__name__
            raise TypeError(f"write() argument must be str, not {kind}")
        known = text
        if not text.isascii():
            # Lone surrogates, by the rule of the stream.
            known = text.encode("utf-8", self.errors or "strict").decode("utf-8")
        if known:
            _Streams.emit(target, self._index == 2, known)
        return len(text)

    def flush(self) -> None:
        if _target(self._index) is None and self._former is not None:
            self._former.flush()

    @property
    def buffer(self) -> io.BufferedIOBase | Any:
        target = self._own()
        if target is None:
            return self._former.buffer
        return _Bytes(self, target, self._index)


class _Bytes(io.BufferedIOBase):
    """The bytes below a routed output."""

    def __init__(self, text: RoutedOutput, target: object, index: int) -> None:
        self._text, self._target, self._index = text, target, index

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        if isinstance(data, str):
            raise TypeError("a bytes-like object is required, not 'str'")
        with memoryview(data) as view:
            count, piece = view.nbytes, view.tobytes()
        piece = (_Streams.exchange(self._target, self._index, None) or b"") + piece
        text, used = codecs.utf_8_decode(piece, "replace", False)
        if piece[used:]:
            _Streams.exchange(self._target, self._index, piece[used:])
        if text:
            _Streams.emit(self._target, self._index == 2, text)
        return count

    @property
    def raw(self) -> Self:
        return self

    def fileno(self) -> int:
        return self._text.fileno()


class RoutedInput(_Routed):
    """The standard input."""

    def __init__(self, former: File) -> None:
        super().__init__(former, 3)

    def readable(self) -> bool:
        return True

    def _line(self, target: object) -> str:
        """Return the next line, or what is left of one; empty at the end."""
        rest: str | None = _Streams.exchange(target, 3, None)
        if rest:
            return rest
        line = _Streams.read(target)
        return "" if line is None else line + "\n"

    def _part(self, target: object, text: str, size: int | None) -> str:
        if size is None or size < 0:
            return text
        if text[size:]:
            _Streams.exchange(target, 3, text[size:])
        return text[:size]

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        target = self._own()
        if target is None:
            return self._former.readline(-1 if size is None else size)
        return "" if size == 0 else self._part(target, self._line(target), size)

    def read(self, size: int | None = -1, /) -> str:
        target = self._own()
        if target is None:
            return self._former.read(-1 if size is None else size)
        text = ""
        while size is None or size < 0 or len(text) < size:
            line = self._line(target)
            if not line:
                break
            text += line
        return self._part(target, text, size)

    def __iter__(self) -> Self:  # type: ignore[override]
        return self

    def __next__(self) -> str:  # type: ignore[override]
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    @property
    def buffer(self) -> io.BufferedIOBase | Any:
        if self._own() is None:
            return self._former.buffer
        return io.BufferedReader(_RawInput(self))


class _RawInput(io.RawIOBase):
    """The bytes below the routed input, a line at a time."""

    def __init__(self, text: RoutedInput) -> None:
        self._text, self._bytes = text, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        self._bytes = self._bytes or self._text.readline().encode("utf-8")
        with memoryview(buffer) as view:
            count = min(len(view), len(self._bytes))
            view[:count], self._bytes = self._bytes[:count], self._bytes[count:]
        return count
