# SPDX-License-Identifier: Apache-2.0
"""Conversations of the stub: turns that grow, as logs of what a page is told."""

from __future__ import annotations

import html
import re
import threading
from dataclasses import dataclass, field
from typing import Any

USAGE = {"prompt": 12, "completion": 34}
MILLISECONDS = 1234

Message = tuple[str, dict[str, Any]]


def units(text: str) -> int:
    """The length of a text as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Block:
    """A paragraph, or code with what its fence says."""

    text: str
    fence: str | None = None

    @property
    def html(self) -> str:
        text = html.escape(self.text)
        if self.fence is None:
            if self.text.startswith("# "):
                return f"<h3>{text[2:]}</h3>"
            return "<p>" + text.replace("\n", "<br>") + "</p>"
        name = f' class="language-{self.fence}"' if self.fence else ""
        return (
            f'<figure class="code"><figcaption>{self.fence}</figcaption>'
            f'<pre tabindex="0"><code{name}>{text}</code></pre></figure>'
        )


def blocks(text: str) -> list[Block]:
    """The blocks of a text: just enough Markdown to watch a page with."""
    found: list[Block] = []
    for number, part in enumerate(re.split(r"^```", text, flags=re.M)):
        if number % 2:
            fence, _, code = part.partition("\n")
            found.append(Block(code, fence))
        else:
            texts = (piece.strip("\n") for piece in re.split(r"\n\n+", part))
            found += [Block(piece) for piece in texts if piece]
    return found


@dataclass
class Turn:
    """A question and its answer, as a log of what the page is told."""

    id: str
    question: str
    parent: str | None
    state: str = "running"
    request: str = ""
    text: str = ""
    reasoning: str = ""
    error: dict[str, str] | None = None
    shown: list[str] = field(default_factory=list)
    log: list[list[Message]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, *messages: Message) -> None:
        """Tell the page several things at once."""
        with self.changed:
            if self.state != "running":
                return
            self.log.append(list(messages))
            self.changed.notify_all()

    def say(self, text: str) -> None:
        """Let the answer go on."""
        before, self.text = blocks(self.text), self.text + text
        after = blocks(self.text)
        messages: list[Message] = []
        for i, block in enumerate(after):
            old = before[i] if i < len(before) else None
            if block == old:
                continue
            if old and old.fence is not None and old.fence == block.fence:
                if block.text.startswith(old.text):
                    at, more = units(old.text), block.text[len(old.text) :]
                    messages.append(("code", {"i": i, "at": at, "text": more}))
                    continue
            messages.append(("block", {"i": i, "html": block.html}))
        self.shown = [block.html for block in after]
        self.add(*messages)

    def show(self, *shown: str) -> None:
        """Show the HTML of blocks as it is."""
        start, self.shown = len(self.shown), [*self.shown, *shown]
        self.add(
            *(
                ("block", {"i": start + i, "html": block})
                for i, block in enumerate(shown)
            )
        )

    def think(self, text: str) -> None:
        """Let the model think on."""
        at, self.reasoning = units(self.reasoning), self.reasoning + text
        self.add(("reasoning", {"at": at, "text": text}))

    def finish(
        self, state: str = "finished", error: dict[str, str] | None = None
    ) -> None:
        """End the turn, once."""
        done = {
            "state": state,
            "reason": "stop" if state == "finished" else None,
            "usage": USAGE,
            "ms": MILLISECONDS,
            "blocks": len(self.shown),
        }
        self.error = error
        messages: list[Message] = [("error", dict(error))] if error else []
        with self.changed:
            self.add(*messages, ("done", done))
            self.state = state
            self.changed.notify_all()


@dataclass
class Conversation:
    id: str
    title: str = ""
    turns: list[Turn] = field(default_factory=list)
    head: str | None = None
    changed: float = 0
    model: str = ""

    def branch(self) -> list[Turn]:
        known = {turn.id: turn for turn in self.turns}
        turns: list[Turn] = []
        place = self.head
        while place is not None:
            turns.insert(0, known[place])
            place = known[place].parent
        return turns

    def versions(self, turn: Turn) -> dict[str, list[str]]:
        """The answers to a turn's question, and a turn for each question beside it."""
        beside = [other for other in self.turns if other.parent == turn.parent]
        newest = {other.question: other.id for other in beside} | {
            turn.question: turn.id
        }
        same = [other.id for other in beside if other.question == turn.question]
        return {"answers": same, "questions": list(newest.values())}
