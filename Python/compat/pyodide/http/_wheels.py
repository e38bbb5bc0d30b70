# SPDX-License-Identifier: Apache-2.0
"""Wheels that a script unpacks: importable, with their metadata, for this process."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from amaru.archives.tree import RefusedArchive

__all__ = ["check", "folder", "spread"]


class _Made:
    folder: Path | None = None


_made = _Made()


def folder() -> Path:
    """Return the folder of this process, which is on ``sys.path``; made when needed.

    The environment that a script runs in may be shared with others, and is left alone.
    """
    if _made.folder is None:
        _made.folder = Path(tempfile.mkdtemp(prefix="amaru-wheels-"))
        atexit.register(shutil.rmtree, _made.folder, ignore_errors=True)
    if str(_made.folder) not in sys.path:
        sys.path.append(str(_made.folder))
    return _made.folder


def spread(root: Path) -> None:
    """Put the modules of a wheel's data folder beside the others, as installers do."""
    for data in root.glob("*.data"):
        for kind in ("purelib", "platlib"):
            if (data / kind).is_dir():
                shutil.copytree(data / kind, root, dirs_exist_ok=True)
                shutil.rmtree(data / kind)


def check(name: str, folder: Path) -> None:
    """Raise ValueError if what was unpacked has no metadata of a wheel."""
    if not any(entry.endswith(".dist-info") for entry in os.listdir(folder)):
        raise RefusedArchive(f"{name or 'the archive'} is no wheel: no .dist-info")
