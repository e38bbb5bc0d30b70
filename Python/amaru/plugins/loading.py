# SPDX-License-Identifier: Apache-2.0
"""Finds plugin files, and imports each so that it shadows no other module."""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Final

__all__ = ["PACKAGE", "check", "files", "load", "name_of"]

PACKAGE: Final = "amaru_plugins"
"""The private package of all plugins: `ssl.py` becomes `amaru_plugins.ssl`."""


def files(folder: str | os.PathLike[str]) -> list[str]:
    """Return the plugin files of a folder in the order of their names.

    A folder that does not exist has none; one that cannot be read is an OSError.
    """
    folder = os.path.abspath(folder)
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [
        os.path.join(folder, name)
        for name in names
        if name.endswith(".py") and name[0] not in "._"
    ]


def name_of(path: str) -> str:
    """Return the name of the plugin in a file, in a form that can be shown."""
    name = os.path.basename(path).removesuffix(".py")
    return os.fsencode(name).decode("utf-8", "replace")


def check(path: str) -> None:
    """Refuse what would block or never end when it is read."""
    if not os.path.isfile(path):
        from amaru.plugins.faults import Fault

        # Of a loop of links or a link to nothing, this says more.
        os.stat(path)
        raise Fault("this is not a file: move it out of the folder of plugins")


def load(path: str) -> ModuleType:
    """Import a plugin file; whatever its code raises comes out."""
    import importlib.util

    check(path)
    if PACKAGE not in sys.modules:
        package = ModuleType(PACKAGE, "The plugins of this session.")
        package.__path__ = []
        sys.modules[PACKAGE] = package
    name = f"{PACKAGE}.{os.path.basename(path).removesuffix('.py')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    # Before the code runs: dataclasses and pickle look the module up by its name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
