# SPDX-License-Identifier: Apache-2.0
"""What ``__main__`` says of itself, where imports begin, and where bytecode is kept."""

import os
import sys
from _frozen_importlib_external import (
    SOURCE_SUFFIXES,
    FileFinder,
    PathFinder,
    SourceFileLoader,
)
from _thread import RLock, get_ident

from amaru._tracing import hidden, untraced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType
    from typing import Any

__all__ = [
    "OWN",
    "describe_file",
    "describe_folder",
    "describe_module",
    "describe_text",
    "hide_neighbours",
    "place_bytecode",
]

#: The folder of the host's own modules.
OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep
_own_prefix = sys.pycache_prefix


# A module of the script that another thread loads meanwhile only misses its bytecode.
_placing = RLock()


# The threads that import modules of the host's, and where those look for others.
_importing: "set[int]" = set()
_own_path = list(sys.path)


class _OwnLoader(SourceFileLoader):
    @untraced
    @hidden
    def exec_module(self, module: "ModuleType") -> None:
        thread = get_ident()
        if thread in _importing:
            return super().exec_module(module)
        _importing.add(thread)
        try:
            super().exec_module(module)
        finally:
            _importing.discard(thread)

    @hidden
    def get_code(self, fullname: str) -> "CodeType | None":
        with _placing:
            former, sys.pycache_prefix = sys.pycache_prefix, _own_prefix
            try:
                return super().get_code(fullname)
            finally:
                sys.pycache_prefix = former


class _OwnFolder(FileFinder):
    """Finds the host's packages; it does not change while the host runs.

    It is asked for every module of a script, before the folders that have it.
    """

    def __init__(self, path: str, loader: "tuple[type[_OwnLoader], list[str]]") -> None:
        super().__init__(path, loader)
        self._names = frozenset(name.partition(".")[0] for name in os.listdir(path))

    @hidden
    def find_spec(
        self, fullname: str, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if fullname not in self._names:
            return None
        return super().find_spec(fullname, target)


@hidden
def _find_own(path: str) -> "FileFinder":
    if not path.startswith(OWN):
        raise ImportError
    kind = _OwnFolder if path in sys.path else FileFinder
    return kind(path, (_OwnLoader, SOURCE_SUFFIXES))


class _OwnFinder:
    """Finds what a module of the host's imports: not among the script's modules."""

    @staticmethod
    @hidden
    def find_spec(
        name: str, path: "Sequence[str] | None", target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if path is not None or get_ident() not in _importing:
            return None
        return PathFinder.find_spec(name, _own_path)


def place_bytecode() -> None:
    """Look for bytecode where python does: installers have put it beside the sources.

    Only that of the host's own modules, which may be read-only, stays elsewhere.
    """
    if _own_prefix in (None, os.environ.get("PYTHONPYCACHEPREFIX")):
        return
    sys.pycache_prefix = None
    sys.path_hooks.insert(0, _find_own)
    sys.meta_path.insert(sys.meta_path.index(PathFinder), _OwnFinder)
    for path in [path for path in sys.path_importer_cache if path.startswith(OWN)]:
        del sys.path_importer_cache[path]


def hide_neighbours() -> None:
    """Let nothing but this package be found in its folder, which is on the path.

    A script that misses its own ``main`` would get the host's conversation.
    """
    folder = OWN.removesuffix(os.sep)
    finder = sys.path_importer_cache.get(folder)
    if finder is not None and not isinstance(finder, _One):
        sys.path_importer_cache[folder] = _One(finder)


class _One:
    """A finder of one package where there are others."""

    def __init__(self, finder: "Any") -> None:
        self._finder = finder

    @hidden
    def find_spec(
        self, name: str, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name != __package__:
            return None
        spec: ModuleSpec | None = self._finder.find_spec(name, target)
        return spec

    def invalidate_caches(self) -> None:
        self._finder.invalidate_caches()


def describe_file(main: "ModuleType", filename: str) -> None:
    """Make `main` that of ``python FILE``."""
    main.__file__ = filename
    main.__loader__ = SourceFileLoader("__main__", filename)
    main.__dict__["__cached__"] = None
    _look_in(os.path.dirname(os.path.realpath(filename)))


def describe_text(main: "ModuleType", filename: str, source: "bytes | str") -> None:
    """Make `main` that of ``python -c``, or of ``python -``, which names a file."""
    from _frozen_importlib import BuiltinImporter

    main.__loader__ = BuiltinImporter
    if filename == "<stdin>":
        main.__dict__.update(__file__=filename, __cached__=None)
    elif sys.version_info >= (3, 13):
        # What tracebacks show of it since then.
        import linecache

        text = source if isinstance(source, str) else source.decode(errors="replace")
        lines = text.splitlines(keepends=True)
        linecache.cache[filename] = len(text), None, lines, filename
    _look_in("")


def describe_folder(main: "ModuleType", path: str, filename: str) -> None:
    """Make `main` that of ``python FOLDER``."""
    from importlib.util import spec_from_file_location

    folder = filename.removesuffix("__main__.py")
    sys.path.insert(0, folder if path.endswith("/") else folder.removesuffix("/"))
    spec = spec_from_file_location("__main__", filename)
    assert spec is not None, "it ends in .py"
    _adopt(main, spec)


def describe_module(main: "ModuleType", name: str) -> "tuple[str, str]":
    """Make `main` that of ``python -m NAME``; return its source and its file.

    Raises SystemExit in the words of python if there is no such module.
    """
    if name.startswith("."):
        sys.exit(f"{sys.executable}: Relative module names not supported")
    sys.argv[0] = "-m"
    _look_in(os.getcwd())
    spec = _runnable(name)
    loader: Any = spec.loader
    # What is frozen into the interpreter has its source elsewhere.
    frozen = getattr(spec.loader_state, "filename", None)
    filename = frozen or spec.origin or name
    if frozen:
        with open(frozen, encoding="utf-8") as file:
            source: str | None = file.read()
    else:
        source = loader.get_source(spec.name) if hasattr(loader, "get_source") else None
    if source is None:
        sys.exit(f"{sys.executable}: there is no source of the module {name}")
    sys.argv[0] = filename
    _adopt(main, spec)
    return source, filename


def _look_in(folder: str) -> None:
    """Import from a folder first, unless the user asks for a safe path."""
    if not sys.flags.safe_path:
        sys.path.insert(0, folder)


def _adopt(main: "ModuleType", spec: "ModuleSpec") -> None:
    main.__spec__, main.__loader__ = spec, spec.loader
    main.__package__ = spec.parent
    main.__dict__.update(__file__=spec.origin, __cached__=spec.cached)


def _runnable(name: str) -> "ModuleSpec":
    spec, reason = _found(name)
    if spec is not None and spec.submodule_search_locations is not None:
        main = f"{name}.__main__"
        spec, reason = _found(main)
        reason += f"; {name!r} is a package and cannot be directly executed"
    if spec is None:
        sys.exit(f"{sys.executable}: {reason}")
    return spec


def _found(name: str) -> "tuple[ModuleSpec | None, str]":
    from importlib.util import find_spec

    try:
        return find_spec(name), f"No module named {name}"
    except (ImportError, AttributeError, TypeError, ValueError) as exc:
        above = name.rpartition(".")[0]
        own = isinstance(exc, ImportError) and exc.name != name
        if own and not f"{above}.".startswith(f"{getattr(exc, 'name', None)}."):
            # A fault of its package, which has a traceback to show.
            raise
        fault = f"{type(exc).__name__}: {exc}"
        what = f"Error while finding module specification for {name!r} ({fault})"
        return None, what
