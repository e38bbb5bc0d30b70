# SPDX-License-Identifier: Apache-2.0
"""The error for a part of Pyodide that is not here."""

__all__ = ["MissingAPI", "missing"]


class MissingAPI(NotImplementedError, ImportError):
    """A name of Pyodide that Amaru does not have; `from … import` raises it too."""


def missing(module: str, name: str) -> Exception:
    """Return what to raise for the attribute `name` of `module`."""
    # Probes of the import machinery and of copy, pickle and inspect expect this one.
    if name.startswith("__"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    return MissingAPI(
        f"{module}.{name} is not available in Amaru: it belongs to Python in a web "
        "page; remove its use, or guard it with `except ImportError`"
    )
