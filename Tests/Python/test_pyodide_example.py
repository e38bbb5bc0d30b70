# SPDX-License-Identifier: Apache-2.0
"""The example for a page and a terminal runs in both, and answers the same."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from amaru._check import findings
from pyodide.http import set_base

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "Python" / "examples" / "everywhere"
MESSAGES = ["Tell me about mars", "hello", "Earth and Venus"]
ANSWERS = [
    "Mars has 2 moons.",
    "Ask me about one of Mercury, Venus, Earth, Mars, Uranus, Neptune.",
    "Venus has no moons. Earth has one moon.",
]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    screen: Any = ModuleType("js_module")
    screen.shown = asyncio.Queue()
    screen.displayResponse = screen.shown.put
    monkeypatch.setitem(sys.modules, "js_module", screen)
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.delitem(sys.modules, "main", raising=False)
    set_base(FOLDER)
    import main

    yield main, screen.shown
    set_base(None)
    del sys.modules["main"]


async def test_it_answers_here(app: Any) -> None:
    example, shown = app
    running = asyncio.create_task(example.main())
    for message in MESSAGES:
        example.sender_message_proxy("", message)
    assert [await shown.get() for _ in ANSWERS] == ANSWERS
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_all_of_its_names_work_here() -> None:
    verdicts = {each.name: each.verdict for each in findings(str(FOLDER / "main.py"))}
    assert verdicts.keys() == {"pyodide.ffi.create_proxy", "pyodide.http.pyfetch"}
    assert "refused" not in verdicts.values()


def test_it_answers_in_a_page() -> None:
    node = shutil.which("node")
    distribution = os.environ.get("AMARU_PYODIDE", "")
    if node is None or not distribution:
        pytest.skip(
            "needs node, and in AMARU_PYODIDE the folder of a distribution of Pyodide"
        )
    done = subprocess.run(
        [node, HERE / "page.mjs", distribution, FOLDER, *MESSAGES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ANSWERS, done.stderr
