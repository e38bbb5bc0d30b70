# SPDX-License-Identifier: Apache-2.0
"""The hooks and commands of a plugin's module, and what is wrong with them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final

from amaru.plugins import hookspecs
from amaru.plugins.faults import Failure, Fault, exact, line_of, type_name
from amaru.plugins.marker import ATTRIBUTE

__all__ = ["Command", "Hook", "as_commands", "as_text", "hooks_of", "unmarked"]

OFFERED: Final = {
    name: tuple(inspect.signature(function).parameters)
    for name, function in vars(hookspecs).items()
    if name.startswith("amaru_")
}
"""What each hook is offered, by its name."""

_LONGEST: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class Hook:
    """A function of a plugin that is asked at one place in a turn."""

    name: str
    plugin: str
    function: Callable[..., Any]
    positional: tuple[str, ...]
    named: tuple[str, ...]
    rank: int
    """-1 for those to be asked first, 1 for last."""
    line: int
    """Where it begins in the plugin's file, or 0."""

    def call(self, offered: dict[str, Any]) -> Any:
        """Call the function with what it takes of `offered`."""
        return self.function(
            *[offered[name] for name in self.positional],
            **{name: offered[name] for name in self.named},
        )


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command and the plugin that it belongs to."""

    name: str
    plugin: str
    function: Callable[[str], Any]
    summary: str
    """The first line of the function's docstring."""
    line: int


def hooks_of(
    module: ModuleType, plugin: str, path: str
) -> tuple[list[Hook], list[Fault]]:
    """Return a module's hooks, and one fault for each that cannot be asked."""
    hooks: list[Hook] = []
    faults: list[Fault] = []
    for name, function, options in _marked(module):
        name = options.get("specname") or name
        line = line_of(inspect.unwrap(function), path)
        try:
            if name in OFFERED or not options.get("optionalhook"):
                hooks.append(_hook(name, plugin, function, options, line))
        except Fault as fault:
            fault.line = line
            faults.append(fault)
    return hooks, faults


def unmarked(module: ModuleType, path: str) -> list[Fault]:
    """Return a fault for each function that is named like a hook but not marked."""
    return [
        Fault(f"{name} is never asked: put @hookimpl above it", line_of(value, path))
        for name, value in list(vars(module).items())
        if name in OFFERED and type(value) is FunctionType and _mark(value) is None
    ]


def as_text(result: object, what: str) -> str | Failure | None:
    """Return the result of a hook or a command as a plain text, if it is one."""
    if result is None or type(result) is Failure:
        return result
    if not issubclass(type(result), str):
        kind = type_name(result)
        return Failure(Fault(f"{what} must return str or None, not {kind}"))
    text = exact(result)  # type: ignore[arg-type]
    if len(text) > _LONGEST:
        size = f"{len(text):,} characters"
        return Failure(Fault(f"{what} returned {size}, which is too long"))
    return text


def as_commands(
    result: Any, plugin: str, path: str
) -> tuple[list[Command], list[Fault]]:
    """Return the commands that a plugin names, and what is wrong with the others."""
    if not issubclass(type(result), dict):
        kind = type_name(result)
        return [], [Fault(f"amaru_commands must return a dict, not {kind}")]
    commands: list[Command] = []
    faults: list[Fault] = []
    for key, function in dict.items(result):
        line = line_of(function, path)
        try:
            commands.append(_command(key, function, plugin, line))
        except Fault as fault:
            fault.line = line
            faults.append(fault)
    return commands, faults


def _marked(module: ModuleType) -> Iterable[tuple[str, Any, dict[str, Any]]]:
    for name, value in list(vars(module).items()):
        if type(name) is str and (options := _mark(value)) is not None:
            yield name, value, options


def _mark(value: Any) -> dict[str, Any] | None:
    """Return what a marker has left on an object; runs nothing of the object's."""
    value = value.__func__ if type(value) is MethodType else value
    try:
        options = object.__getattribute__(value, "__dict__").get(ATTRIBUTE)
    except (AttributeError, TypeError):
        return None
    return options if type(options) is dict else None


def _hook(
    name: str, plugin: str, function: Any, options: dict[str, Any], line: int
) -> Hook:
    if name not in OFFERED:
        raise Fault(f"{name} is not a hook of Amaru{_suggestion(name)}")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise Fault(f"{name} is a wrapper: return the changed text instead of yielding")
    rank = bool(options.get("trylast")) - bool(options.get("tryfirst"))
    positional, named = _arguments(name, function)
    return Hook(name, plugin, function, positional, named, rank, line)


def _suggestion(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, OFFERED, 1, 0.5)
    return f": did you mean {near[0]}?" if near else f": it has {', '.join(OFFERED)}"


def _arguments(name: str, function: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    positional: list[str] = []
    named: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name not in OFFERED[name]:
            if parameter.default is not parameter.empty:
                continue
            offered = ", ".join(OFFERED[name]) or "nothing"
            raise Fault(
                f"{name} takes {parameter.name!r}, but is offered {offered}: "
                "rename it, or give it a default"
            )
        only = parameter.kind is parameter.POSITIONAL_ONLY
        (positional if only else named).append(parameter.name)
    return tuple(positional), tuple(named)


def _command(key: Any, function: Any, plugin: str, line: int) -> Command:
    if not issubclass(type(key), str):
        raise Fault(f"the name of a command is a str, not {type_name(key)}")
    name = exact(key).removeprefix("/")
    if not name.replace("-", "_").isidentifier():
        raise Fault(f"command {name!r} cannot be typed: use letters, digits, - and _")
    if not callable(function):
        kind = type_name(function)
        raise Fault(f"command {name!r} is not callable: it is {kind}, not a function")
    doc: Any = getattr(function, "__doc__", None)
    if not issubclass(type(doc), str) or doc is getattr(type(function), "__doc__", 0):
        doc = ""
    summary = exact(doc).strip().partition("\n")[0]
    return Command(name, plugin, function, summary, line)
