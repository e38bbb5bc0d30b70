# SPDX-License-Identifier: Apache-2.0
"""One conversation with a model: history in, events out."""

from amaru.chat.conversation import Conversation, Filters
from amaru.chat.messages import History, Message

__all__ = ["Conversation", "Filters", "History", "Message"]
