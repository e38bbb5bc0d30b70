# SPDX-License-Identifier: Apache-2.0
"""A chat on the openai SDK: ``amaru run --with openai openai_chat.py``."""

import asyncio
from typing import Any

import openai

from amaru import current_turn, settings

# Each request of the SDK goes out through Swift, as all of a script do.
client = openai.AsyncOpenAI(
    api_key=settings().api_key or "none", base_url=settings().base_url
)
messages: asyncio.Queue[tuple[Any, str]] = asyncio.Queue()
history: list[Any] = []


def sender_message_proxy(api_key: str, message: str) -> None:
    messages.put_nowait((current_turn(), message))


async def answer(turn: Any, message: str) -> None:
    said: Any = {"role": "user", "content": message}
    shown = ""
    try:
        async with await client.chat.completions.create(
            model=settings().model, messages=[*history, said], stream=True
        ) as chunks:
            async for chunk in chunks:
                for choice in chunk.choices:
                    text = choice.delta.content or ""
                    if turn.text(text):
                        shown += text
                await turn.drain()
        turn.finished()
    except Exception as exc:
        turn.failed("openai", str(exc), str(exc.__cause__ or ""))
    finally:
        # Also after Ctrl-C, which cancels this: what was shown has been said.
        if shown:
            history.extend([said, {"role": "assistant", "content": shown}])


async def receiver() -> None:
    while True:
        turn, message = await messages.get()
        task = asyncio.create_task(answer(turn, message))
        turn.bind(task)
        await asyncio.wait([task])


async def main() -> None:
    await receiver()
