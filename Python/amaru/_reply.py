# SPDX-License-Identifier: Apache-2.0
"""The decorator that marks the function which answers messages."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[[str], Any])

__all__ = ["function", "reply"]

_marked: list[Callable[[str], Any]] = []


def reply(function: F) -> F:
    """Mark the function that answers messages.

    It takes the message and returns the answer, or yields it piece by piece; it may be
    asynchronous::

        @amaru.reply
        async def answer(message):
            yield "You said: "
            yield message
    """
    _marked[:] = [function]
    return function


def function() -> Callable[[str], Any] | None:
    """Return the function that was marked last, if any."""
    return _marked[0] if _marked else None
