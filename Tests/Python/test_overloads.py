"""The overloads that scripts write are what they write now."""

from __future__ import annotations

import shutil
from pathlib import Path

import closures
import conversions
import overloads
import pytest

WRITTEN = [
    (script.FOLDER / name, text)
    for script in (closures, conversions, overloads)
    for name, text in script.files().items()
]


@pytest.mark.skipif(shutil.which("swift") is None, reason="swift format is needed")
@pytest.mark.parametrize(
    ("path", "text"), WRITTEN, ids=[path.name for path, _ in WRITTEN]
)
def test_file_is_current(path: Path, text: str) -> None:
    assert path.read_text() == overloads.formatted(text), (
        "run the script that the file names"
    )


def test_every_file_that_says_so_is_written() -> None:
    files = (overloads.ROOT / "Sources/Amaru").rglob("*.swift")
    marked = {path for path in files if "// Written by Tests/" in path.read_text()}
    assert marked == {path for path, _ in WRITTEN}
