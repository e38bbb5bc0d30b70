# SPDX-License-Identifier: Apache-2.0
"""What an answer consists of beside text, and how asking for one fails.

Imported by the first use of one of them, for the start's sake.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "Attachment",
    "ChatError",
    "FileLimitError",
    "Reasoning",
    "ToolCall",
    "Usage",
]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a message or to an answer."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thinks before it answers, or a part of that."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model asks for, with its arguments as JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that an answer has used."""

    prompt_tokens: int
    completion_tokens: int


class FileLimitError(ValueError):
    """The files of an answer would be too many or too large."""


class ChatError(Exception):
    """Why there is no answer: what happened, to what, and what to do about it."""

    # As tracebacks name it.
    __module__ = "amaru"

    def __init__(
        self,
        code: str,
        message: str,
        remedy: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, message, remedy, retry_after)
        self.code, self.message, self.remedy = code, message, remedy
        #: The seconds after which the same may succeed, if that is known.
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message
