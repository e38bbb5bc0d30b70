# SPDX-License-Identifier: Apache-2.0
"""A chat about planets that runs in a terminal and in a web page, as it is.

In a terminal::

    amaru run --no-key Python/examples/everywhere

In a page, with a distribution of Pyodide in a folder ``pyodide`` beside this file, at
http://localhost:8000::

    python3 -m http.server --directory Python/examples/everywhere

What differs is the host, and this file sees none of it. The page registers a module
``js_module`` in ``page.js``; Amaru has one, whose ``displayResponse`` writes to the
screen. A relative URL is relative to the page, or to this folder. The host passes what
the user enters to ``sender_message_proxy`` and runs ``main()`` in the background.
"""

import asyncio

import js_module

from pyodide.ffi import create_proxy
from pyodide.http import pyfetch

messages: asyncio.Queue[str] = asyncio.Queue()


def answer(planets: dict[str, int], message: str) -> str:
    """Return what is known about the planets that a message names."""
    named = [name for name in planets if name.lower() in message.lower()]
    if not named:
        return f"Ask me about one of {', '.join(planets)}."
    return " ".join(f"{name} has {_moons(planets[name])}." for name in named)


def _moons(count: int) -> str:
    return "one moon" if count == 1 else f"{count or 'no'} moons"


def sender(api_key: str, message: str) -> None:
    """Take a message; the key is of no use here."""
    messages.put_nowait(message)


async def main() -> None:
    """Answer the messages, one after the other."""
    response = await pyfetch("planets.json")
    response.raise_for_status()
    planets = await response.json()
    while True:
        await js_module.displayResponse(answer(planets, await messages.get()))


sender_message_proxy = create_proxy(sender)
