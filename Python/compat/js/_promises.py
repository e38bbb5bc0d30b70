# SPDX-License-Identifier: Apache-2.0
"""Promises, which are futures here."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable
from typing import Any

from pyodide.ffi import to_js
from pyodide.ffi._kinds import JsError
from pyodide.webloop import PyodideFuture, promise

__all__ = ["Promise"]


class Promise:
    """Makes futures; each has `then`, `catch` and `finally_`."""

    @staticmethod
    def new(executor: Any) -> PyodideFuture[Any]:
        """Return a future that `executor` settles with one of two functions."""
        from pyodide.code import relaxed_call

        future: PyodideFuture[Any] = PyodideFuture(loop=asyncio.get_event_loop())

        def resolve(value: Any = None) -> None:
            if not future.done():
                future.set_result(value)

        def reject(reason: Any = None) -> None:
            if not future.done():
                future.set_exception(_exception(reason))

        try:
            relaxed_call(executor, resolve, reject)
        except Exception as exc:
            reject(exc)
        return future.then(None)

    @staticmethod
    def resolve(value: Any = None) -> PyodideFuture[Any]:
        """Return a future with a value; what can be awaited is awaited."""
        return promise(_waited(value))

    @staticmethod
    def reject(reason: Any = None) -> PyodideFuture[Any]:
        """Return a future with an error."""
        future: PyodideFuture[Any] = PyodideFuture(loop=asyncio.get_event_loop())
        future.set_exception(_exception(reason))
        return future

    @staticmethod
    def all(values: Iterable[Any]) -> PyodideFuture[Any]:
        """Return a future of all results, which fails with the first failure."""
        parts = _parts(values)

        async def whole() -> Any:
            return to_js(await asyncio.gather(*parts), depth=1)

        return promise(whole())

    @staticmethod
    def allSettled(values: Iterable[Any]) -> PyodideFuture[Any]:
        """Return a future of all outcomes, each with its ``status``."""
        parts = _parts(values)

        async def whole() -> Any:
            outcomes = await asyncio.gather(*parts, return_exceptions=True)
            return to_js([_outcome(each) for each in outcomes], depth=2)

        return promise(whole())

    @staticmethod
    def race(values: Iterable[Any]) -> PyodideFuture[Any]:
        """Return a future with the first outcome."""
        parts = _parts(values)

        async def first() -> Any:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            return next(part for part in parts if part in done).result()

        return promise(first())

    @staticmethod
    def any(values: Iterable[Any]) -> PyodideFuture[Any]:
        """Return a future with the first result; it fails if all fail."""
        parts = _parts(values)

        async def first() -> Any:
            for part in asyncio.as_completed(parts):
                try:
                    return await part
                except Exception:
                    continue
            raise JsError("AggregateError", "All promises were rejected")

        return promise(first())


async def _waited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _parts(values: Iterable[Any]) -> list[asyncio.Future[Any]]:
    loop = asyncio.get_event_loop()
    parts: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(_waited(value), loop=loop) for value in values
    ]
    for part in parts:
        # Nobody asks a part whose outcome does not count.
        part.add_done_callback(_retrieve)
    return parts


def _retrieve(part: asyncio.Future[Any]) -> None:
    if not part.cancelled():
        part.exception()


def _exception(reason: Any) -> BaseException:
    if isinstance(reason, BaseException):
        return reason
    return JsError("Error", "" if reason is None else str(reason))


def _outcome(value: Any) -> dict[str, Any]:
    if isinstance(value, BaseException):
        return {"status": "rejected", "reason": value}
    return {"status": "fulfilled", "value": value}
