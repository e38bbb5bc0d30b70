# SPDX-License-Identifier: Apache-2.0
"""The programs that the command is measured beside."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["BUILT", "compiled", "environment", "linked_python", "output"]

BUILT = Path(__file__).resolve().parent / ".build"
"""What is made once and kept."""


def output(*command: str) -> str:
    """Returns what a program writes."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked_python() -> str:
    """Returns the interpreter of the library that the command is linked with."""
    prefix = output("pkg-config", "--variable=exec_prefix", "python3-embed").strip()
    version = output("pkg-config", "--modversion", "python3-embed").strip()
    return f"{prefix}/bin/python{version}"


def compiled(source: Path, *flags: str) -> str:
    """Compiles a program of C, unless that has been done."""
    program = BUILT / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        BUILT.mkdir(exist_ok=True)
        command = ["cc", "-O2", "-pthread", str(source), "-o", str(program), *flags]
        subprocess.run(command, check=True)
    return str(program)


def environment(python: str, name: str, *requirements: str) -> str:
    """Returns a folder with packages, which are installed unless that has been done."""
    place = BUILT / name
    marker = place / "requirements.txt"
    if not marker.exists() or marker.read_text() != "\n".join(requirements):
        subprocess.run([python, "-m", "venv", "--clear", place], check=True)
        pip = str(place / "bin" / "pip")
        subprocess.run([pip, "install", "-q", *requirements], check=True)
        marker.write_text("\n".join(requirements))
    return str(place)
