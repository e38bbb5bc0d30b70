"""The overloads that a script writes are what it writes now."""

from __future__ import annotations

import shutil

import overloads
import pytest


@pytest.mark.skipif(shutil.which("swift") is None, reason="swift format is needed")
@pytest.mark.parametrize("name", overloads.files())
def test_file_is_current(name: str) -> None:
    written = (overloads.FOLDER / name).read_text()
    assert written == overloads.formatted(overloads.files()[name]), (
        "run Tests/Python/overloads.py"
    )
