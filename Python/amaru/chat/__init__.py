# SPDX-License-Identifier: Apache-2.0
"""One conversation with a model: history in, events out."""

from amaru.chat.conversation import Conversation

__all__ = ["Conversation"]
