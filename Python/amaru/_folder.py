# SPDX-License-Identifier: Apache-2.0
"""Keeps what is beside this package from being imported by scripts."""

from __future__ import annotations

import os
import sys

from amaru._tracing import hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["hide_neighbours"]


def hide_neighbours() -> None:
    """Let nothing but this package be found in its folder, which is on the path.

    A script that misses its own ``main`` would get the host's conversation.
    """
    folder = os.path.dirname(os.path.dirname(__file__))
    finder = sys.path_importer_cache.get(folder)
    if finder is not None and not isinstance(finder, _One):
        sys.path_importer_cache[folder] = _One(finder)


class _One:
    """A finder of one package where there are others."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    @hidden
    def find_spec(
        self, name: str, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != __package__:
            return None
        spec: ModuleSpec | None = self._finder.find_spec(name, target)
        return spec

    def invalidate_caches(self) -> None:
        self._finder.invalidate_caches()
