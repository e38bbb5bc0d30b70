# SPDX-License-Identifier: Apache-2.0
"""Runs a test's own body here, where the original sends it into a page."""

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["run_in_pyodide"]


def run_in_pyodide(function: Any = None, **options: Any) -> Any:
    """Decorate a function whose first parameter is the page."""
    if function is None:
        return functools.partial(run_in_pyodide, **options)
    if not inspect.iscoroutinefunction(function):
        return function
    return _awaited(function)


def _awaited(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        # The host's loop, which has the methods of promises.
        loop = asyncio.get_event_loop()
        return loop.run_until_complete(function(*arguments, **named))

    return run
