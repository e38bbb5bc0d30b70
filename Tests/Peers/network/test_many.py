# SPDX-License-Identifier: Apache-2.0
"""A thousand requests at once on one client: none fails, nothing grows."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import _amaru_http
import pytest
from conftest import becomes


class Crowd:
    """A server that answers when `together` requests have come, all at once."""

    def __init__(self, together: int) -> None:
        self.together = together
        self.most = self.waiting = self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._full = asyncio.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)

        async def start() -> None:
            server = await asyncio.start_server(
                self._serve, "127.0.0.1", 0, backlog=4096
            )
            self.url = "http://127.0.0.1:%d/" % server.sockets[0].getsockname()[1]
            ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        try:
            while await reader.readline():
                while await reader.readline() != b"\r\n":
                    pass
                await self._wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
                await writer.drain()
        except OSError:
            pass
        finally:
            self.connections -= 1
            writer.close()

    async def _wait(self) -> None:
        full = self._full
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == self.together:
            self.waiting = 0
            self._full = asyncio.Event()
            full.set()
        await full.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


@pytest.fixture(autouse=True)
def files() -> Iterator[None]:
    """Allow both ends of a thousand connections in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def memory() -> int:
    """Resident memory in MiB."""
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize() >> 20


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("limit", "together"), [(None, 1000), (100, 100)])
def test_a_thousand_requests_at_once_on_one_client(
    family: ModuleType, limit: int | None, together: int
) -> None:
    crowd = Crowd(together)
    sizes = []
    try:

        async def rounds() -> None:
            limits = family.Limits(
                max_connections=limit, max_keepalive_connections=limit
            )
            async with family.AsyncClient(limits=limits, timeout=120) as client:
                for _ in range(4):
                    answers = [client.get(crowd.url) for _ in range(1000)]
                    texts = [each.text for each in await asyncio.gather(*answers)]
                    assert texts == ["hello"] * 1000
                    gc.collect()
                    assert _amaru_http.in_flight() == 0
                    sizes.append((len(gc.get_objects()), descriptors(), memory()))

        before = descriptors()
        asyncio.run(rounds())
        assert crowd.most == together
        becomes(lambda: descriptors() <= before + 2, True)
        objects, files, megabytes = zip(*sizes, strict=True)
        assert objects[3] <= objects[1] + 500, sizes
        assert files[3] <= files[1] + 10, sizes
        assert megabytes[3] <= megabytes[1] + 20, sizes
    finally:
        crowd.close()


@pytest.mark.timeout(240)
def test_a_hundred_threads_on_one_client(family: ModuleType) -> None:
    crowd = Crowd(100)
    try:
        limits = family.Limits(max_connections=None)
        with (
            family.Client(limits=limits, timeout=120) as client,
            ThreadPoolExecutor(100) as threads,
        ):
            for _ in range(3):
                answers = list(threads.map(client.get, [crowd.url] * 1000))
                assert [each.text for each in answers] == ["hello"] * 1000
                assert _amaru_http.in_flight() == 0
        assert crowd.most == 100
    finally:
        crowd.close()
