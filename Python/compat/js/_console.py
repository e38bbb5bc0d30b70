# SPDX-License-Identifier: Apache-2.0
"""The console: lines on the standard streams."""

from __future__ import annotations

import sys
from typing import Any

from pyodide.ffi._kinds import JsProxy

__all__ = ["Console", "console"]


class Console(JsProxy):
    """Writes its arguments as text, with spaces between them."""

    _exists = True

    def log(self, *values: Any) -> None:
        """Write a line to standard output."""
        sys.stdout.write(_line(values))

    info = debug = log

    def error(self, *values: Any) -> None:
        """Write a line to standard error."""
        sys.stderr.write(_line(values))

    warn = error

    def trace(self, *values: Any) -> None:
        """Write a line and where the program is to standard error."""
        import traceback

        self.error("Trace:", *values)
        traceback.print_stack(sys._getframe(1), file=sys.stderr)

    def assert_(self, condition: Any = False, *values: Any) -> None:
        """Write a line to standard error unless the condition is true."""
        if not condition:
            self.error("Assertion failed:" if values else "Assertion failed", *values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"js.console.{name} is not available in Amaru: use print() or the module "
            "logging",
            name=name,
            obj=self,
        )


def _line(values: tuple[Any, ...]) -> str:
    return " ".join(map(str, values)) + "\n"


console = Console()
