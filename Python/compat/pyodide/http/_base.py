# SPDX-License-Identifier: Apache-2.0
"""What relative URLs are relative to: a web server, or a folder that stands for one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from amaru import _bridge
from pyodide.http import _url

__all__ = ["base", "set_base"]


class _Chosen:
    value: str | Path | None = None


_chosen = _Chosen()


def set_base(base: str | os.PathLike[str] | None) -> None:
    """Set what relative URLs are relative to, for the whole process.

    An ``http`` or ``https`` URL works as the address of a page does. Anything else is a
    folder, whose files are served as a web server would; what leads out of it, as
    ``../data.txt`` does, is refused. None brings back the default: what the host was
    told, else the folder of the script, else the current one.
    """
    _chosen.value = None if base is None else _checked(base)


def base() -> str | Path:
    """Return the URL or the folder that relative URLs are relative to now."""
    if _chosen.value is not None:
        return _chosen.value
    if given := _from_host():
        return _checked(given)
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(file).resolve().parent if file else Path.cwd()


def _checked(base: str | os.PathLike[str]) -> str | Path:
    if isinstance(base, str) and base.lower().startswith(("http:", "https:")):
        return _url.absolute(base)
    folder = Path(base)
    if not folder.is_dir():
        raise ValueError(f"cannot fetch from {str(base)!r}: it is no URL and no folder")
    return folder.resolve()


def _from_host() -> str:
    if not _bridge.IN_AMARU:
        return ""
    return str(_bridge.chat().settings().get("fetch_base") or "")
