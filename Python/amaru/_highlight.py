# SPDX-License-Identifier: Apache-2.0
"""Finds the colours of code; the host runs this beside itself, where Pygments is.

Each line of its input and of its output is a JSON object. `{"code": 1, "language":
"python"}` begins a piece of code, `{"code": 1, "text": "x = 1"}` adds a line to it, and
`{"code": 1}` ends it. The answer to a line is `{"code": 1, "line": 0, "lengths": [1, 1,
1, 1, 1], "styles": "  . n"}`: how many characters have which style. `{"code": 1}` says
that the rest of the code stays plain.

The colours of a line depend on it and on the lines before it alone: what follows may
come much later, and a line is written once.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import STANDARD_TYPES, Token
from pygments.util import ClassNotFound

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

__all__ = ["Code", "serve"]

Span = tuple[str, str]

# The seconds of work that a line may take, the memory of all, and the code that is
# looked at for a line.
_SECONDS, _MEMORY = 0.25, 512 << 20
_MOST_LINES, _MOST_CHARACTERS, _MOST_CODES = 256, 16 * 1024, 64
# Every so many lines it is tried whether the first ones are needed still, by what they
# change in the last ones.
_STRIDE, _EVIDENCE, _TRIES = 8, 4, 3

# Comments, keywords, strings, numbers and types, names, what is deleted, headings.
_STYLES = {
    Token.Comment: "c",
    Token.Comment.Preproc: "f",
    Token.Comment.PreprocFile: "s",
    Token.Keyword: "k",
    Token.Keyword.Constant: "n",
    Token.Keyword.Type: "n",
    Token.Literal: "n",
    Token.Literal.String: "s",
    Token.Literal.String.Escape: "n",
    Token.Literal.String.Interpol: "n",
    Token.Name.Attribute: "f",
    Token.Name.Builtin: "n",
    Token.Name.Class: "f",
    Token.Name.Constant: "n",
    Token.Name.Decorator: "f",
    Token.Name.Entity: "n",
    Token.Name.Exception: "n",
    Token.Name.Function: "f",
    Token.Name.Tag: "k",
    Token.Operator.Word: "k",
    Token.Generic.Deleted: "d",
    Token.Generic.Error: "d",
    Token.Generic.Traceback: "d",
    Token.Generic.Heading: "h",
    Token.Generic.Subheading: "h",
    Token.Generic.Strong: "h",
    Token.Generic.Inserted: "s",
    Token.Generic.Prompt: "c",
}


def _style(kind: _TokenType) -> str:
    while kind not in _STYLES:
        if kind.parent is None:
            return " "
        kind = kind.parent
    return _STYLES[kind]


_NAMES: dict[_TokenType, str] = {kind: _style(kind) for kind in STANDARD_TYPES}


def _lexer(language: str) -> Lexer | None:
    """Return the lexer of a language, which may be the end of a file's name."""
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        pass
    try:
        return get_lexer_for_filename(f"x.{language}")
    except ClassNotFound:
        return None


class Code:
    """A piece of code that comes line by line.

    No lexer of Pygments goes on where it has stopped, so the lines before are read
    again with each new one. Those that make no difference any more are forgotten.
    """

    def __init__(self, language: str) -> None:
        lexer = _lexer(language)
        if lexer is None:
            raise LookupError(language)
        self._lexer = lexer
        self._lines: list[str] = []

    def add(self, line: str) -> list[Span]:
        """Return the texts of a line with their styles.

        Raises ValueError if that is too much work, or the lexer loses text.
        """
        self._lines.append(line)
        count = len(self._lines)
        if count > _MOST_LINES or sum(map(len, self._lines)) > _MOST_CHARACTERS:
            raise ValueError("too much code depends on its beginning")
        read = self._read(self._lines)
        if count > _STRIDE and count % _STRIDE == 0:
            self._forget(read)
        return read[-1]

    def _read(self, lines: list[str]) -> list[list[Span]]:
        text = "\n".join(lines) + "\n"
        read: list[list[Span]] = [[]]
        size = 0
        for _, kind, value in self._lexer.get_tokens_unprocessed(text):
            style = _NAMES.get(kind) or _style(kind)
            size += len(value)
            first, *others = value.split("\n")
            if first:
                read[-1].append((first, style))
            read += [[(part, style)] if part else [] for part in others]
        if size != len(text) or len(read) != len(lines) + 1:
            raise ValueError("the lexer has changed the text")
        return read[:-1]

    def _forget(self, read: list[list[Span]]) -> None:
        """Drop the lines without which the last ones are read in the same way."""
        lines = self._lines
        starts = [
            (len(line) - len(line.lstrip()), -number)
            for number, line in enumerate(lines[: 1 - _EVIDENCE])
            if number and line.strip()
        ]
        for _, start in sorted(starts)[:_TRIES]:
            if self._read(lines[-start:]) == read[-start:]:
                self._lines = lines[-start:]
                return


class _Overtime(ValueError):
    """A line has taken too long."""


def _stop(*_: object) -> None:
    raise _Overtime


def _answer(codes: dict[int, Code], request: dict[str, object]) -> object | None:
    number = request["code"]
    assert isinstance(number, int)
    try:
        if "language" in request:
            if len(codes) < _MOST_CODES:
                codes[number] = Code(str(request["language"]))
            return None
        if "text" not in request:
            codes.pop(number, None)
            return None
        if number not in codes:
            return None
        spans = codes[number].add(str(request["text"]))
    # A lexer may fail in any way, which must not end the process.
    except (Exception, RecursionError, MemoryError):
        codes.pop(number, None)
        return {"code": number}
    return {
        "code": number,
        "lengths": [len(text) for text, _ in spans],
        "styles": "".join(style for _, style in spans),
    }


def serve(requests: Iterable[str], output: TextIO) -> None:
    """Answer requests until they end."""
    codes: dict[int, Code] = {}
    counts: dict[int, int] = {}
    signal.signal(signal.SIGVTALRM, _stop)
    for request in requests:
        asked = json.loads(request)
        # The time that the process works, and not that of the machine. Regular
        # expressions look for signals too.
        signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
        try:
            answer = _answer(codes, asked)
        except _Overtime:
            answer = {"code": asked["code"]}
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if isinstance(answer, dict):
            if "lengths" in answer:
                line = counts.get(asked["code"], 0)
                counts[asked["code"]] = line + 1
                answer["line"] = line
            else:
                counts.pop(asked["code"], None)
            output.write(json.dumps(answer) + "\n")
            output.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        serve(sys.stdin, sys.stdout)
    except (BrokenPipeError, KeyboardInterrupt):
        # The host has gone.
        sys.stderr.close()
