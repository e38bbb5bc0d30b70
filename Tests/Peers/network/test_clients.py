# SPDX-License-Identifier: Apache-2.0
"""Clients by the thousand over TLS, and a server that closes idle connections."""

from __future__ import annotations

import asyncio
import random
import ssl
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
import trustme
from conftest import becomes
from test_many import descriptors

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Server:
    """Answers on a thread of its own; it may tire of a connection that is idle."""

    def __init__(self, tls: ssl.SSLContext | None, patience: float | None) -> None:
        self._patience = patience
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(tls, ready))
        self._thread.start()
        ready.wait(10)

    def _run(self, tls: ssl.SSLContext | None, ready: threading.Event) -> None:
        async def start() -> None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", 0, ssl=tls, backlog=1000
            )
            scheme = "https" if tls else "http"
            port = self._server.sockets[0].getsockname()[1]
            self.url = f"{scheme}://127.0.0.1:{port}/"
            ready.set()

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(start())
        self._loop.run_forever()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # It waits for the first request: no client can send that one again.
        patience = None
        try:
            while await asyncio.wait_for(reader.readline(), patience):
                while await reader.readline() not in (b"\r\n", b""):
                    pass
                writer.write(_HEAD)
                await writer.drain()
                patience = self._wait()
        except (OSError, TimeoutError):
            pass
        finally:
            writer.close()

    def _wait(self) -> float | None:
        if self._patience is None or random.random() < 0.5:
            return None
        return random.random() * self._patience

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._server.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The ends of the connections are told in the next turns.
        await asyncio.sleep(0.1)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = Server(context, None)
    yield server
    server.close()


@pytest.fixture
def impatient() -> Iterator[Server]:
    server = Server(None, 0.05)
    yield server
    server.close()


@pytest.mark.timeout(300)
def test_five_thousand_requests_over_tls_with_a_client_for_each(
    authority: trustme.CA, secure: Server
) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    before = descriptors()
    for _ in range(2500):
        with httpx2.Client(verify=context, timeout=60) as client:
            assert client.get(secure.url).text == "hello"

    async def ask(turn: asyncio.Semaphore) -> str:
        async with turn, httpx2.AsyncClient(verify=context, timeout=60) as client:
            return (await client.get(secure.url)).text

    async def crowd() -> list[str]:
        turn = asyncio.Semaphore(20)
        return await asyncio.gather(*(ask(turn) for _ in range(2500)))

    assert asyncio.run(crowd()) == ["hello"] * 2500
    becomes(lambda: descriptors() <= before + 10, True)


@pytest.mark.timeout(120)
def test_a_minute_of_traffic_with_a_server_that_closes_idle_connections(
    impatient: Server,
) -> None:
    async def ask(client: httpx2.AsyncClient, end: float) -> int:
        count = 0
        while time.monotonic() < end:
            assert (await client.get(impatient.url)).text == "hello"
            count += 1
            await asyncio.sleep(random.random() * 0.06)
        return count

    async def traffic() -> int:
        end = time.monotonic() + 60
        async with httpx2.AsyncClient(timeout=30) as client:
            return sum(await asyncio.gather(*(ask(client, end) for _ in range(10))))

    assert asyncio.run(traffic()) > 1000
