# SPDX-License-Identifier: Apache-2.0
"""Swift functions that call Python's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import Parameter as Kind
from typing import Any

from amaru.wrap._names import is_label, is_member, literal
from amaru.wrap._signatures import Parameter, Signature
from amaru.wrap._text import (
    Lines,
    Listed,
    comment,
    documentation,
    plain,
    returned,
    spread,
)

__all__ = ["Callee", "function"]

_THROWS = (
    "- Throws: `PythonException` with what Python raises; `PythonConversionError`."
)


@dataclass(frozen=True, slots=True)
class Callee:
    """What is called, and how Swift declares it."""

    #: The object that has it as an attribute; empty if it is called itself.
    receiver: str
    #: Its name in Python, or what calls the receiver.
    python: str
    #: `func mean`, `init`.
    declaration: str
    docstring: str | None
    #: Its full name in Python, for the comment.
    path: str
    is_async: bool = False
    is_initialiser: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether Swift can spell the call as Python does."""
        return not self.python or is_member(self.python)

    @property
    def direct(self) -> str:
        """What the arguments follow in a call."""
        return f"{self.receiver}.{self.python}" if self.python else self.receiver

    @property
    def value(self) -> str:
        """The callee as an object."""
        if not self.python:
            return self.receiver
        if self.is_direct:
            return self.direct
        return f"{self.receiver}.readAttribute({literal(self.python)})"


def function(callee: Callee, signature: Signature, indent: int) -> Lines:
    """Return the declarations of a function: several if arguments depend on others."""
    lines: Lines = []
    for given, rest in _variants(signature):
        if lines:
            lines.append("")
        lines += _documented(callee, signature, indent)
        lines += _declaration(callee, signature, given, rest, indent)
    return lines


def _variants(signature: Signature) -> list[tuple[list[Parameter], bool]]:
    """Return the positional parameters of each declaration, and whether `*args` follow.

    One that is left out leaves out those after it too, if they have no names to be
    passed by.
    """
    rest = bool(signature.of_kind(Kind.VAR_POSITIONAL))
    kinds = [Kind.POSITIONAL_ONLY, *([Kind.POSITIONAL_OR_KEYWORD] if rest else [])]
    positional = signature.of_kind(*kinds)
    required = sum(not each.is_optional for each in positional)
    counts = range(required, len(positional) + 1)
    variants = [(positional[:count], False) for count in counts]
    if rest and len(counts) == 1:
        return [(positional, True)]
    return [*variants, (positional, True)] if rest else variants


def _documented(callee: Callee, signature: Signature, indent: int) -> Lines:
    call = f"`{plain(callee.path)}{signature.text}`"
    verb = "Makes" if callee.is_initialiser else "Calls"
    paragraphs = documentation(callee.docstring, f"{verb} {call}.")
    is_named = call in paragraphs[0][0]
    notes = [*([] if is_named else [f"Python: {call}."]), *signature.notes]
    return comment([*paragraphs, notes, [_THROWS]], indent)


class _Body:
    """The arguments of one declaration, as Swift passes them."""

    def __init__(
        self, callee: Callee, signature: Signature, given: Sequence[Parameter]
    ) -> None:
        self.callee = callee
        self.positional = list(given)
        kinds: list[Any] = [Kind.KEYWORD_ONLY]
        if not signature.of_kind(Kind.VAR_POSITIONAL):
            kinds.append(Kind.POSITIONAL_OR_KEYWORD)
        named = [each for each in signature.parameters if each.kind in kinds]
        #: Those that have to be given come by place, unless they have to come by name.
        self.named: list[Parameter] = []
        self.omitted: list[Parameter] = []
        for each in named:
            if each.is_optional:
                self.omitted.append(each)
            elif each.kind is Kind.KEYWORD_ONLY or self.omitted:
                self.named.append(each)
            else:
                self.positional.append(each)
        self.args: Parameter | None = None
        self.kwargs = next(iter(signature.of_kind(Kind.VAR_KEYWORD)), None)

    @property
    def is_fixed(self) -> bool:
        """Whether each call has the same arguments, spelled as in Python."""
        names = all(is_label(each.python) for each in self.named)
        return not (self.omitted or self.args or self.kwargs) and names

    def declared(self, signature: Signature, args_default: str) -> list[str]:
        """Return the parameters of the declaration, in Python's order."""
        words: list[str] = []
        for each in signature.parameters:
            if each is self.args:
                type_ = f"[{each.type.parameter.removeprefix('@escaping ')}]"
                words.append(each.declared(True, type_, args_default))
            elif each is self.kwargs:
                type_ = f"[String: {each.type.parameter.removeprefix('@escaping ')}]"
                words.append(each.declared(True, type_, " = [:]"))
            elif each in self.omitted:
                words.append(
                    each.declared(
                        self._is_labelled(each, words), each.omittable, " = nil"
                    )
                )
            elif each in self.positional or each in self.named:
                labelled = self._is_labelled(each, words)
                words.append(each.declared(labelled, each.type.parameter))
        return words

    def _is_labelled(self, parameter: Parameter, before: Sequence[str]) -> bool:
        if parameter.kind is Kind.POSITIONAL_ONLY:
            return False
        is_first = parameter.kind is Kind.POSITIONAL_OR_KEYWORD and not before
        return self.callee.is_initialiser or not is_first

    def statements(self, indent: int) -> Lines:
        """Return what fills the lists of arguments, if the call has any."""
        margin = " " * indent
        lines: Lines = []
        if self.args:
            first = [_passed(each) for each in self.positional]
            attempt = "try " if any(p.type.can_throw for p in self.positional) else ""
            head = f"var arguments: [(any ConvertibleToPython)?] = {attempt}"
            lines += Listed.of(head, first).lines(indent, "")
            lines.append(f"{margin}arguments += {_each(self.args, 'map')}")
        if self.omitted or self.kwargs:
            start = _each(self.kwargs, "mapValues") if self.kwargs else "[:]"
            word = "var" if self.omitted or self.named else "let"
            type_ = "[String: (any ConvertibleToPython)?]"
            lines.append(f"{margin}{word} keywords: {type_} = {start}")
            for each in self.named:
                lines += _update(each, indent)
            for each in self.omitted:
                has_own_nil = each.has_none and each.default == "None"
                test = f"{each.local} != nil" if has_own_nil else f"let {each.local}"
                lines += [
                    f"{margin}if {test} {{",
                    *_update(each, indent + 4),
                    f"{margin}}}",
                ]
        return lines

    def call(self) -> tuple[str, list[str]]:
        """Return the callee and the arguments of the call."""
        if self.is_fixed and self.callee.is_direct:
            named = [f"{each.python}: {_passed(each)}" for each in self.named]
            return self.callee.direct, [*map(_passed, self.positional), *named]
        words = [self.callee.value]
        if self.args:
            words.append("arguments: arguments")
        elif self.positional:
            words.append(
                Listed.of("arguments: ", [_passed(p) for p in self.positional])
            )
        if self.omitted or self.kwargs:
            words.append("keywords: keywords")
        elif self.named:
            pairs = [f"{literal(each.python)}: {_passed(each)}" for each in self.named]
            words.append(Listed.of("keywords: ", pairs))
        return "Python.call", words


def _passed(parameter: Parameter) -> str:
    text = parameter.type.passed(parameter.local)
    return text


def _update(parameter: Parameter, indent: int) -> Lines:
    attempt = "try " if parameter.type.can_throw else ""
    words = [_passed(parameter), f"forKey: {literal(parameter.python)}"]
    return spread(f"{attempt}keywords.updateValue", words, "", indent)


def _each(parameter: Parameter, function: str) -> str:
    """Return a collection of arguments, each as it is passed."""
    made = parameter.type.argument
    if not made:
        return f"{parameter.local}.{function} {{ $0 }}"
    attempt = "try " if parameter.type.can_throw else ""
    made = made.replace("$0", "value").replace("{ ", "{ value in ").replace("§", "$0")
    return f"{attempt}{parameter.local}.{function} {{ {attempt}{made} }}"


def _declaration(
    callee: Callee,
    signature: Signature,
    given: Sequence[Parameter],
    rest: bool,
    indent: int,
) -> Lines:
    body = _Body(callee, signature, given)
    args = signature.of_kind(Kind.VAR_POSITIONAL)
    body.args = args[0] if args and rest else None
    # Beside the declarations without, it has to be given.
    default = "" if any(each.is_optional for each in given) else " = []"
    result = signature.result
    is_async = callee.is_async or result.is_awaited
    arrow = "" if callee.is_initialiser or not result.result else f" -> {result.result}"
    head = f"{'async ' if is_async else ''}throws{arrow}"
    margin = " " * indent
    lines: Lines = []
    if not signature.has_result and not callee.is_initialiser:
        lines.append(f"{margin}@discardableResult")
    lines += spread(
        callee.declaration, body.declared(signature, default), f" {head} {{", indent
    )
    lines += body.statements(indent + 4)
    lines += _ending(callee, signature, body, is_async, indent + 4)
    return [*lines, f"{margin}}}"]


def _ending(
    callee: Callee, signature: Signature, body: _Body, is_async: bool, indent: int
) -> Lines:
    """Return the call, and what becomes of its result."""
    name, arguments = body.call()
    result, margin = signature.result, " " * indent
    is_direct = name != "Python.call"
    if callee.is_initialiser:
        return spread(f"object = try {name}", arguments, "", indent)
    if not is_async and not result.reading:
        if not result.result:
            attempt = "try" if is_direct else "_ = try"
            return spread(f"{attempt} {name}", arguments, "", indent)
        start = "return try" if body.statements(0) else "try"
        end = "" if is_direct or result.result == "PythonObject" else ".converted()"
        return spread(f"{start} {name}", arguments, end, indent)
    first = "awaitable" if is_async else "result"
    lines = spread(f"let {first}: PythonObject = try {name}", arguments, "", indent)
    if not is_async:
        return [*lines, *returned(result.reading.replace("§", "result"), indent)]
    if not result.result:
        return [*lines, f"{margin}_ = try await awaitable.awaited()"]
    if result.result == "PythonObject":
        return [*lines, f"{margin}return try await awaitable.awaited()"]
    if not result.reading:
        return [*lines, f"{margin}return try await awaitable.awaited().converted()"]
    return [
        *lines,
        f"{margin}let result = try await awaitable.awaited()",
        *returned(result.reading.replace("§", "result"), indent),
    ]
