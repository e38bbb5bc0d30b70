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

    pool: Any = sys.modules.get("concurrent.futures.thread")
    if pool is not None:
        # What `threading._shutdown` does through it, without waiting forever.
        with pool._global_shutdown_lock:
            pool._shutdown = True
        for work in list(pool._threads_queues.values()):
            work.put(None)
    deadline = time.monotonic() + grace
    stuck = []
    for thread in threading.enumerate():
        if thread is threading.main_thread() or thread.daemon:
            continue
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            stuck.append(f"thread {thread.name}")
    if not stuck:
        sys.modules["threading"]._shutdown()
    return stuck
