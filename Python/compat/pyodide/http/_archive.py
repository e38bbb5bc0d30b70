# SPDX-License-Identifier: Apache-2.0
"""Archives: what one holds, put into a folder as a whole."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any

from amaru.archives import filling
from amaru.archives.tree import Stopped, Tree
from pyodide.http import _wheels

__all__ = ["unpack"]


async def unpack(
    file: IO[bytes] | Any, kind: str, target: str | os.PathLike[str] | None, name: str
) -> None:
    """Unpack on another thread; a task that is cancelled leaves nothing behind."""
    if target is not None:
        folder = Path(target)
    elif kind == "wheel":
        folder = _wheels.folder()
    else:
        folder = Path.cwd()
        _make_importable(folder)
    stop = threading.Event()
    work = asyncio.ensure_future(
        asyncio.to_thread(_unpack, file, kind, folder, name, stop)
    )
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        # The file must not be closed before the thread has let go of it.
        await asyncio.wait({work})
        raise
    importlib.invalidate_caches()


def _make_importable(folder: Path) -> None:
    # As in Pyodide, where the current folder is always on the path.
    if "" not in sys.path and str(folder) not in sys.path:
        sys.path.append(str(folder))


def _unpack(
    file: Any, kind: str, folder: Path, name: str, stop: threading.Event
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # In the target, so that what was unpacked can be renamed into place.
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as temporary:
        tree = Tree(Path(temporary), stop)
        try:
            filling.fill(file, kind, tree)
        except Stopped:
            return
        if kind == "wheel":
            _wheels.check(name, tree.root)
            _wheels.spread(tree.root)
        tree.move_to(folder)
