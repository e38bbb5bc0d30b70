# SPDX-License-Identifier: Apache-2.0
"""Answers from the texts in a folder: ``amaru run folder.py -- FOLDER``."""

import re
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import amaru

folder = Path(sys.argv[1] if sys.argv[1:] else ".")
index = sqlite3.connect(":memory:")
index.execute("CREATE VIRTUAL TABLE passages USING fts5(file, text, tokenize=porter)")
for path in sorted(folder.rglob("*")):
    if path.suffix in (".md", ".rst", ".txt") and path.is_file():
        name = str(path.relative_to(folder))
        parts = re.split(r"\n\s*\n", path.read_text("utf-8", "replace"))
        rows = [(name, part) for part in parts]
        index.executemany("INSERT INTO passages VALUES (?, ?)", rows)


@amaru.reply
async def answer(message: str) -> AsyncIterator[str]:
    words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", message))
    found = index.execute(
        "SELECT file, text FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT 5",
        [words or '""'],
    ).fetchall()
    if not found:
        yield f"There is nothing about that in {folder}."
        return
    passages = "\n\n".join(f"[{file}] {text}" for file, text in found)
    rule = f"Answer from these passages only, and name their files:\n\n{passages}"
    async for piece in amaru.chat(message, system=rule):
        yield piece
