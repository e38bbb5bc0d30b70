# SPDX-License-Identifier: Apache-2.0
"""The body of a request: bytes, or pieces that are made while they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
)
from contextlib import asynccontextmanager
from typing import Any, Final

__all__ = ["Upload", "body_of"]

_PIECE: Final = 128 * 1024


class Upload:
    """A body that is read piece by piece from a file or an iterable."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._start = _position(source)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the pieces; a file is read on another thread."""
        if hasattr(self._source, "read"):
            while piece := await asyncio.to_thread(self._source.read, _PIECE):
                yield _raw(piece)
        elif isinstance(self._source, AsyncIterable):
            async with _closing(self._source) as source:
                async for piece in source:
                    yield _raw(piece)
        else:
            for piece in self._source:
                yield _raw(piece)

    def rewind(self) -> bool:
        """Go back to the start, for another hop; tell whether that is possible."""
        if self._start is None:
            return False
        self._source.seek(self._start)
        return True


def body_of(given: Any) -> tuple[bytes | Upload | None, str | None]:
    """Return a body and the media type that goes with it, as fetch chooses it."""
    if given is None:
        return None, None
    if isinstance(given, str):
        return given.encode("utf-8"), "text/plain;charset=UTF-8"
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given), None
    iterable = isinstance(given, AsyncIterable | Iterator)
    if hasattr(given, "read") or iterable or _is_generator_like(given):
        return Upload(given), None
    raise TypeError(
        f"body must be str, bytes, a file or an iterator of bytes, not "
        f"{type(given).__name__}; for JSON pass json.dumps(...)"
    )


def _is_generator_like(given: Any) -> bool:
    # A dict or a list of something is more likely meant as JSON.
    return isinstance(given, Iterable) and not isinstance(
        given, dict | list | tuple | set
    )


@asynccontextmanager
async def _closing(source: AsyncIterable[Any]) -> AsyncIterator[AsyncIterable[Any]]:
    try:
        yield source
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()


def _position(source: Any) -> int | None:
    try:
        return int(source.tell()) if source.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None


def _raw(piece: Any) -> bytes:
    if isinstance(piece, str):
        return piece.encode("utf-8")
    if isinstance(piece, bytes | bytearray | memoryview):
        return bytes(piece)
    raise TypeError(f"a piece of a body must be bytes, not {type(piece).__name__}")
