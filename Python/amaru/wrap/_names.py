# SPDX-License-Identifier: Apache-2.0
"""Swift names for Python names, and literals of Swift."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = [
    "KEYWORDS",
    "Scope",
    "escaped",
    "is_label",
    "is_member",
    "label",
    "literal",
    "lower_camel",
    "upper_camel",
]

#: What a declaration or a use cannot be called without backticks.
KEYWORDS = frozenset(
    """
    Any as associatedtype await break case catch class continue default defer deinit do
    else enum extension fallthrough false fileprivate for func guard if import in init
    inout internal is let nil operator precedencegroup private protocol public repeat
    rethrows return self Self static struct subscript super switch throw throws true try
    typealias var where while
    """.split()
)
#: A label may be any word but these.
_LABELS = frozenset(("inout", "let", "var"))
#: The members of a Python object that hide an attribute, beside those in camel case.
_HIDDEN = frozenset(("awaited", "converted", "init", "self", "Type", "Protocol"))
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z_]+|[A-Z]")


def escaped(name: str) -> str:
    """Return a name as Swift declares it."""
    return f"`{name}`" if name in KEYWORDS else name


def label(name: str) -> str:
    """Return a name as the label of an argument."""
    return f"`{name}`" if name in _LABELS else name


def is_label(name: str) -> bool:
    """Say whether a keyword argument can be spelled as in Python."""
    return name.isascii() and name.isidentifier() and name not in {"_", *_LABELS}


def literal(text: str) -> str:
    """Return a string literal of Swift."""
    plain = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
    return '"' + "".join(plain.get(c, c) if _shows(c) else _code(c) for c in text) + '"'


def _shows(character: str) -> bool:
    return character.isprintable() or character == "\n"


def _code(character: str) -> str:
    return f"\\u{{{ord(character):X}}}"


def is_member(name: str) -> bool:
    """Say whether ``object.name`` in Swift is the attribute of that name."""
    if not (name.isascii() and name.isidentifier()) or name in _HIDDEN:
        return False
    # Names in camel case are those of the Swift class itself.
    return name == name.lower() or "_" in name or name[0].isupper()


def _identifier(name: str) -> str:
    """Return a name with ``_`` for what no Swift identifier has."""
    kept = (c if c == "_" or c.isalnum() and ord(c) < 0x30000 else "_" for c in name)
    text = "".join(kept)
    return text if text and not text[0].isdigit() else f"_{text}"


def lower_camel(name: str) -> str:
    """Return ``read_all`` as ``readAll``, and ``MAX_SIZE`` as ``maxSize``."""
    text = _identifier(name)
    words: list[str] = []
    for part in text.split("_"):
        words += _WORD.findall(part)
    if not words or words[0][0].isdigit():
        return text if text.strip("_") else "unnamed"
    if "_" not in text.strip("_") and text.strip("_").isupper():
        return text.strip("_").lower()
    whole = text.strip("_").isupper()
    first, rest = words[0], words[1:]
    head = first.lower() if whole or first.isupper() else first[0].lower() + first[1:]
    return head + "".join(_capital(word, whole) for word in rest)


def upper_camel(name: str) -> str:
    """Return ``row_reader`` as ``RowReader``; a name in camel case stays."""
    words = [word for word in _identifier(name).split("_") if word]
    if not words or words[0][0].isdigit():
        return f"Python{''.join(words)}"
    return "".join(word[0].upper() + word[1:] for word in words)


def _capital(word: str, whole: bool) -> str:
    return word.capitalize() if whole else word[0].upper() + word[1:]


class Scope:
    """The names of one scope, each given once."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = set(reserved)

    def claim(self, name: str, suffix: str = "") -> str:
        """Return the name, or one with a suffix and the first number that is free."""
        chosen = name
        number = 2
        if chosen in self._taken and suffix:
            chosen = name = name + suffix
        while chosen in self._taken:
            chosen = f"{name}{number}"
            number += 1
        self._taken.add(chosen)
        return chosen
