# SPDX-License-Identifier: Apache-2.0
"""Brings what Python prints to the host's screen, where a prompt and answers are."""

from __future__ import annotations

import codecs
import io
import os
import sys

from amaru import _bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["bring_to_screen"]


class _Screen(io.RawIOBase):
    """A terminal that the host writes to."""

    mode = "wb"

    def __init__(self, name: str, descriptor: int, encoding: str) -> None:
        self.name = f"<{name}>"
        self._descriptor = descriptor
        self._process = os.getpid()
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: ReadableBuffer, /) -> int:
        if os.getpid() != self._process:
            # A forked child has no host.
            return os.write(self._descriptor, data)
        length = len(memoryview(data))
        if text := self._decoder.decode(bytes(data)):
            _bridge.chat().write(text)
        return length


def bring_to_screen() -> None:
    """Put the host's screen behind the standard streams that are the terminal."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and stream.isatty():
            screen = _Screen(name, stream.fileno(), stream.encoding)
            shown = io.TextIOWrapper(
                io.BufferedWriter(screen),
                stream.encoding,
                stream.errors,
                line_buffering=True,
            )
            shown.mode = "w"  # type: ignore[misc]
            setattr(sys, name, shown)
