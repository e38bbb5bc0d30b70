# SPDX-License-Identifier: Apache-2.0
"""One conversation with a model: history in, events out."""

from amaru.chat.conversation import Conversation
from amaru.chat.transport import Transport

__all__ = ["Conversation", "Transport"]
