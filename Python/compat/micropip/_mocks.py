# SPDX-License-Identifier: Apache-2.0
"""Packages that stand in for others, so that what needs them can be installed."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from importlib import metadata
from types import ModuleType

from micropip import _environment
from micropip._requirements import canonical

__all__ = ["add_mock_package", "list_mock_packages", "remove_mock_package"]

_MARK = "amaru-mock"

Body = str | Callable[[ModuleType], None] | None

# What fills the modules whose bodies are functions; their files call `fill`.
_fillers: dict[str, Callable[[ModuleType], None]] = {}

_FILLED = '__import__("micropip._mocks", fromlist=["fill"]).fill(__name__)\n'


def fill(name: str) -> None:
    """Have the function that was given for a module fill it."""
    if name not in _fillers:
        raise ImportError(f"nothing fills the mock module {name!r} here", name=name)
    _fillers[name](sys.modules[name])


def add_mock_package(
    name: str,
    version: str,
    *,
    modules: Mapping[str, Body] | None = None,
    persistent: bool = False,
) -> None:
    """Install a package that stands in for `name`.

    `modules` has the modules' sources, in any order, or functions that fill them when
    they are imported first; without it there is one empty module of the package's
    name. A package stays as long as the calls that made it are made, `persistent` or
    not; with it, functions are a ValueError.
    """
    if not re.fullmatch(r"[0-9]+[0-9A-Za-z.+!_-]*", version):
        raise ValueError(f"{version!r} is not a version")
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]*", name):
        raise ValueError(f"{name!r} is not the name of a package")
    escaped = canonical(name).replace("-", "_")
    bodies = {re.sub("[-.]", "_", name): ""} if modules is None else modules
    stem = f"{escaped}-{version}.dist-info"
    stands = {
        f"{stem}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        ),
        f"{stem}/INSTALLER": f"{_MARK}\n",
    }
    if persistent and any(callable(body) for body in bodies.values()):
        raise ValueError("the modules of a persistent package are str, not functions")
    stands |= _files(bodies)
    record = "".join(f"{path},,\n" for path in [*stands, f"{stem}/RECORD"])
    stands[f"{stem}/RECORD"] = record
    replaced = [canonical(name)] if _environment.named(name) else []
    _environment.change_now({"stands": stands, "removals": replaced})
    for module, body in bodies.items():
        _fillers.pop(module, None)
        if callable(body):
            _fillers[module] = body


def _files(bodies: Mapping[str, Body]) -> dict[str, str]:
    """Return the sources of the modules by their paths.

    Parents that are not given get no file: they are namespace packages, unless another
    package has them.
    """
    files: dict[str, str] = {}
    for module, body in bodies.items():
        parts = module.split(".")
        if not all(part.isidentifier() for part in parts):
            raise ValueError(f"{module!r} is not the name of a module")
        source = _FILLED if callable(body) else textwrap.dedent(body or "")
        files["/".join([*parts, "__init__.py"])] = source
    return files


def _mocks() -> list[metadata.Distribution]:
    found = _environment.distributions()
    return [
        each for each in found if (each.read_text("INSTALLER") or "").strip() == _MARK
    ]


def list_mock_packages() -> list[str]:
    """Return the names of the packages that stand in for others."""
    return sorted(found.metadata["Name"] for found in _mocks())


def remove_mock_package(name: str) -> None:
    """Remove a package that `add_mock_package` has made, imported or not."""
    for found in _mocks():
        if canonical(found.metadata["Name"]) == canonical(name):
            paths = [path for path in found.files or () if path.name == "__init__.py"]
            _environment.change_now({"removals": [canonical(name)]})
            for module in (".".join(path.parts[:-1]) for path in paths):
                _fillers.pop(module, None)
                sys.modules.pop(module, None)
            return
    raise ValueError(f"there is no mock package {name!r}")
