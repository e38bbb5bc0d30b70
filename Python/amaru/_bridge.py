# SPDX-License-Identifier: Apache-2.0
"""The only importer of the modules that the host builds into the interpreter."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import types

__all__ = ["IN_AMARU", "chat", "http"]

_OUTSIDE = (
    "{what} needs the module {module!r}, which exists only inside the amaru host; "
    "start this with `amaru run`, or put a stand-in into sys.modules for a test"
)


def _exists(name: str) -> bool:
    if name in sys.modules:
        return True
    return importlib.util.find_spec(name) is not None


IN_AMARU: bool = _exists("_amaru_http") and _exists("_amaru_chat")
"""Whether this interpreter runs inside the host."""


# Looked up at each use, not once: a test swaps the module, and an import statement
# that finds its module in sys.modules costs less than a microsecond.
def http() -> types.ModuleType:
    """Return the host's HTTP core, or raise RuntimeError outside the host."""
    try:
        import _amaru_http
    except ImportError as exc:
        raise RuntimeError(
            _OUTSIDE.format(what="An Amaru transport", module="_amaru_http")
        ) from exc
    return _amaru_http


def chat() -> types.ModuleType:
    """Return the host's chat screen, or raise RuntimeError outside the host."""
    try:
        import _amaru_chat
    except ImportError as exc:
        raise RuntimeError(
            _OUTSIDE.format(what="A chat turn", module="_amaru_chat")
        ) from exc
    return _amaru_chat
