# SPDX-License-Identifier: Apache-2.0
import threading
from concurrent.futures import (
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    TimeoutError,
    as_completed,
)


def cube(n: int) -> int:
    if n == 5:
        raise ValueError("five")
    return n**3


if __name__ == "__main__":
    for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
        with kind(2) as pool:
            print(kind.__name__, list(pool.map(cube, range(5))))
            failed = pool.submit(cube, 5)
            print(type(failed.exception()).__name__, failed.exception())
            print(
                sorted(
                    f.result()
                    for f in as_completed(map(pool.submit, [cube] * 2, [2, 3]))
                )
            )
    release = threading.Event()
    with ThreadPoolExecutor(1, initializer=print, initargs=("started",)) as pool:
        held = pool.submit(release.wait)
        waiting = pool.submit(cube, 1)
        try:
            held.result(timeout=0.01)
        except TimeoutError:
            print("timed out", waiting.cancel())
        release.set()
    ThreadPoolExecutor(1).submit(print, "not shut down")
