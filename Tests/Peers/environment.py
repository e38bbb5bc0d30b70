# SPDX-License-Identifier: Apache-2.0
"""Environments and sources of other projects, by pip, kept for the next run."""

import os
import subprocess
import tarfile
from pathlib import Path

__all__ = ["Unavailable", "checkout", "environment", "sources"]


class Unavailable(Exception):
    """Why something cannot be had, in pip's words where it was asked."""


def environment(interpreter: str, place: Path, requirements: list[str]) -> Path:
    """Return an environment that holds `requirements`, made unless it is there."""
    marker = place / "requirements.txt"
    wanted = "\n".join([interpreter, *requirements])
    if marker.exists() and marker.read_text() == wanted:
        return place
    _call(interpreter, "-m", "venv", "--clear", str(place))
    _pip(place, "install", *requirements)
    marker.write_text(wanted)
    return place


def sources(place: Path, cache: Path, requirement: str) -> Path:
    """Return the folder of a source distribution, fetched unless it is there."""
    folder = cache / requirement.replace("==", "-")
    if not folder.exists():
        _pip(
            place, "download", "--no-deps", f"--no-binary={requirement.split('==')[0]}",
            "-d", str(cache), requirement,
        )  # fmt: skip
        with tarfile.open(f"{folder}.tar.gz") as archive:
            archive.extractall(cache, filter="data")
    return folder


def checkout(variable: str) -> Path:
    """Return the folder of a checkout that a variable names."""
    place = os.environ.get(variable)
    if not place:
        raise Unavailable(f"no index has its tests: set {variable} to a checkout")
    return Path(place)


def _pip(place: Path, *arguments: str) -> None:
    pip = [str(place / "bin" / "python"), "-m", "pip", "-q"]
    _call(*pip, "--disable-pip-version-check", "--retries=1", *arguments)


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable("pip said:\n" + (done.stderr or done.stdout).strip())
