# SPDX-License-Identifier: Apache-2.0
"""The Python side of Amaru: what a chat script and a plugin may use."""

from amaru._bridge import IN_AMARU
from amaru._reply import reply
from amaru.host import Settings, current_turn, notice, settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from _amaru_chat import Turn

__all__ = [
    "IN_AMARU",
    "Settings",
    "Turn",
    "current_turn",
    "notice",
    "reply",
    "settings",
]


def __getattr__(name: str) -> "Any":
    # The host's class, which exists only inside the host.
    if name == "Turn":
        try:
            from _amaru_chat import Turn
        except ImportError:
            pass
        else:
            return Turn
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
