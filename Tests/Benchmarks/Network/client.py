# SPDX-License-Identifier: Apache-2.0
"""One client of the network benchmark: does its work twice and prints what it cost.

client.py WORK CLIENT ORIGIN   under python, or by `amaru run client.py -- …`

It is a process of its own, so that its processor time can be told: user and system
time of all its threads, the host's among them.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

MEGABYTE = 1 << 20
MODES = ("block", "write", "chunk")


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """The processor time and the time of what a client does once it is ready."""

    def __init__(self, *, is_host: bool) -> None:
        self.is_host = is_host
        self.start()

    def start(self) -> None:
        """Leave out what came before: imports, the client, its TLS context."""
        self._begun, self._used = time.perf_counter(), cpu()

    def figures(self) -> dict[str, float]:
        wall = time.perf_counter() - self._begun
        return {"cpu": cpu() - self._used, "wall": wall}


def resident() -> int:
    """Bytes that are in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def http_client() -> Any:
    import httpx2

    # Nothing is to wait for a place in the pool: 1,000 requests are sent at once.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    # In the program its requests go through the host, elsewhere through httpcore.
    return httpx2.AsyncClient(trust_env=False, limits=limits, timeout=60)


def openai_client(base_url: str) -> Any:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="none", base_url=base_url, http_client=http_client())
    # Otherwise found out in a thread before the first request.
    client._platform = "Linux"
    return client


ASKED: dict[str, Any] = {
    "model": "small",
    "messages": [{"role": "user", "content": "hi"}],
    "stream": True,
}


async def transport_stream(meter: Meter, url: str) -> dict[str, Any]:
    """The bytes of the event stream, counted."""
    size = 0
    async with http_client() as client:
        meter.start()
        async with client.stream("POST", f"{url}/v1/x", json=ASKED) as response:
            async for piece in response.aiter_raw():
                size += len(piece)
    return {"bytes": size}


async def typed_stream(meter: Meter, url: str) -> dict[str, Any]:
    """The SDK's own stream, each event a model of pydantic."""
    client = openai_client(f"{url}/v1")
    text = 0
    async with client:
        meter.start()
        async for chunk in await client.chat.completions.create(**ASKED):
            text += len(chunk.choices[0].delta.content or "")
    return {"text": text}


async def chat_stream(meter: Meter, url: str) -> dict[str, Any]:
    """The chat's own way: no SDK, and every event read and shown."""
    from amaru.chat import Conversation

    class Turn:
        ended = False
        shown = 0

        def text(self, delta: str) -> bool:
            self.shown += len(delta)
            return True

        async def drain(self) -> None: ...

        def finished(self, reason: str) -> bool:
            return True

        def failed(self, *fault: str) -> bool:
            raise RuntimeError(*fault)

    settings: Any = SimpleNamespace(
        model="m", base_url=f"{url}/v1", system="", api_key="", stall_timeout=60.0
    )
    turn: Any = Turn()
    meter.start()
    await Conversation(settings).send(turn, "x")
    return {"text": turn.shown}


async def fetch_stream(meter: Meter, url: str) -> dict[str, Any]:
    """The body through `pyodide.http.pyfetch`."""
    from pyodide.http import pyfetch

    meter.start()
    response = await pyfetch(f"{url}/v1/x", method="POST", body=json.dumps(ASKED))
    return {"bytes": len(await response.bytes())}


async def raw_stream(meter: Meter, url: str) -> dict[str, Any]:
    """The floor of Python: a blocking socket, whose bytes are counted."""
    parts = urlsplit(url)
    size = 0
    with socket.create_connection((parts.hostname, parts.port)) as peer:
        head = f"POST {parts.path}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        peer.sendall(head.encode())
        end = b"data: [DONE]\n\n"
        tail = b""
        while end not in tail and (piece := peer.recv(65536)):
            size += len(piece)
            tail = tail[-64:] + piece[-64:]
    return {"bytes": size}


async def down(meter: Meter, url: str) -> dict[str, Any]:
    before, peak, size = resident(), 0, 0
    async with http_client() as client:
        meter.start()
        async with client.stream("GET", f"{url}/down") as response:
            async for piece in response.aiter_raw():
                size += len(piece)
                if size % (8 * MEGABYTE) < len(piece):
                    peak = max(peak, resident())
    return {"bytes": size, "growth": max(peak - before, 0) / MEGABYTE}


async def up(meter: Meter, url: str) -> dict[str, Any]:
    before, peak = resident(), 0
    total = int(os.environ.get("BENCH_MEGABYTES", "200")) * MEGABYTE

    async def body() -> AsyncIterator[bytes]:
        nonlocal peak
        piece = bytes(64 * 1024)
        for number in range(total // len(piece)):
            if number % 128 == 0:
                peak = max(peak, resident())
            yield piece

    headers = {"Content-Length": str(total)}
    async with http_client() as client:
        meter.start()
        answer = await client.post(f"{url}/up", content=body(), headers=headers)
    if answer.json() != {"received": total}:
        raise SystemExit(f"the server received {answer.text}, not {total}")
    return {"bytes": total, "growth": max(peak - before, 0) / MEGABYTE}


async def small(meter: Meter, url: str) -> dict[str, Any]:
    """2,000 small requests, one after the other on a warm connection."""
    times = []
    async with http_client() as client:
        for number in range(2200):
            begun = time.perf_counter()
            answer = await client.get(f"{url}/small")
            took = time.perf_counter() - begun
            if answer.status_code != 200:
                raise SystemExit(f"the server answered {answer.status_code}")
            if number >= 200:
                times.append(took)
    return {"latency": statistics.median(times)}


def blocking(meter: Meter, url: str) -> dict[str, Any]:
    """The same through http.client, without a loop."""
    from http.client import HTTPConnection

    times = []
    connection = HTTPConnection(urlsplit(url).netloc)
    for number in range(2200):
        begun = time.perf_counter()
        connection.request("GET", "/small")
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - begun
        if answer.status != 200:
            raise SystemExit(f"the server answered {answer.status}")
        if number >= 200:
            times.append(took)
    connection.close()
    return {"latency": statistics.median(times)}


async def many(meter: Meter, url: str) -> dict[str, Any]:
    """1,000 requests at once, several times; memory may grow in the first three."""
    failed = 0
    sizes, costs = [], []
    async with http_client() as client:
        await client.get(f"{url}/small")
        # With its own transport httpx2 takes seconds for each.
        for _ in range(6 if meter.is_host else 1):
            used = cpu()
            asked = [client.get(f"{url}/small") for _ in range(1000)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            costs.append(cpu() - used)
            failed += sum(getattr(x, "status_code", 0) != 200 for x in answers)
            faults = [repr(x) for x in answers if isinstance(x, BaseException)]
            if faults:
                print(faults[0], file=sys.stderr)
            del asked, answers
            sizes.append(resident())
    result = {"failed": failed, "cpu": min(costs)}
    if len(sizes) > 3:
        result["growth"] = (sizes[-1] - sizes[2]) / MEGABYTE
    return result


async def first(meter: Meter, url: str) -> dict[str, Any]:
    """From the start of the process to the end of its first request."""
    import httpx2

    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"{url}/small")
    if answer.text != "ok":
        raise SystemExit(f"the server answered {answer.text}")
    return {"since": time.monotonic() - float(os.environ["BENCH_STARTED"])}


async def idle(meter: Meter, url: str) -> dict[str, Any]:
    """Responses whose bodies do not go on, all at once."""
    async with http_client() as client:

        async def begun() -> Any:
            asked = client.build_request("GET", f"{url}/idle")
            return await client.send(asked, stream=True)

        async def several(count: int) -> list[Any]:
            return [await begun() for _ in range(count)]

        responses = await several(100)
        before = resident()
        responses += await several(1000)
        return {"each": (resident() - before) / 1000 / 1024}


async def idle_in_core(meter: Meter, url: str) -> dict[str, Any]:
    """The same below httpx2, whose own objects are the larger part."""
    from amaru import _bridge

    core = _bridge.http()

    pool = core.pool()

    async def several(count: int) -> None:
        for _ in range(count):
            options = {"pool": pool}
            number = core.open("GET", f"{url}/idle", [], None, False, {}, options)
            await core.head(number)

    await several(100)
    before = resident()
    await several(1000)
    return {"each": (resident() - before) / 1000 / 1024}


async def unread(meter: Meter, url: str) -> dict[str, Any]:
    """A body that nobody reads; what is kept of it is kept within a second."""
    async with http_client() as client:
        await client.get(f"{url}/small")
        before = resident()
        async with client.stream("GET", f"{url}/down/1024"):
            await asyncio.sleep(1)
            growth = resident() - before
    return {"growth": growth / MEGABYTE}


CLIENTS = {
    "raw": raw_stream,
    "httpx2": transport_stream,
    "httpx2-uvloop": transport_stream,
    "httpx2-amaru": transport_stream,
    "typed": typed_stream,
    "typed-amaru": typed_stream,
    "chat-amaru": chat_stream,
    "pyfetch-amaru": fetch_stream,
}
OTHERS = {
    "client": blocking,
    "down": down,
    "first": first,
    "idle": idle,
    "many": many,
    "small": small,
    "unread": unread,
    "up": up,
}
# Their figures are of a process that has done nothing before, or are costly.
ONCE = ("first", "idle", "many", "unread")


def measured(work: str, client: str, origin: str) -> dict[str, Any]:
    function: Callable[[Meter, str], Any]
    url = origin
    if work in MODES:
        function, url = CLIENTS[client], f"{origin}/{work}"
    elif client == "core-amaru":
        function = idle_in_core
    else:
        function = OTHERS[work]
    meter = Meter(is_host=client.endswith("amaru"))
    if not asyncio.iscoroutinefunction(function):
        result = function(meter, url)
    elif client.endswith("uvloop"):
        import uvloop

        result = uvloop.run(function(meter, url))
    else:
        result = asyncio.run(function(meter, url))
    found: dict[str, Any] = meter.figures() | result
    return found


def main() -> None:
    work, client, origin = sys.argv[1:4]
    # Imports and caches are paid for in the first; the table takes the cheapest.
    count = 1 if work in ONCE else 2
    results = [measured(work, client, origin) for _ in range(count)]
    print("result", json.dumps(results))


main()
