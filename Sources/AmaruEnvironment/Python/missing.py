# SPDX-License-Identifier: Apache-2.0
"""Prints which requirements the environment of this interpreter does not meet."""

import glob
import importlib
import json
import os
import re
import sys
from importlib import metadata
from typing import Any


def packaging() -> Any:
    """Return the module that knows PEP 508; None if no installer is near.

    It is a package of its own, a part of pip, or of the pip that comes with Python.
    """
    for name in ("packaging", "pip._vendor.packaging"):
        try:
            return importlib.import_module(f"{name}.requirements")
        except ImportError:
            pass
    library = os.path.dirname(os.__file__)
    places = (f"{library}/ensurepip/_bundled", "/usr/share/python-wheels")
    for place in places:
        for wheel in glob.glob(f"{place}/pip-*.whl"):
            sys.path.append(wheel)
            try:
                return importlib.import_module("pip._vendor.packaging.requirements")
            except ImportError:
                sys.path.remove(wheel)
    return None


def version(name: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def is_met(text: str, requirements: Any) -> tuple[bool, str | None]:
    """Return whether a requirement is met, and the version that is installed."""
    if requirements is None:
        match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", text)
        found = version(match[0]) if match else None
        return found is not None, found
    try:
        wanted = requirements.Requirement(text)
    except requirements.InvalidRequirement:
        # A path or a URL says nothing about its name.
        return True, None
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return True, None
    found = version(wanted.name)
    fits = found is not None and wanted.specifier.contains(found, prereleases=True)
    return fits, found


# Before the search below, which may find a pip that is not the environment's.
has_pip = version("pip") is not None
known = packaging()
missing = []
for line in json.loads(sys.argv[1]):
    good, installed = is_met(line, known)
    if not good:
        missing.append({"requirement": line, "installed": installed})
sys.stdout.write("\x1e")
json.dump({"missing": missing, "pip": has_pip}, sys.stdout)
