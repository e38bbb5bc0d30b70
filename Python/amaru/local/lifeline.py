# SPDX-License-Identifier: Apache-2.0
"""End this process when the one that started it is gone.

Standard input is the lifeline: the parent holds the other end of the pipe open, writes
nothing, and whatever way it dies, the kernel closes it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Final

__all__ = ["follow_parent", "kernel_watch", "watch"]

_STDIN: Final = 0
_PR_SET_PDEATHSIG: Final = 1


def follow_parent() -> None:
    """Ask Linux for a signal when the parent dies; elsewhere do nothing.

    The kernel sends it at the end of the *thread* that started this process, which a
    parent with a thread pool may survive: so the signal only makes us look.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()

    def look(signal_number: int, frame: object) -> None:
        if os.getppid() != parent:
            os._exit(0)

    signal.signal(signal.SIGUSR1, look)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)


def watch() -> None:
    """Exit as soon as standard input ends, from a thread of its own."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(_STDIN, 4096):
                pass
        # At once: the model's library aborts or hangs when the interpreter is taken
        # down while it works.
        os._exit(0)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


@contextlib.contextmanager
def kernel_watch() -> Iterator[None]:
    """Let the kernel end this process when standard input ends, while this lasts.

    Loading a model holds the interpreter lock, so that no thread of Python can notice.
    """
    if not hasattr(os, "O_ASYNC"):
        yield
        return
    import fcntl

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    flags = fcntl.fcntl(_STDIN, fcntl.F_GETFL)
    fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(_STDIN, fcntl.F_SETFL, flags | os.O_ASYNC)
    # The end may have come before the kernel was asked to tell.
    if select.select([_STDIN], [], [], 0)[0]:
        os._exit(0)
    try:
        yield
    finally:
        fcntl.fcntl(_STDIN, fcntl.F_SETFL, flags)
