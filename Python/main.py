# SPDX-License-Identifier: Apache-2.0
"""The chat that `amaru` runs when no script is named: a script like any other."""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context
from typing import TYPE_CHECKING

from amaru import current_turn, settings
from amaru.chat import Conversation

if TYPE_CHECKING:
    from amaru.host import Turn
    from amaru.plugins import Plugins

messages: asyncio.Queue[tuple[Turn, str, Context]] = asyncio.Queue()
command_names = ["help"]  # the slash commands that Tab completes


def sender_message_proxy(api_key: str, message: str) -> None:
    """Take a message; the host calls this on the loop's thread and does not wait."""
    messages.put_nowait((current_turn(), message, copy_context()))


def is_command(message: str) -> bool:
    """Tell ``/help me`` from ``/etc/hosts is empty, why?``."""
    word = message.partition(" ")[0]
    name = word[1:].replace("-", "_")
    return word[:1] == "/" and word[1:2] != "-" and name.isidentifier()


def overview(plugins: Plugins | None) -> str:
    """Say which commands there are."""
    known = {"help": "show this", **settings().commands}
    for name, command in plugins.commands().items() if plugins else ():
        known.setdefault(name, command.summary or f"of the plugin {command.plugin}")
    return "\n".join(f"/{name}: {known[name]}" for name in sorted(known))


async def obey(turn: Turn, line: str, plugins: Plugins | None) -> None:
    """Run a slash command and show its reply."""
    name, _, arguments = line.removeprefix("/").partition(" ")
    command = plugins.commands().get(name) if plugins else None
    if plugins and command:
        try:
            turn.text(await plugins.run(command, arguments.strip()))
        except RuntimeError as exc:
            turn.failed("plugin", str(exc), "fix the plugin, then start again")
    elif name == "help":
        turn.text(overview(plugins))
    else:
        turn.failed("plugin", f"there is no command /{name}", "/help lists them")
    turn.finished()


async def receive(chat: Conversation, plugins: Plugins | None) -> None:
    """Answer the messages, each in a task that can be cancelled.

    One that brings its own history waits for no other, and no other waits for it.
    """
    answers: set[asyncio.Task[None]] = set()
    try:
        while True:
            turn, message, context = await messages.get()
            if settings().terminal and is_command(message):
                answer = obey(turn, message, plugins)
            else:  # by the model that the user has chosen last, or for this message
                answer = chat.send(turn, message, turn.history, context.run(settings))
            task = asyncio.create_task(answer, context=context)
            answers.add(task)
            task.add_done_callback(answers.discard)
            turn.bind(task)
            if turn.history is None:
                # Not `await task`: what ends a turn must not end the receiver.
                await asyncio.wait([task])
    finally:
        for task in answers:
            task.cancel()


async def main() -> None:
    """Chat until the host ends the program."""
    options = settings()
    plugins = None
    if options.plugins:
        from amaru.plugins import Plugins

        plugins = Plugins(options.plugins)
        await plugins.load()
        command_names.extend(plugins.commands())
    await receive(Conversation(options, plugins.filter if plugins else None), plugins)
