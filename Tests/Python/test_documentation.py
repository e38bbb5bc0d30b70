# SPDX-License-Identifier: Apache-2.0
"""Whatever throws and is public says in its documentation when it does.

The formatter asks for that only beside documented parameters or results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "Sources/Amaru"
PUBLIC = re.compile(r"\s*public (?:\w+ )*(?:func|init|subscript|var)\b")


def declarations(text: str) -> Iterator[tuple[str, str]]:
    """Each public declaration without its parameters, with what stands above it."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not PUBLIC.match(line):
            continue
        above = number
        while above and lines[above - 1].strip():
            above -= 1
        declaration = outside("\n".join(lines[number : number + 30]))
        yield declaration.partition("{")[0], "\n".join(lines[above:number])


def outside(text: str) -> str:
    """The text without what is in parentheses."""
    inner = re.sub(r"\([^()]*\)", "", text)
    return text if inner == text else outside(inner)


def undocumented(text: str) -> list[str]:
    return [
        declaration.strip()
        for declaration, above in declarations(text)
        if re.search(r"\bthrows\b", declaration) and "/// - Throws:" not in above
    ]


def test_public_declarations_say_what_they_throw() -> None:
    for path in sorted(LIBRARY.rglob("*.swift")):
        assert not undocumented(path.read_text()), path


def test_one_that_does_not_is_found() -> None:
    plain = "    /// Does it.\n    @inlinable\n    public func f(\n    ) throws {\n"
    assert undocumented(plain)
    assert undocumented(plain.replace("throws", "async throws -> Int"))
    assert not undocumented(plain.replace("it.", "it.\n    /// - Throws: An error."))
    assert not undocumented("public func f(_ body: () throws -> Int) -> Int {\n")
    assert not undocumented("public func f(_ b: () throws -> Int = { 1 }) -> Int {\n")
    assert undocumented("public func f(_ body: (Int) -> (Int)) throws -> Int {")
