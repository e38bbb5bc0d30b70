# SPDX-License-Identifier: Apache-2.0
"""What urllib3 and requests do over the host alone: threads, an interrupt, leaks.

Run by a test of the command: ``amaru run urllib3_in_host.py -- WORK``.
"""

from __future__ import annotations

import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import urllib3
from scripted_server import Peer
from urllib3_comparison import ok, serving, silent

from amaru import _bridge

# Without the types that it does not ship.
requests: Any = import_module("requests")


def threads() -> None:
    def work(number: int) -> int:
        with serving(*[ok]) as server, requests.Session() as session:
            return sum(session.get(server.origin).text == "hello" for _ in range(10))

    with ThreadPoolExecutor(50) as pool:
        answers = sum(pool.map(work, range(50)))
    print(f"50 threads, {answers} answers")  # noqa: T201


def hang() -> None:
    with serving(silent) as server:
        threading.Timer(0.3, print, ["waiting"], {"flush": True}).start()
        try:
            requests.get(server.origin)
        except KeyboardInterrupt:
            print("KeyboardInterrupt", flush=True)  # noqa: T201


def leaks() -> None:
    def endless(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("one")
        peer.wait_for_close()

    with serving(endless) as server, urllib3.PoolManager() as pool:
        for number in range(30):
            response = pool.request("GET", server.origin, preload_content=False)
            if number % 3 == 1:
                next(response.stream())
            if number % 3 == 2:
                response.close()
        del response
        gc.collect()
        core = _bridge.http()
        for number in range(1, 200):
            core.closed_blocking(number)
    print(f"{core.in_flight()} exchanges in flight")  # noqa: T201


if __name__ == "__main__":
    {"threads": threads, "hang": hang, "leaks": leaks}[sys.argv[1]]()
