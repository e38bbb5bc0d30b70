# SPDX-License-Identifier: Apache-2.0
"""Brings what Python prints to the host's screen, where a prompt and answers are.

It stands after what was answered before it.
"""

from __future__ import annotations

import codecs
import getpass
import io
import locale
import os
import sys

from amaru import _bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from _typeshed import ReadableBuffer

__all__ = ["bring_to_screen", "keep_order"]

# What the script raises is shown without what has called it.
__tracebackhide__ = True


class _Screen(io.BufferedIOBase):
    """A terminal that the host writes to, without a buffer or a lock of its own.

    A signal's handler may print in the middle of what is printed, and a child may be
    forked in it.
    """

    mode = "wb"

    def __init__(self, name: str, descriptor: int, encoding: str) -> None:
        self.name = f"<{name}>"
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: ReadableBuffer, /) -> int:
        view = memoryview(data).cast("B")
        length = view.nbytes
        if _bridge.is_forked():
            while view:
                view = view[os.write(self._descriptor, view) :]
            return length
        if text := self._decoder.decode(bytes(data)):
            _wait_for_answers()
            _bridge.chat().write(text)
        return length


class _Output(io.BufferedIOBase):
    """A pipe or a file that the host writes answers to, after those of before.

    It has no buffer, and so no lock: what is printed while it waits, as by a signal's
    handler or at the end of an object, is written meanwhile.
    """

    name: Any
    mode = "wb"

    def __init__(self, former: Any) -> None:
        # One that is collected would close its descriptor.
        self.raw = former
        self.name = former.name
        self._descriptor: int = former.fileno()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: ReadableBuffer, /) -> int:
        view = memoryview(data).cast("B")
        length = view.nbytes
        if view and not _bridge.is_forked():
            _wait_for_answers()
            if view[-1] == 10:
                _bridge.chat().line_printed()
        while view:
            view = view[os.write(self._descriptor, view) :]
        return length


def _wait_for_answers() -> None:
    """Wait until all that was said before is shown."""
    chat = _bridge.chat()
    if chat.has_unshown():
        chat.wait_until_shown()


def keep_order() -> None:
    """Write what is printed after the answers that were yielded before it.

    The streams stay those that the script, and what logs for it, may hold already.
    """
    for stream in (sys.stdout, sys.stderr):
        if type(stream) is not io.TextIOWrapper or not _is_output(stream):
            continue
        if type(stream.buffer) not in (io.BufferedWriter, io.FileIO):
            continue
        stream.flush()
        output: Any = _Output(stream.buffer)
        stream.__init__(  # type: ignore[misc]
            output, stream.encoding, stream.errors, None, True, stream.write_through
        )
    # What a child prints comes after what was said before it was forked.
    os.register_at_fork(before=_before_fork)


def _before_fork() -> None:
    if not _bridge.is_forked():
        _wait_for_answers()


def _is_output(stream: io.TextIOWrapper) -> bool:
    """Return whether a stream leads to where the host writes answers."""
    try:
        return os.path.sameopenfile(stream.fileno(), 1)
    except (OSError, ValueError):
        return False


def _getpass(prompt="Password: ", stream=None, **_):  # type: ignore[no-untyped-def]
    from amaru import _printing

    return _printing.read_password(prompt)


def read_password(prompt: object) -> str:
    """Read a line that is typed unseen; EOFError at the end of input."""
    if _bridge.is_forked():
        raise EOFError("a forked child has no terminal to read from")
    from amaru import _script

    _script.flush()
    password = _bridge.chat().read_password(str(prompt))
    if password is None:
        raise EOFError
    return str(password)


def bring_to_screen() -> None:
    """Put the host's screen behind the standard streams that are the terminal.

    The keys are the host's, too, and so `getpass.getpass` has it read them, whoever has
    imported that function already.
    """
    # Not that of a script's own module of the name.
    if (function := vars(getpass).get("unix_getpass")) is not None:
        # Without names of this module, since it runs with those of the other.
        function.__code__ = _getpass.__code__
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and stream.isatty():
            # What the terminal takes the bytes for, however the stream encodes.
            encoding = "utf-8" if sys.flags.utf8_mode else locale.getencoding()
            screen = _Screen(name, stream.fileno(), encoding)
            shown = io.TextIOWrapper(
                screen, stream.encoding, stream.errors, line_buffering=True
            )
            shown.mode = "w"  # type: ignore[misc]
            setattr(sys, name, shown)
