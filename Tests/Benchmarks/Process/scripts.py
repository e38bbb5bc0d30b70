# SPDX-License-Identifier: Apache-2.0
"""The scripts that are run."""

from __future__ import annotations

from pathlib import Path

__all__ = ["scripts"]


def scripts(folder: Path) -> dict[str, str]:
    """Writes the scripts that are run, and returns their paths."""
    clock = "time.clock_gettime_ns(time.CLOCK_MONOTONIC)"
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
        "imports": "import os\nimport ssl\nimport httpx\nimport urllib3\n"
        "import asyncio\nimport json\nfrom urllib.parse import quote_plus\n"
        "import openai\n",
        "reply": reply,
        "text": text,
    }
    for name, source in sources.items():
        # Not a name that a script imports: its folder is searched first.
        (folder / f"benchmark_{name}.py").write_text(source)
    return {name: str(folder / f"benchmark_{name}.py") for name in sources}
