# SPDX-License-Identifier: Apache-2.0
"""The only importer of the modules that the host builds into the interpreter."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import types

__all__ = ["AUTHORITIES", "IN_AMARU", "chat", "http", "is_forked"]

_process = os.getpid()

_OUTSIDE = (
    "{what} needs the module {module!r}, which exists only inside the amaru host; "
    "start this with `amaru run`, or put a stand-in into sys.modules for a test"
)


def _exists(name: str) -> bool:
    if name in sys.modules:
        return True
    import importlib.util

    return importlib.util.find_spec(name) is not None


IN_AMARU: bool = _exists("_amaru_http") and _exists("_amaru_chat")
"""Whether this interpreter runs inside the host."""


AUTHORITIES: "frozenset[str]" = frozenset(
    os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")
) - {""}
"""The files and folders of trusted authorities that the host has read as it started."""


def is_forked() -> bool:
    """Return whether this is a child of `os.fork`, which has no host."""
    return os.getpid() != _process


# Looked up at each use, not once: a test swaps the module.
def http() -> "types.ModuleType":
    """Return the host's HTTP core, or raise RuntimeError outside the host."""
    return _module("_amaru_http", "An Amaru transport")


def chat() -> "types.ModuleType":
    """Return the host's chat screen, or raise RuntimeError outside the host."""
    return _module("_amaru_chat", "A chat turn")


def _module(name: str, what: str) -> "types.ModuleType":
    try:
        return __import__(name)
    except ImportError as exc:
        raise RuntimeError(_OUTSIDE.format(what=what, module=name)) from exc
