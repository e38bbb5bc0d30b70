# SPDX-License-Identifier: Apache-2.0
"""Takes the host's network away from the HTTP libraries again, which only tests do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amaru import network

__all__ = ["adopted", "replaced", "undo"]

MODULES = (
    *("httpcore", "httpcore2", "http.client", "urllib.request", "urllib3.connection"),
    "ssl",
)
OURS = str(Path(network.__file__).parent)


def replaced() -> dict[tuple[type, str], Any]:
    """Return the methods that are replaced now, by class and name."""
    found = {}
    for module in filter(None, map(sys.modules.get, MODULES)):
        for owner in {v for v in vars(module).values() if isinstance(v, type)}:
            for name, method in vars(owner).items():
                code = getattr(method, "__code__", None)
                if code is not None and code.co_filename.startswith(OURS):
                    found[owner, name] = method
    return found


def undo() -> None:
    """Give the libraries back what they had, also what they had inherited."""
    sys.meta_path[:] = [f for f in sys.meta_path if type(f) is not network._Finder]
    for (owner, name), method in replaced().items():
        original = method.__wrapped__
        if original.__qualname__.partition(".")[0] == owner.__name__:
            setattr(owner, name, original)
        else:
            delattr(owner, name)


@contextmanager
def adopted() -> Iterator[None]:
    """Put the libraries on the host's network for a block."""
    network.install()
    try:
        yield
    finally:
        undo()
