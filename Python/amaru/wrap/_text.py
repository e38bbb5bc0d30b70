# SPDX-License-Identifier: Apache-2.0
"""Lines of Swift: doc comments, and lists that break as the formatter breaks them."""

from __future__ import annotations

import inspect
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = [
    "Lines",
    "Listed",
    "comment",
    "documentation",
    "getter",
    "plain",
    "returned",
    "spread",
]

Lines = list[str]

#: One less than the formatter takes: it breaks some lines of that very length.
_COLUMNS = 99
_LONGEST = 40
_FIELD = re.compile(
    r"^\s*[-*+]\s+(?=(parameters?|returns?|throws?|parameter\s+\S+)\s*:)", re.IGNORECASE
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def plain(text: str) -> str:
    """Return a text as one line without anything that is not seen."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return "".join(kept).rstrip()


def comment(paragraphs: Iterable[Sequence[str]], indent: int) -> Lines:
    """Return paragraphs of lines as a doc comment."""
    margin = " " * indent
    lines: Lines = []
    for paragraph in paragraphs:
        if not paragraph:
            continue
        if lines:
            lines.append(f"{margin}///")
        for line in paragraph:
            lines += _broken(line, margin)
    return lines


def _broken(line: str, margin: str) -> Lines:
    text = plain(line)
    if not text:
        return [f"{margin}///"]
    inner = "  " if text.startswith("- ") else ""
    width = _COLUMNS - len(margin) - 4
    pieces = textwrap.wrap(
        text,
        width,
        subsequent_indent=inner,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return [f"{margin}/// {piece}".rstrip() for piece in pieces or [text]]


def documentation(docstring: object, otherwise: str) -> list[list[str]]:
    """Return a docstring as paragraphs, the first of which is one sentence."""
    text = inspect.cleandoc(docstring).strip() if isinstance(docstring, str) else ""
    if not plain(text).strip():
        return [[otherwise]]
    lines = [_marked(line) for line in text.splitlines()[:_LONGEST]]
    end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    first = " ".join(line.strip() for line in lines[:end])
    sentences = _SENTENCE.split(first, maxsplit=1)
    rest = lines[end:]
    while rest and not rest[0].strip():
        rest = rest[1:]
    while rest and not rest[-1].strip():
        rest = rest[:-1]
    summary = sentences[0].rstrip(":").rstrip()
    return [[summary if summary.endswith(".") else f"{summary}."], sentences[1:], rest]


def _marked(line: str) -> str:
    """Return a line of a docstring without what has a meaning of its own in DocC."""
    return plain(_FIELD.sub("", line).replace("``", "`"))


class Listed(str):
    """An argument that is a list literal, which may need lines of its own."""

    head: str
    items: Sequence[str]

    @classmethod
    def of(cls, head: str, items: Sequence[str]) -> Listed:
        """Return ``head[items]``."""
        made = cls(f"{head}[{', '.join(items)}]")
        made.head, made.items = head, items
        return made

    def lines(self, indent: int, tail: str) -> Lines:
        """Return it on one line, or with a line for each item."""
        margin = " " * indent
        line = f"{margin}{self}{tail}"
        if len(line) <= _COLUMNS:
            return [line]
        items = [f"{margin}    {item}," for item in self.items]
        return [f"{margin}{self.head}[", *items, f"{margin}]{tail}"]


def spread(head: str, items: Sequence[str], tail: str, indent: int) -> Lines:
    """Return ``head(items)tail`` on one line, or with a line for each item."""
    margin = " " * indent
    line = f"{margin}{head}({', '.join(items)}){tail}"
    if not items or len(line) <= _COLUMNS:
        return [line]
    lines = [f"{margin}{head}("]
    for index, item in enumerate(items):
        comma = "," if index + 1 < len(items) else ""
        if isinstance(item, Listed):
            lines += item.lines(indent + 4, comma)
        else:
            lines.append(f"{margin}    {item}{comma}")
    return [*lines, f"{margin}){tail}"]


def getter(expression: str) -> Lines:
    """Return the getter of a property that throws."""
    line = f"        get throws {{ try {expression} }}"
    if len(line) <= _COLUMNS:
        return [line]
    return ["        get throws {", f"            try {expression}", "        }"]


def returned(expression: str, indent: int, word: str = "return ") -> Lines:
    """Return a return statement, over several lines if it is long."""
    margin = " " * indent
    line = f"{margin}{word}{expression}"
    if len(line) <= _COLUMNS:
        return [line]
    head, closure, body = expression.partition(".map { ")
    if closure:
        inner = returned(body.removesuffix(" }"), indent + 4, "")
        return [f"{margin}{word}{head}.map {{", *inner, f"{margin}}}"]
    head, call, body = expression.partition(".tupleValues(")
    types = body.removesuffix(".self)").split(".self, ")
    items = [f"{each}.self" for each in types if call]
    return (
        spread(f"{word}{head}{call.rstrip('(')}", items, "", indent) if call else [line]
    )
