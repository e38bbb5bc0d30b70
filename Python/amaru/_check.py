# SPDX-License-Identifier: Apache-2.0
"""Which names of Pyodide and of JavaScript a script uses, and which of them work here.

The script is read and not run.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from amaru._names import NAMES, WORKS
from amaru._uses import Reader

__all__ = ["Finding", "files", "findings"]

#: The modules that exist in a page only.
_ROOTS = ("js", "micropip", "pyodide", "pyodide_js", "pyscript")

#: The verdict on a name whose import fails, which the script is prepared for.
_CAUGHT = ("works differently", "is not available; the script goes on without it")


class Finding(NamedTuple):
    """A name that a script uses, and whether it works here."""

    path: str
    line: int
    name: str
    #: ``works``, ``works differently`` or ``refused``.
    verdict: str
    note: str


def files(path: str) -> list[str]:
    """Return the Python files at a path: itself, or those of a folder.

    A name that is no UTF-8 cannot be told to the host, and is left out.
    """
    place = Path(path)
    if not place.is_dir():
        return [path]
    found = place.rglob("*.py")
    hidden = (".", "__pycache__")
    return sorted(
        str(file)
        for file in found
        if file.is_file()
        and str(file).isprintable()
        and not any(part.startswith(hidden) for part in file.relative_to(place).parts)
    )


def findings(path: str, source: bytes | None = None) -> list[Finding]:
    """Return what a file uses, each name once, in order of its lines.

    `source` is read in place of the file, if it is given. SyntaxError says that it is
    not Python, or too deeply nested to be read; OSError that it cannot be opened.
    """
    if source is None:
        source = Path(path).read_bytes()
    try:
        return _findings(path, source)
    except (ValueError, RecursionError, MemoryError) as exc:
        raise SyntaxError(str(exc) or "it is nested too deeply") from exc


def _findings(path: str, source: bytes) -> list[Finding]:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(source, path, "exec", flags, dont_inherit=True)
    lines: dict[str, int] = {}
    reader = Reader(_ROOTS, _failure)
    reader.read(tree)
    for name, line in reader.found | reader.caught:
        lines[name] = min(line, lines.get(name, line))
    unguarded = {name for name, _ in reader.found}
    # `import a.b` uses a.b, and not a besides.
    used = [
        name
        for name in lines
        if not any(other.startswith(name + ".") for other in lines)
    ]
    ordered = sorted(used, key=lambda name: (lines[name], name))

    def judge(name: str) -> tuple[str, str]:
        return _judged(name) if name in unguarded else _CAUGHT

    return [Finding(path, lines[name], name, *judge(name)) for name in ordered]


def _failure(name: str) -> type[ImportError] | None:
    """Return what the import of a name raises; None if it is there."""
    module, rest = _module(name)
    if module is None:
        return ModuleNotFoundError
    is_whole = not rest or rest[0] == "*"
    return ImportError if not is_whole and _refusal(module, rest) else None


def _judged(name: str) -> tuple[str, str]:
    if name.split(".")[0] == "pyscript":
        return "refused", (
            "there is no page here; use print(), the module js and pyodide.http, or "
            "guard it with `except ImportError`"
        )
    module, rest = _module(name)
    if module is None:
        return "refused", "this is not available in Amaru; guard it with ImportError"
    if not rest or rest[0] == "*":
        return "works", ""
    if refusal := _refusal(module, rest):
        return "refused", refusal
    note = NAMES.get(module.__name__, {}).get(rest[0]) or WORKS
    return ("works differently", note) if note else ("works", "")


def _module(name: str) -> tuple[Any, list[str]]:
    """Return the innermost module that a name has here, and the rest of the name."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            return import_module(".".join(parts[:cut])), parts[cut:]
        except ImportError:
            continue
    return None, parts


def _refusal(found: Any, rest: list[str]) -> str:
    """Return why an object lacks a name, which may have several parts; empty if not."""
    for part in rest:
        try:
            found = getattr(found, part)
        except (AttributeError, ImportError) as exc:
            _, mark, advice = str(exc).partition(" is not available in Amaru: ")
            return advice if mark else "this is not available in Amaru"
    return ""
