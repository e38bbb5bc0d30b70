# SPDX-License-Identifier: Apache-2.0
"""Import one plugin file so that it can shadow nothing, and say where it failed."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Final

__all__ = ["FAULTS", "PACKAGE", "fault", "files", "load"]

PACKAGE: Final = "amaru_plugins"
"""The private package of all plugins: `ssl.py` becomes `amaru_plugins.ssl`."""

# sys.exit() in a plugin must not end the chat, and a hook that loops is stopped by
# the host with an interrupt.
FAULTS: Final = (Exception, SystemExit, KeyboardInterrupt)


def files(folder: str | Path) -> list[Path]:
    """Return the plugin files of a folder in the order of their names."""
    found = Path(folder).glob("*.py")
    return sorted(path for path in found if not path.name.startswith("_"))


def load(path: Path) -> ModuleType:
    """Import a plugin file; whatever its code raises comes out."""
    if PACKAGE not in sys.modules:
        package = ModuleType(PACKAGE, "The plugins of this session.")
        package.__path__ = []
        sys.modules[PACKAGE] = package
    name = f"{PACKAGE}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    # Before the code runs: dataclasses and pickle look the module up by its name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def fault(exc: BaseException, path: str) -> str:
    """Return ``file:line: what``, the line being the plugin's own."""
    if isinstance(exc, SyntaxError) and exc.filename == path:
        return f"{path}:{exc.lineno}: {type(exc).__name__}: {exc.msg}"
    own = [
        frame.lineno
        for frame in traceback.extract_tb(exc.__traceback__)
        if frame.filename == path
    ]
    line = own[-1] if own else 1
    if isinstance(exc, KeyboardInterrupt):
        return f"{path}:{line}: interrupted"
    return f"{path}:{line}: {type(exc).__name__}: {exc}".removesuffix(": ")
