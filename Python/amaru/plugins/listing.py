# SPDX-License-Identifier: Apache-2.0
"""Lists the plugins of a folder without running them."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amaru.plugins import loading
from amaru.plugins.faults import Fault, describe

__all__ = ["PluginInfo", "list_plugins", "read", "requirements_of"]

# https://packaging.python.org/en/latest/specifications/inline-script-metadata/
_BLOCK: Final = re.compile(
    r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$", re.ASCII
)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin file: its name, the hooks that it defines, why it cannot be loaded."""

    name: str
    path: Path
    hooks: tuple[str, ...]
    problem: str = ""
    """``file:line: what``, or empty."""
    requirements: tuple[str, ...] = ()
    """The packages that it names in its ``# /// script`` block."""


def list_plugins(folder: str | os.PathLike[str]) -> tuple[PluginInfo, ...]:
    """Return the plugins of a folder in the order in which they are asked.

    A folder that does not exist has none; one that cannot be read is an OSError.
    """
    return tuple(read(path) for path in loading.files(folder))


def read(path: str) -> PluginInfo:
    """Return what is in one plugin file."""
    name, problem = loading.name_of(path), ""
    hooks: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    try:
        loading.check(path)
        with open(path, "rb") as file:
            source = file.read()
        tree = ast.parse(source, filename=path)
        hooks = tuple(hook for node in tree.body if (hook := _hook(node)))
        requirements = requirements_of(source)
    # Deep nesting is a RecursionError or a MemoryError.
    except Exception as exc:
        problem = describe(exc, path)
    return PluginInfo(name, Path(path), hooks, problem, requirements)


def _hook(node: ast.stmt) -> str:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        marker = call.func if call else decorator
        name = marker.attr if isinstance(marker, ast.Attribute) else ""
        name = marker.id if isinstance(marker, ast.Name) else name
        if name == "hookimpl":
            return _given_name(call) or node.name
    return ""


def _given_name(call: ast.Call | None) -> str:
    for keyword in call.keywords if call else []:
        if keyword.arg == "specname" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return ""


def requirements_of(file: bytes) -> tuple[str, ...]:
    """Return the packages that a file names in its ``# /// script`` block."""
    source = file.decode("utf-8", "replace").replace("\r\n", "\n")
    blocks = list(_BLOCK.finditer(source))
    if not blocks:
        return ()
    line = source.count("\n", 0, blocks[-1].start()) + 1
    if len(blocks) > 1:
        raise Fault("a second `# /// script` block: keep one", line)
    lines = blocks[0]["content"].splitlines()
    try:
        table = tomllib.loads("\n".join(text[2:] for text in lines))
    except tomllib.TOMLDecodeError as exc:
        raise Fault(f"the `# /// script` block is not TOML: {exc}", line) from exc
    named = table.get("dependencies", [])
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise Fault("dependencies must be a list of strings", line)
    return tuple(named)
