# SPDX-License-Identifier: Apache-2.0
"""Whatever throws and is public says in its documentation when it does.

The formatter asks for that only beside documented parameters or results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "Sources"
PUBLIC = re.compile(
    r"( *)(?:@\w+(?:\([^)]*\))? )*public (?:[\w()]+ )*(?:func|init|subscript|var)\b"
)
PROTOCOL = re.compile(r"( *)public protocol\b")
REQUIREMENT = re.compile(r" +(?:\w+ )*(?:func|init|subscript|var)\b")
PROPERTY = re.compile(r"[^(<{]*\bvar ")
GETTER = re.compile(r"\s*get (?:async )?throws\b", re.MULTILINE)


def declarations(text: str) -> Iterator[tuple[str, str]]:
    """Each public declaration without its parameters, with what stands above it.

    A computed one has the line of its getter too, where that can throw.
    """
    lines = text.split("\n")
    protocol = ""
    for number, line in enumerate(lines):
        if found := PROTOCOL.match(line):
            protocol = f"{found[1]}}}"
        elif line == protocol:
            protocol = ""
        is_required = bool(protocol and REQUIREMENT.match(line))
        if not (is_required or PUBLIC.match(line)):
            continue
        above = number
        while above and (before := lines[above - 1].strip()) and not ends(before):
            above -= 1
        end = f"{line[: len(line) - len(line.lstrip())]}}}"
        body = lines[number : number + 30]
        body = body[: body.index(end)] if end in body else body
        head, _, inside = outside("\n".join(body)).partition("{")
        if is_required:
            head, _, inside = outside(line).partition("{")
        if PROPERTY.match(line):  # Its type may be that of a function that throws.
            head = line.partition("{")[0].partition(":")[0]
        getter = GETTER.match(inside)
        yield head + (getter[0] if getter else ""), "\n".join(lines[above:number])


def ends(line: str) -> bool:
    """Whether another declaration ends with the line."""
    return line.endswith(("{", "}")) or bool(REQUIREMENT.match(f" {line}"))


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
    for path in sorted(SOURCES.rglob("*.swift")):
        assert not undocumented(path.read_text()), path


def test_one_that_does_not_is_found() -> None:
    plain = "    /// Does it.\n    @inlinable\n    public func f(\n    ) throws {\n"
    assert undocumented(plain)
    assert undocumented(plain.replace("throws", "async throws -> Int"))
    assert not undocumented(plain.replace("it.", "it.\n    /// - Throws: An error."))
    assert not undocumented("public func f(_ body: () throws -> Int) -> Int {\n")
    assert not undocumented("public func f(_ b: () throws -> Int = { 1 }) -> Int {\n")
    assert undocumented("public func f(_ body: (Int) -> (Int)) throws -> Int {")


def test_a_getter_that_throws_is_found() -> None:
    plain = (
        "/// Reads it.\npublic subscript(key: Int) -> Int {\n    get throws { 1 }\n}\n"
    )
    assert undocumented(plain)
    assert undocumented(plain.replace("get throws {", "get async throws {"))
    assert undocumented(plain.replace("subscript(key: Int) ->", "static var first:"))
    assert undocumented(plain.replace(" {\n    get", "\n{ get").replace("}\n}", "} }"))
    assert not undocumented(plain.replace("it.", "it.\n/// - Throws: An error."))
    assert not undocumented(plain.replace("get throws { 1", "f { () throws in 1"))


def test_a_requirement_that_throws_is_found() -> None:
    plain = "public protocol P {\n    /// Does it.\n    func f() throws\n}\n"
    assert undocumented(plain)
    assert undocumented(plain.replace("func f() throws", "var f: Int { get throws }"))
    documented = plain.replace("it.", "it.\n    /// - Throws: An error.")
    assert not undocumented(documented)
    assert undocumented(documented.replace("throws\n", "throws\n    func g() throws\n"))
    assert not undocumented(plain.replace("public ", ""))
    assert not undocumented("public var count = 0\n\nfunc f() throws {\n}\n")
    assert not undocumented("public var f: () throws -> Int = { 1 }\n")
