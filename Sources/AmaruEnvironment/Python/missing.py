# SPDX-License-Identifier: Apache-2.0
"""Prints which requirements the environment of this interpreter does not meet."""

import importlib
import json
import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # What is sent to the interpreter begins with it.
    from nearby import packaging


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
near = packaging()
known = importlib.import_module(f"{near}.requirements") if near else None
missing = []
for line in json.loads(sys.argv[1]):
    good, installed = is_met(line, known)
    if not good:
        missing.append({"requirement": line, "installed": installed})
sys.stdout.write("\x1e")
json.dump({"missing": missing, "pip": has_pip}, sys.stdout)
