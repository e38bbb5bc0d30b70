# SPDX-License-Identifier: Apache-2.0
"""The environment that the script has now, and the next one."""

from __future__ import annotations

import asyncio
import importlib
import os
import site
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from micropip._requirements import canonical

__all__ = ["change", "change_now", "distributions", "find", "folder"]

#: Failures that are not those of what was asked for.
_SYSTEM = frozenset(
    ("diskFull", "limitReached", "noVenvModule", "offline", "unwritableCache")
)


class _Now:
    """The environment's root; None before the host was asked."""

    root: str | None = None
    #: Whether another one is being made from it.
    changes = False


_now = _Now()


def _host() -> Any:
    try:
        import _amaru_packages
    except ImportError:
        raise RuntimeError(
            "micropip installs only inside `amaru run`; elsewhere use pip or uv"
        ) from None
    if _now.root is None:
        _now.root = _amaru_packages.base
    return _amaru_packages


def _packages(root: str) -> str:
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    return os.path.join(root, "lib", f"python{minor}", "site-packages")


def folder() -> Path | None:
    """Return the folder of the packages that the script has installed, if any."""
    _host()
    return Path(_packages(_now.root)) if _now.root else None


def distributions() -> list[metadata.Distribution]:
    """Return what is installed in the script's own environment."""
    own = folder()
    return [] if own is None else list(metadata.distributions(path=[str(own)]))


def _whole(asked: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "base": _now.root,
        "requirements": [],
        "files": {},
        "constraints": [],
        "indexes": {"main": None, "extra": []},
        "dependencies": True,
        "prereleases": False,
        "reinstalls": False,
        "removals": [],
        "stands": {},
    }
    return whole | asked


def find(asked: dict[str, Any]) -> bool:
    """Use the environment that a change leads to, if it was made before."""
    root = _host().find(_whole(asked))
    if root is not None:
        _use(root)
    return root is not None


async def change(asked: dict[str, Any]) -> None:
    """Make the environment that a change leads to, and use it."""
    host = _host()
    _now.changes = True
    try:
        _take(await host.make(_whole(asked)))
    finally:
        _now.changes = False


def change_now(asked: dict[str, Any]) -> None:
    """Do `change` for code that cannot wait."""
    if _now.changes:
        raise RuntimeError("packages are being installed: await that first")
    if not find(asked):
        _take(_host().make_blocking(_whole(asked)))


def _take(outcome: dict[str, Any]) -> None:
    root = outcome.get("root")
    if root is not None:
        _use(root)
        return
    if outcome["code"] == "cancelled":
        raise asyncio.CancelledError(outcome["message"])
    kind = OSError if outcome["code"] in _SYSTEM else ValueError
    raise kind(outcome["message"])


def _use(root: str) -> None:
    """Import from an environment instead of from the one before it."""
    former = _packages(_now.root) if _now.root else None
    _now.root = root
    own = _packages(root)
    if former in sys.path and former != own and _is_ours(former):
        sys.path[sys.path.index(former)] = own
    elif own not in sys.path:
        others = (
            number
            for number, path in enumerate(sys.path)
            if os.path.basename(path) in ("site-packages", "dist-packages")
        )
        sys.path.insert(next(others, len(sys.path)), own)
    for name in sorted(os.listdir(own)):
        if name.endswith(".pth"):
            site.addpackage(own, name, set(sys.path))
    importlib.invalidate_caches()


def _is_ours(path: str) -> bool:
    # What the user chose stays: packages that were imported load more of themselves.
    return path != _packages(_host().base) if _host().base else True


def named(name: str) -> metadata.Distribution | None:
    """Return a package of the script's own environment."""
    for found in distributions():
        if canonical(found.metadata["Name"]) == canonical(name):
            return found
    return None
