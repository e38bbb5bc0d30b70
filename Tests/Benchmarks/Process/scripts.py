# SPDX-License-Identifier: Apache-2.0
"""The scripts that are run."""

from __future__ import annotations

import tarfile
from pathlib import Path

__all__ = ["TUTORIAL", "scripts"]

TUTORIAL = ("openai==1.3.7", "httpx", "urllib3==2.1.0")
"""What the tutorial's set-up installs."""


def scripts(folder: Path) -> dict[str, str]:
    """Writes the scripts that are run, and returns their paths."""
    clock = "time.clock_gettime_ns(time.CLOCK_MONOTONIC)"
    setup = f"""
import micropip
import os
from pyodide.http import pyfetch

response = await pyfetch("app.tar.gz")
await response.unpack_archive(extract_dir={str(folder)!r})
await micropip.install({TUTORIAL[0]!r}, keep_going=True)
await micropip.install("ssl")
import ssl
await micropip.install({TUTORIAL[1]!r}, keep_going=True)
import httpx
await micropip.install({TUTORIAL[2]!r}, keep_going=True)
import urllib3
import benchmark_app
"""
    reply = """
import amaru

@amaru.reply
async def answer(message):
    for _ in range(int(message)):
        yield "word "
"""
    text = """
import amaru

@amaru.reply
async def answer(message):
    turn = amaru.current_turn()
    for _ in range(int(message) // 100):
        for _ in range(100):
            turn.text("word ")
        await turn.drain()
"""
    sources = {
        "print": "print('hello')\n",
        "asyncio": "import asyncio\nprint('hello')\n",
        "first": f"import time\nprint({clock}, end='')\n",
        "httpx": "import asyncio\nimport httpx\nprint('hello')\n",
        "imports": "import asyncio\nimport json\nimport os\nimport ssl\n"
        "import httpx\nimport openai\nimport urllib3\n",
        "setup": setup,
        "reply": reply,
        "text": text,
    }
    # What the set-up fetches: the page's archive, from the folder that stands for it.
    with tarfile.open(folder / "app.tar.gz", "w:gz") as archive:
        (folder / "benchmark_app.py").write_text("import httpx, openai, urllib3\n")
        archive.add(folder / "benchmark_app.py", "benchmark_app.py")
    for name, source in sources.items():
        # Not a name that a script imports: its folder is searched first.
        (folder / f"benchmark_{name}.py").write_text(source)
    return {name: str(folder / f"benchmark_{name}.py") for name in sources}
