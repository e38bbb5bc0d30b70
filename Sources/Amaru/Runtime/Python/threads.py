# SPDX-License-Identifier: Apache-2.0
"""The orderly end of threads."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def end_threads(grace: float) -> list[str]:
    """Wait for the threads that are not daemons; return those that did not end."""
    import threading
    import time

    deadline = time.monotonic() + grace
    # Those of pools of threads and processes wait for their threads without a bound.
    calls: list[Any] = threading._threading_atexits  # type: ignore[attr-defined]

    def call() -> None:
        while calls:
            try:
                calls.pop()()
            except BaseException:
                sys.excepthook(*sys.exc_info())

    if calls:
        caller = threading.Thread(target=call, daemon=True)
        caller.start()
        caller.join(max(0.0, deadline - time.monotonic()))
    if not calls:
        threading._SHUTTING_DOWN = True  # type: ignore[attr-defined]
        _end_main(threading.main_thread())
    known = {threading.main_thread()}
    stuck = []
    # Those too that are started meanwhile.
    while threads := set(threading.enumerate()) - known:
        known |= threads
        for thread in threads:
            if thread.daemon:
                continue
            thread._started.wait(max(0.0, deadline - time.monotonic()))  # type: ignore[attr-defined]
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                stuck.append(f"thread {thread.name}")
    return stuck


def _end_main(main: Any) -> None:
    """Let those go on who wait for the main thread, as at the end of python."""
    # Its state was a lock before 3.13; since then it is a handle, renamed in 3.14.
    if (lock := getattr(main, "_tstate_lock", None)) is not None:
        if lock.locked():
            lock.release()
            main._stop()
        return
    for name in "_handle", "_os_thread_handle":
        handle = getattr(main, name, None)
        if handle is not None and not handle.is_done():
            handle._set_done()
