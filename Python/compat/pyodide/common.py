# SPDX-License-Identifier: Apache-2.0
"""Files of applications."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from pyodide._missing import missing

__all__ = ["install_files"]


def install_files(src: str | os.PathLike[str], dst: str | os.PathLike[str]) -> None:
    """Copy what a folder holds into another; files of the same names are replaced."""
    for folder, needed in ((Path(src), True), (Path(dst), False)):
        if not folder.is_dir() and (needed or folder.exists()):
            raise ValueError(f"{folder} is not a directory.")
    shutil.copytree(src, dst, dirs_exist_ok=True)


def __getattr__(name: str) -> Any:
    raise missing(__name__, name)
