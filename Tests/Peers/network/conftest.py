# SPDX-License-Identifier: Apache-2.0
"""What the tests inside the program share: a server that counts, and what is left."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from scripted_server import Peer, Script, Server

import _amaru_http


class CountingServer(Server):
    """A server that knows which of its connections have a request under way.

    A connection that waits for its first request is no leak: the host's pool may keep
    one that was opened for a request that was cancelled in the meantime.
    """

    def __init__(self, script: Script) -> None:
        self.busy = 0
        self._count = threading.Lock()
        super().__init__(self.counted(script))

    def counted(self, script: Script) -> Script:
        def run(peer: Peer) -> None:
            self.received.append(peer.receive_head())
            self._add(1)
            try:
                script(peer)
            finally:
                self._add(-1)

        return run

    def _add(self, change: int) -> None:
        with self._count:
            self.busy += change


class Complaints:
    """Everything that Python reports because nobody took it."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def of_loop(self, loop: object, context: dict[str, Any]) -> None:
        self.all.append(f"{context['message']}: {context.get('exception')!r}")

    def unraisable(self, event: Any) -> None:
        self.all.append(f"{event.err_msg}: {event.exc_value!r} in {event.object!r}")


def becomes(value: Callable[[], object], wanted: object, seconds: float = 10) -> None:
    """Wait until `value()` is `wanted`; what is released is released elsewhere."""
    end = time.monotonic() + seconds
    while (found := value()) != wanted:
        assert time.monotonic() < end, f"{found!r} does not become {wanted!r}"
        time.sleep(0.002)


@pytest.fixture
def complaints(monkeypatch: pytest.MonkeyPatch) -> Complaints:
    complaints = Complaints()
    monkeypatch.setattr(sys, "unraisablehook", complaints.unraisable)
    return complaints


@pytest.fixture
def count() -> Iterator[Callable[[Script], CountingServer]]:
    """Start servers that count; at the end nothing may be under way at any."""
    servers: list[CountingServer] = []

    def start(script: Script) -> CountingServer:
        servers.append(CountingServer(script))
        return servers[-1]

    yield start
    gc.collect()
    try:
        becomes(_amaru_http.in_flight, 0)
        for server in servers:
            becomes(lambda server=server: server.busy, 0)
    finally:
        for server in servers:
            server.close()


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def family(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    for client in (module.AsyncClient, module.Client):
        pool = vars(client()._transport._pool)["_amaru_pool"]
        assert type(pool).__module__.startswith("amaru.")
    return module
