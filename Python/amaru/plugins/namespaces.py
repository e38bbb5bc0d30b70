# SPDX-License-Identifier: Apache-2.0
"""The built-in names and modules, put back when a plugin has replaced or removed one.

All other code needs them, that which would name the plugin too.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any, Final

__all__ = ["StandardNames"]

_NAMES: Final = vars(builtins)
_MODULES: Final = sys.modules
_KEPT: Final = frozenset({*sys.stdlib_module_names, "amaru", "__main__"})


class StandardNames:
    """What they were before a plugin's code ran."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = {}
        self._modules: dict[str, Any] = {}

    def keep(self) -> None:
        """Note what they are now."""
        self._names, self._modules = _NAMES.copy(), _MODULES.copy()

    def restore(self) -> str:
        """Put back what has changed, and return one of its names; else an empty text.

        What has been added stays, and so do packages that were removed alone.
        """
        found = ""
        for key, value in _changed(self._names, _NAMES):
            _NAMES[key] = value
            found = f"builtins.{key}"
        if sys.modules is not _MODULES:
            sys.modules = _MODULES
            found = "sys.modules"
        changed = _changed(self._modules, _MODULES)
        for key, _ in changed:
            if key.partition(".")[0] in _KEPT:
                _MODULES.update(changed)
                return f"sys.modules[{key!r}]"
        return found


def _changed(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, Any]]:
    # Fast, and nearly always so: what is the same object is not compared further.
    if before == now:
        return []
    return [(key, before[key]) for key in before if now.get(key) is not before[key]]
