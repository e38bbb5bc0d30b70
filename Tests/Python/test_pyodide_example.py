# SPDX-License-Identifier: Apache-2.0
"""The example for a page and a terminal runs in both, and answers the same."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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


def test_the_article_says_how_it_runs_in_both() -> None:
    project = HERE.parents[1]
    catalogue = project / "Sources" / "AmaruChat" / "AmaruChat.docc"
    article = (catalogue / "ChatScripts.md").read_text()
    docstring = (FOLDER / "main.py").read_text()
    folder = FOLDER.relative_to(project)
    for command in (
        f"amaru run --no-key {folder}\n",
        f"python3 -m http.server --directory {folder}\n",
    ):
        assert command in article and command in docstring
    assert len(article.splitlines()) <= 150


def program_and_distribution(program: str) -> tuple[str, str]:
    found, distribution = shutil.which(program), os.environ.get("AMARU_PYODIDE", "")
    if found is None or not distribution:
        pytest.skip(
            f"needs {program}, and in AMARU_PYODIDE the folder of a distribution of "
            "Pyodide"
        )
    return found, distribution


def test_it_answers_in_pyodide() -> None:
    node, distribution = program_and_distribution("node")
    done = subprocess.run(
        [node, HERE / "page.mjs", distribution, FOLDER, *MESSAGES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ANSWERS, done.stderr


class Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_it_answers_in_a_browser(tmp_path: Path) -> None:
    chromium, distribution = program_and_distribution("chromium")
    site = tmp_path / "site"
    shutil.copytree(FOLDER, site, ignore=shutil.ignore_patterns("__pycache__"))
    (site / "pyodide").symlink_to(distribution)
    page = (site / "index.html").read_text()
    typed = f"for (const text of {json.dumps(MESSAGES)}) send(text);\n        </script>"
    (site / "index.html").write_text(page.replace("</script>", typed))
    handler = partial(Files, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        # Time of the page, which stands still while it computes or loads.
        options += ["--virtual-time-budget=120000", f"--user-data-dir={tmp_path}/user"]
        address = f"http://127.0.0.1:{server.server_port}/"
        done = subprocess.run(
            [chromium, *options, address], capture_output=True, text=True, check=False
        )
        server.shutdown()
    assert re.findall("<li>(.*?)</li>", done.stdout) == ANSWERS, done.stderr
