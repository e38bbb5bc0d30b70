# SPDX-License-Identifier: Apache-2.0
"""Reporting that the import of a module has succeeded."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


def find_watched(
    name: str, path: Sequence[str] | None, imported: Callable[[str], object]
) -> ModuleSpec | None:
    """Return the spec that the other finders find; its loader reports when it is done.

    `imported` is called with the name after the module has run.
    """
    for finder in sys.meta_path:
        if getattr(finder, "__name__", None) == "_amaru_imports":
            continue
        spec = finder.find_spec(name, path, None)
        if spec is not None:
            _watch_execution(spec.loader, name, imported)
            return spec
    return None


def _watch_execution(loader: Any, name: str, imported: Callable[[str], object]) -> None:
    # A class loads what is built in or frozen; it must not be changed.
    if isinstance(loader, type) or not hasattr(loader, "__dict__"):
        return

    def exec_module(module: ModuleType) -> None:
        loader.__dict__.pop("exec_module", None)
        loader.exec_module(module)
        imported(name)

    # What python leaves out of the traceback of an import, with all that is before it.
    exec_module.__code__ = exec_module.__code__.replace(
        co_filename="<frozen importlib._bootstrap>", co_name="_call_with_frames_removed"
    )
    loader.exec_module = exec_module
