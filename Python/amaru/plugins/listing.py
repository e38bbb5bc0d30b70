# SPDX-License-Identifier: Apache-2.0
"""What is in a plugin folder, found without running a line of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from amaru.plugins import loading

__all__ = ["PluginInfo", "list_plugins"]


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin file: its name, the hooks that it defines, why it cannot be loaded."""

    name: str
    path: Path
    hooks: tuple[str, ...]
    problem: str = ""


def list_plugins(folder: str | Path) -> tuple[PluginInfo, ...]:
    """Return the plugins of a folder in the order in which they are asked."""
    return tuple(_read(path) for path in loading.files(folder))


def _read(path: Path) -> PluginInfo:
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError, OSError) as exc:
        return PluginInfo(path.stem, path, (), loading.fault(exc, str(path)))
    hooks = tuple(hook for node in tree.body if (hook := _hook(node)))
    return PluginInfo(path.stem, path, hooks)


def _hook(node: ast.stmt) -> str:
    if not isinstance(node, ast.FunctionDef):
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
