# SPDX-License-Identifier: Apache-2.0
"""The Python side of Amaru: what a chat script and a plugin may use."""

from amaru._bridge import IN_AMARU
from amaru._reply import reply
from amaru.host import Settings, current_turn, notice, settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from _amaru_chat import Turn
    from amaru._pieces import Attachment, ChatError, Reasoning, ToolCall, Usage
    from amaru.chat.asking import Question
    from amaru.chat.asking import Question as chat

__all__ = [
    "Attachment",
    "ChatError",
    "IN_AMARU",
    "Question",
    "Reasoning",
    "Settings",
    "ToolCall",
    "Turn",
    "Usage",
    "chat",
    "current_turn",
    "notice",
    "reply",
    "settings",
]


def __getattr__(name: str) -> "Any":
    # What few scripts use is imported when one does.
    if name == "chat":
        import amaru.chat

        return amaru.chat
    if name == "Question":
        from amaru.chat.asking import Question

        return Question
    if name in ("Attachment", "ChatError", "Reasoning", "ToolCall", "Usage"):
        from amaru import _pieces

        return getattr(_pieces, name)
    # The host's class, which exists only inside the host.
    if name == "Turn":
        try:
            from _amaru_chat import Turn
        except ImportError:
            pass
        else:
            return Turn
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
