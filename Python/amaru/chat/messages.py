# SPDX-License-Identifier: Apache-2.0
"""What has been said, and the rules by which it is said again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["History", "Message"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str
    interrupted: bool = False
    """Whether the answer was cut short: by the user, or by a fault."""

    def wire(self) -> dict[str, str]:
        """Return the form that the server takes."""
        return {"role": self.role, "content": self.content}


class History:
    """Messages in which user and assistant alternate, whatever happens to a turn.

    Only whole pairs are kept. A question that got no answer at all is dropped with its
    turn: two user messages in a row are refused by some servers, and answered twice
    by others. An answer that was cut short is an answer.
    """

    def __init__(self, system: str = "") -> None:
        self._system = (Message("system", system),) if system else ()
        self._said: list[Message] = []

    def __len__(self) -> int:
        return len(self._said)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Everything that the next request will begin with."""
        return (*self._system, *self._said)

    def asking(self, text: str) -> list[dict[str, str]]:
        """Return what to send to ask `text` now; it is not remembered yet."""
        return [message.wire() for message in (*self.messages, Message("user", text))]

    def remember(self, text: str, answer: str, *, interrupted: bool = False) -> None:
        """Keep a question with its answer; without an answer, neither."""
        if answer:
            self._said.append(Message("user", text))
            self._said.append(Message("assistant", answer, interrupted))

    def clear(self) -> None:
        """Forget everything but the system message."""
        self._said.clear()
