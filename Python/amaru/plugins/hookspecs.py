# SPDX-License-Identifier: Apache-2.0
"""Everything that a plugin can do. A plugin defines the hooks that it wants:

    from amaru.plugins import hookimpl

    @hookimpl
    def amaru_message(text, turn):
        return text.strip()

A hook may take fewer arguments than are offered, and may be ``async def``; it then has
ten seconds, and code that does not wait has sixty. Returning None changes nothing. A
hook that raises is named, its plugin is disabled for the session, and the chat goes on
with the text unchanged. Plugins are asked in the order of their file names. Packages
that a plugin imports are named in a block at its top, and installed when the chat
starts:

    # /// script
    # dependencies = ["emoji>=2"]
    # ///
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amaru.host import Turn

__all__ = ["amaru_answer", "amaru_chunk", "amaru_commands", "amaru_message"]


def amaru_message(text: str, turn: Turn) -> str | None:
    """Change the user's message before it is sent.

    Earlier messages of the conversation go out as they did before; those of another
    run, which are kept as they were typed, are asked about again.
    """


def amaru_chunk(text: str, turn: Turn) -> str | None:
    """Change a piece of the answer before it is shown."""


def amaru_answer(text: str, turn: Turn) -> str | None:
    """Change the finished answer before it is remembered.

    What is on the screen, and in the kept conversation, stays; only text added at the
    end is shown and kept too.
    """


def amaru_commands() -> dict[str, Callable[[str], str | None | Awaitable[str | None]]]:
    """Return slash commands by name; each takes what follows and returns a reply.

    Asked once, at the start. The first line of a command's docstring is its line in
    ``/help``.
    """
    return {}
