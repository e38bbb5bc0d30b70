# SPDX-License-Identifier: Apache-2.0
"""Nothing stays behind, wherever a task is cancelled, a stream left, a loop stopped."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from types import ModuleType
from typing import Any

import pytest
from conftest import Complaints, CountingServer, becomes
from scripted_server import Peer
from steps import cancelled_at

import _amaru_http

Count = Callable[..., CountingServer]
Work = Callable[[ModuleType, str], Coroutine[Any, Any, None]]


# What the servers do.


def small(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


def stall(peer: Peer) -> None:
    peer.wait_for_close()


def stream_and_stall(peer: Peer) -> None:
    peer.start_stream()
    for _ in range(3):
        peer.chunk("x" * 100)
    peer.wait_for_close()


def endless(peer: Peer) -> None:
    peer.start_stream()
    while True:
        peer.chunk("x" * 65536)


def take_upload(peer: Peer) -> None:
    while chunk(peer):
        pass
    small(peer)


def refuse_upload(peer: Peer) -> None:
    chunk(peer)
    small(peer)


def chunk(peer: Peer) -> bytes:
    try:
        return peer.receive_chunk()
    except ValueError:
        raise ConnectionError("the client left") from None


# What the clients do.


async def get(family: ModuleType, url: str) -> None:
    async with family.AsyncClient() as client:
        assert (await client.get(url)).text == "hello"


async def upload(family: ModuleType, url: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0)
            yield b"x" * 200_000

    async with family.AsyncClient() as client:
        try:
            assert (await client.post(url, content=pieces())).text == "hello"
        except (family.WriteError, family.ReadError):
            pass  # The server closes while the rest is on its way.


async def three_pieces(family: ModuleType, url: str) -> None:
    async with family.AsyncClient() as client, client.stream("GET", url) as answer:
        read = 0
        async for piece in answer.aiter_raw():
            read += len(piece)
            if read >= 300:
                break


async def two_at_once(family: ModuleType, url: str) -> None:
    async with family.AsyncClient() as client:
        await asyncio.gather(client.get(url), client.get(url))


WORKS = [
    pytest.param(get, small, id="a small answer"),
    pytest.param(upload, take_upload, id="an upload"),
    pytest.param(upload, refuse_upload, id="an upload that is answered early"),
    pytest.param(three_pieces, stream_and_stall, id="a stream that stalls"),
    pytest.param(three_pieces, endless, id="an endless stream"),
    pytest.param(two_at_once, small, id="two requests at once"),
]


def run(complaints: Complaints, work: Coroutine[Any, Any, Any]) -> Any:
    async def watched() -> Any:
        asyncio.get_running_loop().set_exception_handler(complaints.of_loop)
        result = await work
        gc.collect()
        await asyncio.sleep(0)
        return result

    return asyncio.run(watched())


@pytest.mark.parametrize(
    ("repeat", "further"),
    [(1, 0), (2, 0), (1, 1), (2, 2)],
    ids=["once", "twice", "and in the clean-up", "twice, and twice in the clean-up"],
)
@pytest.mark.parametrize(("work", "script"), WORKS)
def test_a_task_cancelled_at_any_wait_leaves_nothing(
    family: ModuleType,
    count: Count,
    complaints: Complaints,
    work: Work,
    script: Callable[[Peer], None],
    repeat: int,
    further: int,
) -> None:
    server = count(script)
    step, quick = 1, 0
    while True:
        steps = set(range(step, step + 1 + further))
        task = cancelled_at(steps, repeat, work(family, server.origin))
        if run(complaints, task):
            step += 1
        elif step > 1:
            break
        else:
            # It waits for the headers, at least, unless they are there already.
            quick += 1
        assert step < 200
        assert quick < 50
        gc.collect()
        becomes(_amaru_http.in_flight, 0)
    gc.collect()
    assert complaints.all == []


async def never_read(family: ModuleType, url: str) -> None:
    async with family.AsyncClient() as client:
        await client.send(client.build_request("GET", url), stream=True)


async def never_read_never_closed(family: ModuleType, url: str) -> None:
    client = family.AsyncClient()
    await client.send(client.build_request("GET", url), stream=True)


async def broken_off(family: ModuleType, url: str) -> None:
    async with family.AsyncClient() as client:
        answer = await client.send(client.build_request("GET", url), stream=True)
        async for _ in answer.aiter_raw():
            break


async def closed_in_flight(family: ModuleType, url: str) -> None:
    client = family.AsyncClient()
    tasks = [asyncio.ensure_future(client.get(url)) for _ in range(5)]
    # Until all of them are with the core.
    while _amaru_http.in_flight() < 5:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await client.aclose()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {family.ReadError}


async def closed_twice_at_once(family: ModuleType, url: str) -> None:
    client = family.AsyncClient()
    answer = await client.send(client.build_request("GET", url), stream=True)
    await asyncio.gather(client.aclose(), client.aclose(), answer.aclose())


@pytest.mark.parametrize(
    ("work", "script"),
    [
        pytest.param(never_read, stream_and_stall, id="never read"),
        pytest.param(never_read, endless, id="never read, endless"),
        pytest.param(never_read_never_closed, endless, id="nothing closed"),
        pytest.param(broken_off, endless, id="broken off"),
        pytest.param(closed_in_flight, stall, id="closed with requests in flight"),
        pytest.param(closed_twice_at_once, endless, id="closed twice at once"),
    ],
)
def test_what_is_left_alone_is_released(
    family: ModuleType,
    count: Count,
    complaints: Complaints,
    work: Work,
    script: Callable[[Peer], None],
) -> None:
    server = count(script)
    run(complaints, work(family, server.origin))
    gc.collect()
    becomes(_amaru_http.in_flight, 0)
    becomes(lambda: server.busy, 0)
    assert complaints.all == []


def stopped_loop(
    family: ModuleType, server: CountingServer, complaints: Complaints
) -> asyncio.AbstractEventLoop:
    """Return a loop that was stopped while a request of one of its tasks was open."""

    async def read_all() -> None:
        async with family.AsyncClient(timeout=0.5) as client:
            await client.get(server.origin)

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(complaints.of_loop)
    loop.create_task(read_all())

    def stop_when_busy() -> None:
        if server.busy:
            loop.stop()
        else:
            loop.call_later(0.001, stop_when_busy)

    loop.call_soon(stop_when_busy)
    loop.run_forever()
    return loop


@pytest.mark.parametrize("script", [stall, stream_and_stall, endless])
def test_a_stopped_loop_whose_tasks_are_cancelled_leaves_nothing(
    family: ModuleType,
    count: Count,
    complaints: Complaints,
    script: Callable[[Peer], None],
) -> None:
    server = count(script)
    loop = stopped_loop(family, server, complaints)
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    ends = loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()
    assert [type(end) for end in ends] == [asyncio.CancelledError]
    becomes(_amaru_http.in_flight, 0)
    becomes(lambda: server.busy, 0)
    assert complaints.all == []


def last_exchange(origin: str) -> int:
    """Return the newest number of an exchange: they are given out in order."""
    exchange = _amaru_http.open("GET", origin + "/", [], None, False, {})
    _amaru_http.cancel(exchange)
    return exchange


@pytest.mark.parametrize("script", [stall, stream_and_stall, endless])
def test_a_stopped_loop_that_is_thrown_away_keeps_nothing_past_the_timeout(
    family: ModuleType,
    count: Count,
    complaints: Complaints,
    script: Callable[[Peer], None],
) -> None:
    server = count(script)
    stopped_loop(family, server, complaints).close()

    def in_flight() -> int:
        # Until its result comes, the host holds the awaitable, and so the task.
        gc.collect()
        return _amaru_http.in_flight()

    try:
        becomes(in_flight, 0, 2)
        becomes(lambda: server.busy, 0)
    finally:
        # What is left would be counted with the next test.
        for exchange in range(last_exchange(server.origin) + 1):
            _amaru_http.cancel(exchange)
    # The first is asyncio's, of the caller's fault; the second is httpx2's with any
    # transport whose body a thrown away task was waiting for.
    others = ["Task was destroyed but it is pending!"]
    if family.__name__ == "httpx2":
        others += ["None: RuntimeError('aclose(): asynchronous generator is already"]
    own = [line for line in complaints.all if not line.startswith(tuple(others))]
    assert own == []


@pytest.mark.parametrize("script", [stall, endless])
def test_a_client_closed_by_another_thread_ends_the_wait(
    family: ModuleType, count: Count, script: Callable[[Peer], None]
) -> None:
    server = count(script)
    client = family.Client(timeout=None)

    def close() -> None:
        becomes(lambda: server.busy, 1)
        client.close()

    closer = threading.Thread(target=close)
    closer.start()
    with pytest.raises(family.ReadError):
        client.get(server.origin)
    closer.join(10)


def test_a_synchronous_answer_left_unread_is_released(
    family: ModuleType, count: Count, complaints: Complaints
) -> None:
    server = count(endless)
    client = family.Client()
    client.send(client.build_request("GET", server.origin), stream=True)
    del client
    gc.collect()
    becomes(_amaru_http.in_flight, 0)
    becomes(lambda: server.busy, 0)
    assert complaints.all == []


# The counting itself.


def test_an_exchange_that_nobody_ends_is_counted(count: Count) -> None:
    server = count(stall)
    exchange = _amaru_http.open("GET", server.origin + "/", [], None, False, {})
    becomes(lambda: server.busy, 1)
    with pytest.raises(AssertionError, match="1 does not become 0"):
        becomes(_amaru_http.in_flight, 0, 0.2)
    with pytest.raises(AssertionError, match="1 does not become 0"):
        becomes(lambda: server.busy, 0, 0.2)
    _amaru_http.cancel(exchange)


def test_what_nobody_takes_is_counted(complaints: Complaints) -> None:
    async def fail() -> None:
        raise ValueError("x")

    async def work() -> None:
        asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        fail()  # type: ignore[unused-coroutine]

    run(complaints, work())
    assert len(complaints.all) == 2, complaints.all


def test_each_wait_is_reached() -> None:
    seen = []

    async def work() -> None:
        for number in range(3):
            await asyncio.sleep(0)
            seen.append(number)

    reached = [asyncio.run(cancelled_at({step}, 1, work())) for step in (1, 2, 3, 4)]
    assert reached == [True, True, True, False]
    assert seen == [0, 0, 1, 0, 1, 2]
