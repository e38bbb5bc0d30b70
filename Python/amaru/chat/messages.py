# SPDX-License-Identifier: Apache-2.0
"""What has been said, and the rules by which it is said again."""

from __future__ import annotations

__all__ = ["History"]


class History:
    """Messages in which user and assistant alternate, whatever happens to a turn.

    Only whole pairs are kept. A question that got no answer at all is dropped with its
    turn: two user messages in a row are refused by some servers, and answered twice
    by others. An answer that was cut short is an answer.
    """

    def __init__(self, system: str = "") -> None:
        self.messages = [{"role": "system", "content": system}] if system else []
        """What the next request will begin with, in the form that the server takes."""

    def asking(self, text: str) -> list[dict[str, str]]:
        """Return what to send to ask `text` now; it is not remembered yet."""
        return [*self.messages, {"role": "user", "content": text}]

    def remember(self, text: str, answer: str) -> None:
        """Keep a question with its answer; without an answer, neither."""
        if answer:
            said = {"role": "assistant", "content": answer}
            self.messages = [*self.asking(text), said]
