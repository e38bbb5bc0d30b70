# SPDX-License-Identifier: Apache-2.0
"""Environments and sources of other projects, by pip, kept for the next run."""

import subprocess
import tarfile
from pathlib import Path

__all__ = ["Unavailable", "environment", "sources"]


class Unavailable(Exception):
    """What pip said when it could not fetch something."""


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


def _pip(place: Path, *arguments: str) -> None:
    pip = [str(place / "bin" / "python"), "-m", "pip", "-q"]
    _call(*pip, "--disable-pip-version-check", "--retries=1", *arguments)


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable((done.stderr or done.stdout).strip())
