# SPDX-License-Identifier: Apache-2.0
"""Everything that a plugin can do. A plugin defines the hooks that it wants:

    from amaru.plugins import hookimpl

    @hookimpl
    def amaru_message(text, turn):
        return text.strip()

A hook may take fewer arguments than are offered. Returning None changes nothing. A
hook that raises is named, its plugin is disabled for the session, and the chat goes
on with the text unchanged. Plugins are asked in the order of their file names.
"""

from __future__ import annotations

from collections.abc import Callable

import pluggy

from amaru.host import Turn

__all__ = ["amaru_answer", "amaru_chunk", "amaru_commands", "amaru_message"]

hookspec = pluggy.HookspecMarker("amaru")


@hookspec
def amaru_message(text: str, turn: Turn) -> str | None:
    """Change the user's message before it is sent."""


@hookspec
def amaru_chunk(text: str, turn: Turn) -> str | None:
    """Change a piece of the answer before it is shown."""


@hookspec
def amaru_answer(text: str, turn: Turn) -> str | None:
    """Change the finished answer before it is remembered.

    What is on the screen stays; only text added at the end is shown too.
    """


@hookspec
def amaru_commands() -> dict[str, Callable[[str], str | None]]:
    """Return slash commands by name; each takes what follows and returns a reply.

    The first line of a command's docstring is its line in ``/help``.
    """
    return {}
