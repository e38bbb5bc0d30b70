# SPDX-License-Identifier: Apache-2.0
"""What a script has installed."""

from __future__ import annotations

import json
import platform
import sys
from collections import UserDict
from importlib import metadata
from typing import NamedTuple

from micropip import _environment
from micropip._requirements import canonical

__all__ = ["PackageDict", "PackageMetadata", "freeze", "list_packages"]

_INDEX = "index"


class PackageMetadata(NamedTuple):
    """A package: its name, its version, and where it came from."""

    name: str
    version: str = ""
    source: str = ""


class PackageDict(UserDict[str, PackageMetadata]):
    """Packages by their names; printed, a table."""

    def __repr__(self) -> str:
        rows = [PackageMetadata("Name", "Version", "Source")]
        rows += sorted(self.data.values())
        widths = [max(len(row[number]) for row in rows) for number in range(3)]
        rows.insert(1, PackageMetadata(*("-" * width for width in widths)))
        pairs = ((zip(row, widths, strict=True)) for row in rows)
        lines = (" | ".join(cell.ljust(width) for cell, width in row) for row in pairs)
        return "\n".join(line.rstrip() for line in lines)


def _source(found: metadata.Distribution) -> str:
    # https://packaging.python.org/en/latest/specifications/direct-url/
    direct = json.loads(found.read_text("direct_url.json") or "{}")
    return str(direct.get("url") or _INDEX)


def _requirement(found: metadata.Distribution) -> str:
    name, source = found.metadata["Name"], _source(found)
    return f"{name}=={found.version}" if source == _INDEX else f"{name} @ {source}"


def list_packages() -> PackageDict:
    """Return what is installed in the script's own environment."""
    rows = (
        PackageMetadata(found.metadata["Name"], found.version, _source(found))
        for found in _environment.distributions()
    )
    return PackageDict({row.name: row for row in rows})


def freeze() -> str:
    """Return what is installed as JSON, by which a script can install it again.

    ::

        packages = json.loads(text)["packages"].values()
        await micropip.install([row["requirement"] for row in packages])

    Nothing else reads it; `amaru env lock` makes the lock that `amaru run` follows.
    """
    packages = {
        canonical(found.metadata["Name"]): {
            "name": found.metadata["Name"],
            "version": found.version,
            "source": _source(found),
            "requirement": _requirement(found),
            "depends": found.requires or [],
        }
        for found in _environment.distributions()
    }
    info = {
        "python": platform.python_version(),
        "platform": sys.platform,
        "arch": platform.machine(),
    }
    return json.dumps({"info": info, "packages": packages})
