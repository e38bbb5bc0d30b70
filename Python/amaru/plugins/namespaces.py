# SPDX-License-Identifier: Apache-2.0
"""The built-in names and modules, put back when a plugin has taken one.

All other code needs them, that which would name the plugin too. A function in the place
of another, or a module that was read again, may be meant: it stays.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any, Final

__all__ = ["StandardNames"]

_NAMES: Final = vars(builtins)
_MODULES: Final = sys.modules
_KEPT: Final = frozenset({*sys.stdlib_module_names, "amaru", "__main__"})
_REMOVED: Final = object()
_callable: Final = callable
_type: Final = type


class StandardNames:
    """What they were when this was made, before a plugin's code ran."""

    def __init__(self) -> None:
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
    # By identity, since an object's `__eq__` is a plugin's code.
    return [
        (key, value)
        for key, value in before.items()
        if (new := now.get(key, _REMOVED)) is not value
        and _type(new) is not _type(value)
        and not (_callable(new) and _callable(value))
    ]
