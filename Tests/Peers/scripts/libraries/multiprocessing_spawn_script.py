# SPDX-License-Identifier: Apache-2.0
import multiprocessing as mp
import os
import sys


def square(n: int) -> int:
    return n * n


def fill(queue: "mp.Queue[str]", event: "mp.synchronize.Event") -> None:
    event.wait()
    queue.put(f"{__name__} {mp.current_process().name}")
    sys.exit(7)


if __name__ == "__main__":
    context = mp.get_context("spawn")
    with context.Pool(2) as pool:
        print(pool.map(square, range(6)))
        try:
            pool.apply(int, ("x",))
        except ValueError as exc:
            print(exc)
    queue, event = context.Queue(), context.Event()
    child = context.Process(target=fill, args=(queue, event), name="filler")
    child.start()
    event.set()
    print(queue.get(), child.pid != os.getpid())
    child.join()
    print(child.exitcode)
    with context.Manager() as manager:
        shared = manager.dict(a=1)
        shared["b"] = 2
        print(dict(shared))
