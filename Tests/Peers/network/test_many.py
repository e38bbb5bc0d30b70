# SPDX-License-Identifier: Apache-2.0
"""A thousand requests at once on one client: none fails, nothing grows."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import becomes

import _amaru_http


class Crowd:
    """A server that answers when `together` requests have come, all at once."""

    def __init__(self, together: int) -> None:
        self.together = together
        self.most = self.waiting = self.connections = self.made = 0
        self.most_connections = 0
        self._loop = asyncio.new_event_loop()
        self._full = asyncio.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)

        async def start() -> None:
            server = self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", 0, backlog=4096
            )
            port = server.sockets[0].getsockname()[1]
            self.url = f"http://127.0.0.1:{port}/"
            ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.made += 1
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
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

    async def _cancel_connections(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._server.close()
        self._loop.run_until_complete(self._cancel_connections())
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
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() >> 20


async def thousands(crowd: Crowd, client: Any, rounds: int) -> list[Any]:
    """Send a thousand requests at once in each round; return what was in use after."""
    sizes = []
    for _ in range(rounds):
        answers = [client.get(crowd.url) for _ in range(1000)]
        texts = [each.text for each in await asyncio.gather(*answers)]
        assert texts == ["hello"] * 1000
        gc.collect()
        assert _amaru_http.in_flight() == 0
        sizes.append((len(gc.get_objects()), descriptors(), memory()))
    return sizes


@pytest.fixture
def crowd() -> Iterator[Callable[[int], Crowd]]:
    crowds: list[Crowd] = []

    def start(together: int) -> Crowd:
        crowds.append(Crowd(together))
        return crowds[-1]

    yield start
    for crowd in crowds:
        crowd.close()


@pytest.mark.timeout(240)
def test_a_thousand_requests_at_once_on_one_client(
    family: ModuleType, crowd: Callable[[int], Crowd]
) -> None:
    server = crowd(1000)

    async def work() -> list[Any]:
        limits = family.Limits(max_connections=None)
        async with family.AsyncClient(limits=limits, timeout=120) as client:
            return await thousands(server, client, 4)

    sizes = asyncio.run(work())
    assert server.most == 1000
    objects, files, megabytes = zip(*sizes, strict=True)
    # The server is in this process too: its connections count with the client's.
    assert objects[3] <= objects[1] * 1.1, sizes
    assert files[3] <= files[1] + 10, sizes
    assert megabytes[3] <= megabytes[1] + 20, sizes


def test_a_client_opens_no_more_connections_than_its_limit(
    family: ModuleType, crowd: Callable[[int], Crowd]
) -> None:
    server = crowd(50)

    async def work() -> None:
        limits = family.Limits(max_connections=50)
        async with family.AsyncClient(limits=limits, timeout=120) as client:
            await thousands(server, client, 1)

    asyncio.run(work())
    assert server.most_connections == 50


def test_a_closed_client_keeps_no_connection(
    family: ModuleType, crowd: Callable[[int], Crowd]
) -> None:
    server = crowd(1)

    async def work() -> None:
        async with family.AsyncClient() as client:
            await client.get(server.url)
            assert server.connections == 1

    asyncio.run(work())
    becomes(lambda: server.connections, 0, 2)
    with family.Client() as client:
        client.get(server.url)
        assert server.connections == 1
    becomes(lambda: server.connections, 0, 2)
    client = family.Client()
    client.get(server.url)
    del client
    gc.collect()
    becomes(lambda: server.connections, 0, 2)


def test_a_closed_client_leaves_the_connections_of_others(
    family: ModuleType, crowd: Callable[[int], Crowd]
) -> None:
    server = crowd(1)
    with family.Client() as first:
        first.get(server.url)
        with family.Client() as second:
            second.get(server.url)
            first.close()
            time.sleep(0.1)
            made = server.made
            second.get(server.url)
            assert (server.made, server.connections) == (made, 1)


def test_clients_that_come_and_go_do_not_disturb_each_other(
    family: ModuleType, crowd: Callable[[int], Crowd]
) -> None:
    server = crowd(1)
    # Reading the authorities again would take most of the time of a client.
    context = ssl.create_default_context()

    async def one_after_the_other() -> None:
        for _ in range(50):
            async with family.AsyncClient(verify=context) as client:
                for _ in range(2):
                    assert (await client.get(server.url)).text == "hello"

    async def work() -> None:
        await asyncio.gather(*[one_after_the_other() for _ in range(20)])

    asyncio.run(work())
    # One that was made for a request which then found another free belongs to nobody,
    # and goes when it expires, after five seconds.
    becomes(lambda: server.connections, 0, 10)


@pytest.mark.timeout(240)
def test_a_hundred_threads_on_one_client(
    family: ModuleType, crowd: Callable[[int], Crowd]
) -> None:
    server = crowd(100)
    limits = family.Limits(max_connections=None)
    with (
        family.Client(limits=limits, timeout=120) as client,
        ThreadPoolExecutor(100) as threads,
    ):
        for _ in range(3):
            answers = list(threads.map(client.get, [server.url] * 1000))
            assert [each.text for each in answers] == ["hello"] * 1000
            assert _amaru_http.in_flight() == 0
    assert server.most == 100
