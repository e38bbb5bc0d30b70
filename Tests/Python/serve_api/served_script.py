# SPDX-License-Identifier: Apache-2.0
"""The script that is the model in these tests, and does what the first word says.

It is a file of its own, and imports nothing of the tests.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import amaru

EMOJI = "👩\u200d👩\u200d👧 ok"


def exists(name: str) -> bool:
    return Path(name).exists()


def touch(name: str) -> None:
    Path(name).touch()


def note(word: str) -> None:
    with Path("runs").open("a") as runs:
        runs.write(f"{word}\n")


def gather(own: Path, count: int) -> None:
    own.write_text(str(os.getpid()))
    while len(list(own.parent.glob("of*"))) < count:
        if time.process_time() > 120:
            raise TimeoutError("the others do not come")


async def there(name: str) -> None:
    # The tests are in another process.
    while not exists(name):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@amaru.reply
async def answer(message: str, turn: Any, history: Any) -> AsyncIterator[Any]:
    word, _, rest = message.partition(" ")
    note(word)
    if word == "say":
        yield rest
    elif word == "wait":
        yield "first "
        await there(rest)
        yield "second"
    elif word == "usage":
        yield "counted"
        yield amaru.Usage(3, 4)
    elif word == "think":
        yield amaru.Reasoning("hm")
        yield "so"
    elif word == "tools":
        results = [m["content"] for m in turn.messages if m["role"] == "tool"]
        if results:
            yield " and ".join(results)
        else:
            yield amaru.ToolCall("1", "weather", '{"city": "Cusco"}')
            yield amaru.ToolCall("2", "weather", '{"city": "Puno"}')
    elif word == "stop":
        yield "one ST"
        yield "OP two"
        await there("never")
    elif word == "length":
        turn.text("cut")
        turn.finished("length")
    elif word == "limited":
        options = turn.options
        limit = options.get("max_tokens") or options.get("max_completion_tokens")
        words = rest.split()
        for one in words[:limit]:
            yield f"{one} "
        if len(words) > limit:
            turn.finished("length")
    elif word == "raise":
        raise ValueError("no such thing")
    elif word == "partial":
        yield "partial"
        raise ValueError("broke off")
    elif word == "silent":
        await there(rest)
        yield "late"
    elif word == "forever":
        try:
            while True:
                yield "x"
                await asyncio.sleep(0.01)
        finally:
            touch(rest)
    elif word == "emoji":
        for character in EMOJI:
            yield character
    elif word == "pictures":
        for _ in range(int(rest)):
            yield amaru.Attachment("a\u202e`*b*", "image/png", b"")
    elif word == "picture":
        yield amaru.Attachment("a", "image/png", b"x" * int(rest))
    elif word == "big":
        yield "x" * 100_000
    elif word == "see":
        seen = {"message": message, "history": history, "messages": turn.messages}
        yield json.dumps(seen | {"options": turn.options})
    elif word == "spell":
        for character in rest:
            yield character
    elif word == "fail":
        raise ValueError(rest)
    elif word == "later":
        raise amaru.ChatError("rate_limit", "too many", retry_after=float(rest))
    elif word == "call":
        yield amaru.ToolCall("1", rest, "{}")
        yield "called"
    elif word == "steps":
        # Numbered paragraphs, each once there is a file of its number.
        for number in range(int(rest)):
            await there(f"step{number}")
            yield f"Number {number}.\n\n"
    elif word == "count":
        # Numbered paragraphs: how many, and in what time apart.
        pieces, pause = rest.split()
        await there("begin")
        for number in range(int(pieces)):
            yield f"{number} {time.monotonic_ns()}\n\n"
            await asyncio.sleep(float(pause))
    elif word == "pour":
        # So many long pieces, once there is a file.
        pieces, name = rest.split()
        await there(name)
        for _ in range(int(pieces)):
            yield amaru.Reasoning("x" * 50_000)
            await asyncio.sleep(0)
    elif word == "variable":
        yield os.environ.get(rest, "none")
    elif word == "process":
        yield str(os.getpid())
    elif word == "gather":
        # Computes, while nothing else of this process runs, until so many do.
        count, own = rest.split()
        gather(Path(own), int(count))
        yield "gathered"
