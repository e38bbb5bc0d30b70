# SPDX-License-Identifier: Apache-2.0
"""The Python side of Amaru: what a chat script and a plugin may use."""

from amaru._bridge import IN_AMARU
from amaru._reply import reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from _amaru_chat import Turn
    from amaru._pieces import Attachment, ChatError, Reasoning, ToolCall, Usage
    from amaru.chat.asking import Question
    from amaru.chat.asking import Question as chat
    from amaru.host import Settings, current_turn, notice, settings

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
    # Imported when a script uses it: most do not.
    if name == "chat":
        import amaru.chat

        return amaru.chat
    if name == "host":
        import amaru.host

        return amaru.host
    if name in ("Settings", "current_turn", "notice", "settings"):
        from amaru import host

        return getattr(host, name)
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
