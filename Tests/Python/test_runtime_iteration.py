# SPDX-License-Identifier: Apache-2.0
"""Asynchronous iteration: of Swift over Python's iterators, and the reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

import pytest
from runtime_parts import load


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Puller:
    """A `Pull` of Python's iterator, and what it has delivered."""

    def __init__(self, iterable: Any) -> None:
        runtime = load("loops", "futures", "iteration")
        runtime._State.loop = asyncio.get_running_loop()
        self.delivered: list[tuple[bool | None, Any]] = []
        self.pull = runtime.Pull(iterable, lambda *step: self.delivered.append(step))

    async def next(self) -> tuple[bool | None, Any]:
        count = len(self.delivered)
        self.pull.request()
        await turns()
        assert len(self.delivered) == count + 1
        return self.delivered[-1]


async def letters(ends: list[str]) -> AsyncIterator[str]:
    try:
        yield "a"
        await asyncio.sleep(0)
        yield "b"
    finally:
        ends.append("ended")


async def test_a_value_is_delivered_for_each_request_and_then_the_end() -> None:
    ends: list[str] = []
    puller = Puller(letters(ends))
    await turns()
    assert puller.delivered == []
    assert [await puller.next() for _ in range(4)] == [
        (True, "a"),
        (True, "b"),
        (None, None),
        (None, None),
    ]
    assert ends == ["ended"]


async def test_closing_ends_the_generator() -> None:
    ends: list[str] = []
    puller = Puller(letters(ends))
    assert await puller.next() == (True, "a")
    puller.pull.close()
    await turns()
    assert ends == ["ended"] and len(puller.delivered) == 1
    assert await puller.next() == (None, None)


async def test_an_error_is_delivered() -> None:
    async def failing() -> AsyncIterator[str]:
        yield "a"
        raise ValueError("failed")

    puller = Puller(failing())
    assert await puller.next() == (True, "a")
    kind, error = await puller.next()
    assert kind is False and repr(error) == "ValueError('failed')"
    assert await puller.next() == (None, None)


@pytest.mark.parametrize("value", [42, [1], "text", None])
async def test_what_is_not_iterated_asynchronously_is_an_error(value: object) -> None:
    kind, error = await Puller(value).next()
    assert kind is False and isinstance(error, TypeError)


async def test_a_step_is_cancelled() -> None:
    forever = asyncio.Event()

    async def waiting() -> AsyncIterator[str]:
        await forever.wait()
        yield "never"

    puller = Puller(waiting())
    puller.pull.request()
    await turns()
    puller.pull.cancel()
    await turns()
    [(kind, error)] = puller.delivered
    assert kind is False and isinstance(error, asyncio.CancelledError)


async def test_a_cancellation_before_the_first_step_is_delivered() -> None:
    puller = Puller(letters([]))
    puller.pull.request()
    puller.pull.cancel()
    await turns()
    [(kind, error)] = puller.delivered
    assert kind is False and isinstance(error, asyncio.CancelledError)


async def test_an_iterator_need_not_be_a_generator() -> None:
    class Countdown:
        left = 1

        def __aiter__(self) -> Countdown:
            return self

        async def __anext__(self) -> int:
            if self.left < 0:
                raise StopAsyncIteration
            self.left -= 1
            return self.left + 1

    puller = Puller(Countdown())
    steps = [await puller.next() for _ in range(3)]
    assert steps == [(True, 1), (True, 0), (None, None)]


class Sequence:
    """A sequence of Swift, and the iterator over it."""

    def __init__(self, *values: Any) -> None:
        self.runtime: ModuleType = load("loops", "futures", "iteration")
        self.values, self.stops = list(values), 0
        self.futures: list[asyncio.Future[Any]] = []
        self.iterator = self.runtime.AsyncIterator(self.advance, self.stop)

    def advance(self, end: object) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        self.futures.append(future)
        value = self.values.pop(0) if self.values else end
        if isinstance(value, Exception):
            future.set_exception(value)
        elif value is not Ellipsis:
            future.set_result(value)
        return future

    def stop(self) -> None:
        self.stops += 1


async def test_a_sequence_is_iterated_to_its_end() -> None:
    sequence = Sequence(1, None, 3)
    assert [value async for value in sequence.iterator] == [1, None, 3]
    assert sequence.stops == 1
    with pytest.raises(StopAsyncIteration):
        await anext(sequence.iterator)


async def test_an_error_of_the_sequence_ends_it() -> None:
    sequence = Sequence(1, ValueError("failed"), 3)
    assert await anext(sequence.iterator) == 1
    with pytest.raises(ValueError, match="failed"):
        await anext(sequence.iterator)
    assert sequence.stops == 1
    with pytest.raises(StopAsyncIteration):
        await anext(sequence.iterator)


async def test_a_cancelled_step_cancels_the_future_of_swift() -> None:
    sequence = Sequence(...)
    task = asyncio.ensure_future(anext(sequence.iterator))
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sequence.futures[0].cancelled() and sequence.stops == 1


async def test_one_step_at_a_time() -> None:
    sequence = Sequence(...)
    task = asyncio.ensure_future(anext(sequence.iterator))
    await turns()
    steps: list[Callable[[], Any]] = [
        lambda: anext(sequence.iterator),
        lambda: sequence.iterator.athrow(ValueError()),
        sequence.iterator.aclose,
    ]
    for step in steps:
        with pytest.raises(RuntimeError, match="already running"):
            await step()
    sequence.futures[0].set_result(1)
    assert await task == 1


async def test_a_value_cannot_be_sent() -> None:
    sequence = Sequence(1)
    with pytest.raises(TypeError, match="takes no value"):
        await sequence.iterator.asend(1)
    assert await sequence.iterator.asend(None) == 1


@pytest.mark.parametrize(
    "thrown",
    [(ValueError("thrown"),), (ValueError, ValueError("thrown")), (ValueError,)],
)
async def test_an_error_that_is_thrown_in_comes_back_and_ends_it(
    thrown: tuple[Any, ...],
) -> None:
    sequence = Sequence(1)
    with pytest.raises(ValueError):
        await sequence.iterator.athrow(*thrown)
    assert sequence.stops == 1
    with pytest.raises(StopAsyncIteration):
        await anext(sequence.iterator)


async def test_closing_stops_the_sequence_once() -> None:
    sequence = Sequence(1)
    await sequence.iterator.aclose()
    await sequence.iterator.aclose()
    assert sequence.stops == 1


def test_an_iterator_that_goes_away_stops_the_sequence() -> None:
    sequence = Sequence(1)
    del sequence.iterator
    assert sequence.stops == 1


def test_the_class_shows_as_one_of_amaru() -> None:
    cls = load("loops", "futures", "iteration").AsyncIterator
    assert (cls.__module__, cls.__qualname__) == ("amaru", "AsyncIterator")
