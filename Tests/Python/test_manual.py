# SPDX-License-Identifier: Apache-2.0
"""The manual page lists every variable that the command reads."""

from __future__ import annotations

import re
import runpy
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Where a variable is looked up by its name, in the command and in what it stands on.
LOOKUPS = re.compile(
    r'(?:variables|environment|processEnvironment)\["([A-Z_]+)"'
    r'|value\("([A-Z_]+)"\)|folder\("([A-Z_]+)",|for name in \[((?:"[A-Z_]+",? ?)+)\]'
)
# Set by the program, or a sign that another program has started it.
OTHERS = {
    "AMARU_LOCAL_KEY",
    "GIT_TERMINAL_PROMPT",
    "PYTHONPATH",
    "REQUEST_METHOD",
}


def read() -> set[str]:
    names: set[str] = set()
    for part in ("AmaruCLI", "AmaruEnvironment", "AmaruHTTP"):
        for file in (ROOT / "Sources" / part).rglob("*.swift"):
            for found in LOOKUPS.findall(file.read_text()):
                names.update(re.findall(r"[A-Z_]{2,}", " ".join(found)))
    return names - OTHERS


def test_every_variable_that_is_read_is_in_the_manual() -> None:
    table = runpy.run_path(str(ROOT / ".ci" / "manual"))["ENVIRONMENT"]
    listed = [name for names in table for name in names.split(", ")]
    names = read()
    assert {"PAGER", "EDITOR", "XDG_STATE_HOME", "NO_COLOR"} <= names
    missing = {n for n in names if not any(fnmatch(n, known) for known in listed)}
    assert not missing
