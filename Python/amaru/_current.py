# SPDX-License-Identifier: Apache-2.0
"""Which turn is being delivered; imported with the first one, for the start's sake."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _amaru_chat import Turn

__all__ = ["running", "turn"]

turn: ContextVar[Turn] = ContextVar("amaru_turn")


def running() -> Turn | None:
    """Return the turn that the running code belongs to; the host calls this."""
    return turn.get(None)
