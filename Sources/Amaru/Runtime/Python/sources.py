# SPDX-License-Identifier: Apache-2.0
"""Compiling sources that are not files, and remembering their lines."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

# The latest sources that are not files, by name, and how many of them are kept.
_sources: dict[str, str] = {}
_KEPT = 128
_numbers = iter(range(1, sys.maxsize))


def remember_source(source: str, filename: str) -> None:
    """Let tracebacks show the lines of a source that is not a file.

    Only the latest sources are kept.
    """
    if not filename.startswith("<") or filename == "<string>":
        return
    _sources.pop(filename, None)
    _sources[filename] = source
    linecache = sys.modules.get("linecache")
    if len(_sources) > _KEPT:
        oldest = next(iter(_sources))
        del _sources[oldest]
        if linecache is not None:
            linecache.cache.pop(oldest, None)
    if linecache is not None:
        linecache.cache[filename] = _entry(source, filename)


def _entry(source: str, filename: str) -> tuple[int, None, list[str], str]:
    return len(source), None, source.splitlines(keepends=True), filename


def fill_linecache() -> None:
    """Put the remembered sources into `linecache`, which has just been imported."""
    from linecache import cache

    for filename, source in _sources.items():
        cache[filename] = _entry(source, filename)


def compile_source(source: str, filename: str | None) -> list[CodeType]:
    """Return the code of a source and, separately, of its last expression."""
    import _ast

    flags = _ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if filename is None:
        filename = f"<source {next(_numbers)}>"
    remember_source(source, filename)
    tree = compile(source, filename, "exec", _ast.PyCF_ONLY_AST | flags, True)
    last = None
    if tree.body and isinstance(tree.body[-1], _ast.Expr):
        last = _ast.Expression(tree.body.pop().value)
    codes = [compile(tree, filename, "exec", flags, True)]
    if last is not None:
        codes.append(compile(last, filename, "eval", flags, True))
    return codes
