# SPDX-License-Identifier: Apache-2.0
"""What the name of a wheel says of the machine that it is for."""

from __future__ import annotations

import platform
import re
import sys

__all__ = ["misfit"]

_SYSTEMS = {
    "darwin": ("macosx",),
    "linux": ("linux", "manylinux", "musllinux"),
    "win32": ("win",),
}
_PAGE = ("emscripten", "pyemscripten", "pyodide", "wasm")
_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "arm64"}


def misfit(file_name: str) -> str:
    """Say why a wheel cannot fit this interpreter; empty if it may.

    The installer knows more; this is for what is certain before a download.
    """
    python, abi, system = file_name.removesuffix(".whl").split("-")[-3:]
    if system.startswith(_PAGE):
        return (
            "it is for Python in a web page; give the package's name instead, and the "
            "wheel for this machine is found"
        )
    if not any(_is_of_this_system(one) for one in system.split(".")):
        here = f"{sys.platform} on {platform.machine()}"
        return f"it is for {system}, and this is {here}"
    if not any(_is_of_this_python(one, abi) for one in python.split(".")):
        here = f"CPython {sys.version_info.major}.{sys.version_info.minor}"
        return f"it is for {python}, and this is {here}"
    return ""


def _is_of_this_system(tag: str) -> bool:
    if tag == "any":
        return True
    machine = platform.machine().lower()
    same = {machine, _ARCHITECTURES.get(machine, machine), "universal2", "fat64"}
    same |= {name for name, other in _ARCHITECTURES.items() if other in same}
    known = _SYSTEMS.get(sys.platform)
    if known is None:
        return True
    return tag.startswith(known) and tag.endswith(tuple(same))


def _is_of_this_python(tag: str, abi: str) -> bool:
    found = re.fullmatch(r"(py|cp)(\d)(\d*)", tag)
    if found is None:
        # Another interpreter's, such as PyPy's.
        return False
    major, minor = int(found[2]), int(found[3] or 0)
    if major != sys.version_info.major:
        return False
    if found[1] == "cp" and "abi3" not in abi and abi != "none" and found[3]:
        return minor == sys.version_info.minor
    return minor <= sys.version_info.minor
