# SPDX-License-Identifier: Apache-2.0
"""Imports a module by its name, or by the path of its file."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from amaru.wrap._text import plain

__all__ = ["WrapError", "loaded"]


class WrapError(Exception):
    """Why there is no Swift file for a module."""

    __module__ = "amaru.wrap"


def loaded(target: str) -> tuple[ModuleType, str]:
    """Return a module and the name that it is imported by.

    What it prints while it is imported goes to standard error, and so does what its
    child processes print.
    """
    name, folder = _named(target)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        with contextlib.redirect_stdout(sys.stderr), _redirected_descriptor():
            module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as exc:
        reason = plain(f"{type(exc).__name__}: {exc}")[:400]
        raise WrapError(f"{plain(target)} cannot be imported: {reason}") from exc
    _check(target, module)
    return module, name


@contextlib.contextmanager
def _redirected_descriptor() -> Iterator[None]:
    """Let file descriptor 1 lead to standard error, if both are open."""
    try:
        kept = os.dup(1)
    except OSError:
        kept = None
    try:
        if kept is not None:
            with contextlib.suppress(OSError):
                os.dup2(2, 1)
        yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


def _named(target: str) -> tuple[str, str]:
    """Return the name of a module, and the folder that it is looked for in."""
    is_path = "/" in target or target.endswith(".py")
    if not is_path:
        if not target or target.startswith(".") or target.endswith("."):
            raise WrapError(f"{target!r} is no name of a module: amaru wrap statistics")
        return target, str(Path.cwd())
    path = Path(target).absolute()
    if path.name == "__init__.py":
        path = path.parent
    if path.is_dir():
        if not (path / "__init__.py").is_file():
            raise WrapError(f"{plain(target)} is a folder without an __init__.py")
        return path.name, str(path.parent)
    if not path.is_file():
        raise WrapError(f"{plain(target)}: there is no such file")
    if path.suffix != ".py" or "." in path.stem:
        raise WrapError(
            f"{plain(target)} is no module: its name has to be like stats.py"
        )
    return path.stem, str(path.parent)


def _check(target: str, module: ModuleType) -> None:
    """Refuse a module of that name from another place."""
    if "/" not in target and not target.endswith(".py"):
        return
    origin = getattr(module, "__file__", None)
    path = Path(target).absolute()
    path = path / "__init__.py" if path.is_dir() else path
    if origin is None or not Path(origin).exists() or not path.samefile(origin):
        raise WrapError(
            f"{plain(target)} has the name of another module, "
            f"{plain(origin or 'a built-in one')}: rename it"
        )
