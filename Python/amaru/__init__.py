# SPDX-License-Identifier: Apache-2.0
"""The Python side of Amaru: what a chat script and a plugin may use."""

from amaru._bridge import IN_AMARU
from amaru._reply import reply
from amaru.host import Settings, Turn, current_turn, notice, settings

__all__ = [
    "IN_AMARU",
    "Settings",
    "Turn",
    "current_turn",
    "notice",
    "reply",
    "settings",
]
