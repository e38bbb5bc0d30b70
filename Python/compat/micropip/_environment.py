# SPDX-License-Identifier: Apache-2.0
"""The environment that the script has now, and the next one."""

from __future__ import annotations

import asyncio
import importlib
import os
import site
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from micropip._requirements import canonical

__all__ = [
    "change",
    "change_now",
    "changing",
    "distributions",
    "find",
    "folder",
    "named",
    "versions",
]

#: Failures that are not those of what was asked for.
_SYSTEM = frozenset(
    (
        "diskFull",
        "indexFailed",
        "limitReached",
        "noVenvModule",
        "offline",
        "stalled",
        "unwritableCache",
    )
)


class _Now:
    """The environment's root; None before the host was asked."""

    root: str | None = None


_now = _Now()
# Not one of asyncio: threads with loops of their own install, too.
_changing = threading.Lock()


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
    if own is None:
        return []
    return [each for each in metadata.distributions(path=[str(own)]) if _names(each)]


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


@asynccontextmanager
async def changing() -> AsyncIterator[None]:
    """Keep other threads and tasks from changing the environment; wait for them first.

    Each change begins with what the one before has made.
    """
    # An event wakes tasks of one loop, and there may be several.
    while not _changing.acquire(blocking=False):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    try:
        yield
    finally:
        _changing.release()


def find(asked: dict[str, Any]) -> bool:
    """Use the environment that a change leads to, if it was made before."""
    root = _host().find(_whole(asked))
    if root is not None:
        _use(root)
    return root is not None


async def change(asked: dict[str, Any]) -> None:
    """Make the environment that a change leads to, and use it."""
    _take(await _host().make(_whole(asked)))


def change_now(asked: dict[str, Any]) -> None:
    """Do `change` for code that cannot wait."""
    if not _changing.acquire(blocking=False):
        raise RuntimeError("packages are being installed: await that first")
    try:
        if not find(asked):
            _take(_host().make_blocking(_whole(asked)))
    finally:
        _changing.release()


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
    own = folder()
    found = metadata.distributions(name=name, path=[str(own)]) if own else ()
    return next((each for each in found if _names(each)), None)


def _names(found: metadata.Distribution) -> bool:
    # What a failed removal has left may have no metadata.
    described = found.metadata
    return bool(described and described["Name"])


def versions() -> dict[str, str]:
    """Return the versions in the script's own environment, by normalised names.

    They are those of the folders' names: parsing all that packages say of themselves
    takes as long as importing one.
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-dist-info-directory
    """
    own = folder()
    names = os.listdir(own) if own else []
    pairs = (
        name.removesuffix(".dist-info").rsplit("-", 1)
        for name in names
        if name.endswith(".dist-info") and os.path.exists(f"{own}/{name}/METADATA")
    )
    return {canonical(name): version for name, version in pairs}
