# SPDX-License-Identifier: Apache-2.0
"""Brings what Python prints to the host's screen, where a prompt and answers are."""

from __future__ import annotations

import codecs
import getpass
import io
import os
import sys

from amaru import _bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["bring_to_screen"]

_process = os.getpid()


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
        if os.getpid() != _process:
            # A forked child has no host.
            while view:
                view = view[os.write(self._descriptor, view) :]
            return length
        if text := self._decoder.decode(bytes(data)):
            _bridge.chat().write(text)
        return length


def _getpass(prompt="Password: ", stream=None, **_):  # type: ignore[no-untyped-def]
    from amaru import _printing

    return _printing.read_password(prompt)


def read_password(prompt: object) -> str:
    """Read a line that is typed unseen; EOFError at the end of input."""
    if os.getpid() != _process:
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
            screen = _Screen(name, stream.fileno(), stream.encoding)
            shown = io.TextIOWrapper(
                screen, stream.encoding, stream.errors, line_buffering=True
            )
            shown.mode = "w"  # type: ignore[misc]
            setattr(sys, name, shown)
