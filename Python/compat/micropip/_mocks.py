# SPDX-License-Identifier: Apache-2.0
"""Packages that stand in for others, so that what needs them can be installed."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from importlib import metadata
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

from micropip import _environment
from micropip._requirements import canonical

__all__ = ["add_mock_package", "list_mock_packages", "remove_mock_package"]

_MARK = "amaru-mock"

Body = str | Callable[[ModuleType], None]


class _Filled(MetaPathFinder, Loader):
    """Modules that a function fills."""

    def __init__(self) -> None:
        self.bodies: dict[str, Callable[[ModuleType], None]] = {}

    def find_spec(
        self, name: str, path: object, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self.bodies:
            return None
        return spec_from_loader(name, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        self.bodies[module.__name__](module)


_filled = _Filled()


def add_mock_package(
    name: str,
    version: str,
    *,
    modules: Mapping[str, Body] | None = None,
    persistent: bool = False,
) -> None:
    """Install a package that stands in for `name`.

    `modules` has the modules' sources, or functions that fill them when they are
    imported first; without it there is one empty module of the package's name. A
    package stays as long as the calls that made it are made, `persistent` or not; with
    it, functions are a ValueError.
    """
    if not re.fullmatch(r"[0-9]+[0-9A-Za-z.+!_-]*", version):
        raise ValueError(f"{version!r} is not a version")
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]*", name):
        raise ValueError(f"{name!r} is not the name of a package")
    escaped = canonical(name).replace("-", "_")
    bodies: Mapping[str, Body] = {escaped: ""} if modules is None else modules
    stem = f"{escaped}-{version}.dist-info"
    stands = {
        f"{stem}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        ),
        f"{stem}/INSTALLER": f"{_MARK}\n",
    }
    functions: dict[str, Callable[[ModuleType], None]] = {}
    for module, body in bodies.items():
        if isinstance(body, str):
            stands |= _files(module, body)
        elif persistent:
            raise ValueError(f"the module {module!r} of a persistent package is a str")
        else:
            functions[module] = body
    record = "".join(f"{path},,\n" for path in [*stands, f"{stem}/RECORD"])
    stands[f"{stem}/RECORD"] = record
    replaced = [canonical(name)] if _environment.named(name) else []
    _environment.change_now({"stands": stands, "removals": replaced})
    _filled.bodies |= functions
    if functions and _filled not in sys.meta_path:
        sys.meta_path.append(_filled)


def _files(module: str, source: str) -> dict[str, str]:
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        raise ValueError(f"{module!r} is not the name of a module")
    parents = {
        "/".join([*parts[:depth], "__init__.py"]): "" for depth in range(1, len(parts))
    }
    return parents | {"/".join([*parts, "__init__.py"]): textwrap.dedent(source)}


def _mocks() -> list[metadata.Distribution]:
    found = _environment.distributions()
    return [
        each for each in found if (each.read_text("INSTALLER") or "").strip() == _MARK
    ]


def list_mock_packages() -> list[str]:
    """Return the names of the packages that stand in for others."""
    return sorted(found.metadata["Name"] for found in _mocks())


def remove_mock_package(name: str) -> None:
    """Remove a package that `add_mock_package` has made."""
    for found in _mocks():
        if canonical(found.metadata["Name"]) == canonical(name):
            for path in found.files or ():
                if path.name == "__init__.py":
                    _filled.bodies.pop(".".join(path.parts[:-1]), None)
            _environment.change_now({"removals": [canonical(name)]})
            return
    raise ValueError(f"there is no mock package {name!r}")
