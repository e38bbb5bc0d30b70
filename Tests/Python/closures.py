"""Writes the initialisers that take closures, for each number of arguments and kind of result.

Run without arguments it writes the files; a test compares them.
"""
# The templates have the columns of Swift.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from overloads import ROOT, formatted

FOLDER = ROOT / "Sources/Amaru"

HEADER = """\
// {title}
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

"""
C = "{} import CAmaruPython\n\n"

WORDS = ["First", "Second", "Third"]
COUNTS = ["without {}s", "of one {}", "of two {}s", "of three {}s"]

PARAMETERS = """\
    ///
    /// - Parameters:
    ///   - name: Its name in Python.
{described}\
    ///   - documentation: Its docstring.
    ///   - fileID: The file that tracebacks show for it.
    ///   - line: The line that tracebacks show for it.
    ///   - body: What it does; what it throws is raised in Python.
"""
DESCRIBED = """\
    ///   - first: The first parameter.
    ///   - others: The other parameters.
"""

SAID = "This result does not convert to Python: return a PythonTuple, or write '_ ='."
REFUSED = f"""\
    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(*, deprecated, message: "{SAID}")
    @available(*, noasync, message: "{SAID}")
"""


@dataclass(frozen=True)
class Closure:
    """One initialiser: what it makes, and of which closure."""

    owner: str
    # How Python calls it: "sync", "async" or "blocking".
    way: str = "sync"
    # With a parameter pack where it is nil.
    arity: int | None = None
    is_described: bool = False
    # "Value", "Void", or "Refused" for one that does not convert.
    result: str = "Value"

    @property
    def is_method(self) -> bool:
        return self.owner == "PythonMethod"

    @property
    def is_task(self) -> bool:
        return self.way != "sync"

    def generics(self) -> str:
        bound = "ConvertibleFromPython" + (" & Sendable" if self.is_task else "")
        names = ["First", "each Other"] if self.is_described else ["each Argument"]
        if self.arity is not None:
            names = WORDS[: self.arity]
        clauses = [f"{name}: {bound}" for name in names]
        if self.result == "Value":
            clauses.append(
                "Value: ConvertibleToPython" + (" & Sendable" if self.is_task else "")
            )
        elif self.result == "Refused":
            clauses.append("Value")
        return f"<{', '.join(clauses)}>" if clauses else ""

    def types(self) -> list[str]:
        if self.arity is not None:
            return WORDS[: self.arity]
        return (
            ["First", "repeat each Other"]
            if self.is_described
            else ["repeat each Argument"]
        )

    def parameters(self) -> list[str]:
        """What describes the parameters."""
        if not self.is_described:
            return []
        if self.arity is not None:
            return [f"_ {one.lower()}: PythonParameter<{one}>" for one in self.types()]
        return [
            "_ first: PythonParameter<First>",
            "_ others: repeat PythonParameter<each Other>",
        ]

    def head(self) -> str:
        """The declaration."""
        name = "blocking name: String" if self.way == "blocking" else "_ name: String"
        if not (self.is_method or self.is_described or self.way == "blocking"):
            name += " = PythonFunction.nameless"
        instance = ["Instance"] if self.is_method else []
        form = (
            "@escaping @concurrent @Sendable" if self.is_task else "@escaping @Sendable"
        )
        effects = "async throws" if self.is_task else "throws"
        result = "Void" if self.result == "Void" else "Value"
        closure = f"{form} ({', '.join(instance + self.types())}) {effects} -> {result}"
        parameters = [
            name,
            *self.parameters(),
            "documentation: String? = nil",
            "fileID: StaticString = #fileID",
            "line: UInt = #line",
            f"body: {closure}",
        ]
        return f"    public init{self.generics()}({', '.join(parameters)})"

    def summary(self) -> str:
        verb = "Takes a method" if self.is_method else "Creates a function"
        if self.arity is not None:
            what = COUNTS[self.arity].format(
                "parameter" if self.is_described else "argument"
            )
        else:
            what = "with described parameters" if self.is_described else ""
        ending = {
            "sync": "that returns {}",
            "async": "that starts at once and returns an awaitable of {}",
            "blocking": "that blocks its Python thread until the closure has returned {}",
        }[self.way].format("a value" if self.result == "Value" else "`None`")
        return f"    /// {' '.join(filter(None, [verb, what, ending]))}.\n"

    def documentation(self) -> str:
        text = self.summary()
        if self.arity is None and self.way == "sync" and self.result == "Value":
            text += PARAMETERS.format(described=DESCRIBED if self.is_described else "")
        return text

    def signature(self) -> str:
        if self.is_described:
            values = [one.lower() for one in self.types()]
            if self.arity is None:
                values = ["first", "repeat each others"]
            arguments = ["name", *values]
        else:
            types = ["repeat (each Argument)"] if self.arity is None else self.types()
            arguments = ["unnamed: name", *(f"{one}.self" for one in types)]
        arguments.append(f"result: {self.result}.self")
        if self.way == "async":
            arguments.append("isAsynchronous: true")
        return f"        let signature = FunctionSignature({', '.join(arguments)})\n"

    def values(self) -> list[str]:
        """The arguments, read where the closure is called."""
        if self.arity is not None:
            makes = [f"{one.lower()}.makeValue" for one in self.types()]
            makes = makes if self.is_described else ["nil"] * self.arity
            return [f"bound.read({at}, {make}, gil)" for at, make in enumerate(makes)]
        if self.is_described:
            return ["cursor.next(first, gil)", "repeat cursor.next(each others, gil)"]
        return ["repeat cursor.next((each Argument).self, gil)"]

    def call(self) -> str:
        """What runs the closure and makes the reference."""
        none = "return OwnedReference(borrowed: amaru_none())"
        returns = self.result == "Value"
        if self.is_task:
            return self.task()
        values = ", ".join(self.values())
        if not self.is_method:
            call = f"try body({values})"
            return (
                f"return {call}.pythonReference(gil)" if returns else f"{call}\n{none}"
            )
        call = f"try body({', '.join(['instance', *self.values()])})"
        if returns:
            return f"""\
return try Instance.makeReference(lending: instance) {{ instance in
    {call}.pythonReference(gil)
}}"""
        return f"try Instance.lend(instance) {{ instance in\n{call}\n}}\n{none}"

    def task(self) -> str:
        """What starts the closure's task, and waits for it where the call blocks."""
        if self.arity is not None:
            values = [one.lower() for one in self.types()]
        elif self.is_described:
            values = ["value", "repeat each values"]
        else:
            values = ["repeat each values"]
        instance = ["instance"] if self.is_method else []
        call = f"try await body({', '.join(instance + values)})"
        if self.result == "Void":
            call += "\nreturn PythonNone()"
        lines = []
        if self.is_method:
            lines.append(
                "let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()"
            )
        if self.arity is not None:
            names = [one.lower() for one in self.types()]
            lines += [
                f"let {name}: {one} = try {value}"
                for name, one, value in zip(
                    names, self.types(), self.values(), strict=True
                )
            ]
        elif self.is_described:
            lines.append("let value = try cursor.next(first, gil)")
            lines.append("let values = (repeat try cursor.next(each others, gil))")
        else:
            lines.append(
                "let values = (repeat try cursor.next((each Argument).self, gil))"
            )
        if self.way == "async":
            start = "SwiftAwaitable.start(gil, for: bound.signature)"
            lines.append(f"return try {start} {{\n{call}\n}}")
        else:
            lines.append(
                f"return try BlockingWait.run {{\n{call}\n}}.pythonReference(gil)"
            )
        return "\n".join(lines)

    def text(self) -> str:
        if self.result == "Refused":
            return (
                f"{REFUSED}{self.head()} throws {{\n"
                "throw FunctionSignature.unconvertible(name)\n}\n\n"
            )
        text = self.documentation()
        if self.arity is not None:
            text += "    @inlinable\n    @inline(__always)\n"
        text += self.head() + " {\n" + self.signature()
        if self.is_described and self.arity is None:
            text += "let others = (repeat each others)\n"
        entry = "(instance, bound, gil)" if self.is_method else "(bound, gil)"
        text += f"self.init(signature, documentation, fileID, line) {{ {entry} in\n"
        text += "bound.returning {\n"
        if self.arity is None:
            text += "var cursor = BoundCursor(bound)\n"
        return text + self.call() + "\n}\n}\n}\n\n"


def extension(owner: str, members: list[Closure], comment: str = "") -> str:
    text = "".join(member.text() for member in members).rstrip()
    return f"{comment}extension {owner} {{\n{text}\n}}\n\n"


def file(title: str, *parts: str) -> str:
    return HEADER.format(title=title) + "".join(parts)


def packs(
    owner: str, way: str, results: tuple[str, ...] = ("Value", "Void")
) -> list[Closure]:
    return [
        Closure(owner, way, None, is_described, result)
        for is_described, result in product((False, True), results)
    ]


def fixed(
    owner: str, is_described: bool, most: int, way: str = "sync"
) -> list[Closure]:
    return [
        Closure(owner, way, arity, is_described, result)
        for arity, result in product(range(is_described, most + 1), ("Value", "Void"))
    ]


WITHOUT_PACKS = """\
// A parameter pack costs a call through a witness for each element; these have none left. They
// say the same as the initialisers with packs, which take over beyond {} parameters.

"""
AWAITABLE = """\
/// {}s that start at once and return an awaitable.
///
/// The awaitable is an `asyncio.Future` of the running loop, never a lazy coroutine: a call
/// without `await` runs just the same. A closure that does not suspend has run when the call
/// returns. Cancelling the future cancels the Swift task.
"""
SPECIALISED = """\
/// The same for at most one argument, which the compiler specialises in the program's own module.
"""
BLOCKING = """\
/// {}s that block their Python thread until the closure has ended.
///
/// For callers that cannot await. The GIL is released meanwhile and signals are looked at every
/// 50 milliseconds; an interrupt cancels the closure, whose own error is then raised. What a signal
/// handler raises cancels it too, and is raised as it is. A closure that needs the Python actor gets
/// ``AmaruError/Code/actorBusy`` if its call blocks the Python thread.
"""
UNCONVERTIBLE = """\
// Without these, a closure of one expression passes for one that returns nothing, and Python gets
// `None`. Their isolation refuses them in synchronous code, and `noasync` in asynchronous code. An
// initialiser that is unavailable would not be chosen.

"""


def initializers() -> str:
    """The initialisers of classes, whose closures make an instance."""
    text = "extension PythonInitializer {\n"
    for arity in range(3):
        words = WORDS[:arity]
        clauses = ", ".join(f"{word}: ConvertibleFromPython" for word in words)
        types = "".join(f"{word}.self, " for word in words)
        values = ", ".join(f"bound.read({at}, nil, gil)" for at in range(arity))
        text += f"""\
    /// Takes the closure that makes an instance {COUNTS[arity].format("argument")}.
    @inlinable
    @inline(__always)
    public init{f"<{clauses}>" if clauses else ""}(fileID: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable ({", ".join(words)}) throws -> Instance) {{
        self.init(FunctionSignature(unnamed: "__init__", {types}result: Instance.self), fileID, line) {{ (bound, gil) in
            NewInstance(try body({values}))
        }}
    }}

"""
    return text.rstrip() + "\n}\n"


def owner_files(folder: str, owner: str, most: int) -> dict[str, str]:
    """The files of functions, or of methods."""
    noun = owner.removeprefix("Python")
    refused = [
        one
        for way in ("sync", "async", "blocking")
        for one in packs(owner, way, ("Refused",))
    ]
    plural = noun.lower() + "s"
    described = fixed(owner, True, most) if noun == "Function" else []
    return {
        f"{folder}/{owner}+Closures.swift": file(
            f"Swift closures as {plural} of Python: those that run to their end.",
            C.format("internal"),
            extension(owner, packs(owner, "sync")),
        ),
        f"{folder}/{owner}+FixedArity.swift": file(
            f"Closures of up to {['', '', 'two', 'three'][most]} parameters, which the compiler specialises in the program's own module.",
            C.format("public"),
            WITHOUT_PACKS.format(["", "", "two", "three"][most]),
            extension(
                owner,
                fixed(owner, False, most),
                "/// Arguments without descriptions.\n",
            ),
            extension(owner, described, "/// Described parameters.\n")
            if described
            else "",
        ),
        f"{folder}/{owner}+Async.swift": file(
            f"Asynchronous Swift closures as {plural} of Python: awaitable, or blocking their thread.",
            C.format("internal"),
            extension(owner, packs(owner, "async"), AWAITABLE.format(noun)),
            extension(owner, fixed(owner, False, 1, "async"), SPECIALISED),
            extension(owner, packs(owner, "blocking"), BLOCKING.format(noun)),
        ),
        f"{folder}/{owner}+Refused.swift": file(
            "Closures whose result does not convert, refused when they are compiled.",
            UNCONVERTIBLE,
            extension(owner, refused),
        ),
    }


def files() -> dict[str, str]:
    """The text of each file, by its path in the library."""
    return {
        **owner_files("Exporting", "PythonFunction", 3),
        **owner_files("Classes", "PythonMethod", 2),
        "Classes/PythonInitializer+FixedArity.swift": file(
            "Initialisers of up to two arguments, specialised in the program's own module.",
            initializers(),
        ),
    }


def main() -> None:
    for name, text in files().items():
        (FOLDER / name).write_text(formatted(text))


if __name__ == "__main__":
    main()
