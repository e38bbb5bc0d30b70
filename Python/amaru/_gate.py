# SPDX-License-Identifier: Apache-2.0
"""Who may import the compat packages, and what their import brings about.

Libraries find out by them whether they are in a web page. So they are there for the
script, and for libraries only after the script has imported one of them.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

__all__ = ["enter"]

_ROOTS = ("js", "pyodide", "pyodide_js")
_LIBRARIES = ("site-packages", "dist-packages")


def enter(name: str) -> None:
    """Admit an import of the package `name`, or raise ModuleNotFoundError."""
    others = (root for root in _ROOTS if root != name)
    if any(root in sys.modules for root in others):
        return
    if (importer := _importer()) is not None and _is_library(importer):
        # As if there were none, which is what the library wants to know.
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    _follow_loop()


def _importer() -> FrameType | None:
    """Return the frame of the import statement; None if the host imports."""
    frame: FrameType | None = sys._getframe(3)
    while frame is not None and _is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def _is_machinery(file: str) -> bool:
    return file.startswith(("<frozen importlib", "<amaru>")) or file.endswith(
        os.path.join("importlib", "__init__.py")
    )


def _is_library(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    if not any(f"{os.sep}{name}{os.sep}" in file for name in _LIBRARIES):
        return False
    # The script itself may be an installed module, as with `-m`.
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    own = str(frame.f_globals.get("__name__")).partition(".")[0]
    return own not in ("__main__", main and main.name.partition(".")[0])


def _follow_loop() -> None:
    """Give the host's loop the methods of promises: now, or when it is made."""
    runtime = sys.modules.get("_amaru_runtime")
    if runtime is None:
        return

    def made(loop: object) -> None:
        from pyodide import webloop

        webloop.adopt(loop)  # type: ignore[arg-type]

    # Not there before asyncio is.
    home_loop = getattr(runtime, "home_loop", None)
    if home_loop is None or (loop := home_loop()) is None:
        runtime.__dict__["home_loop_made"] = made
    else:
        made(loop)
