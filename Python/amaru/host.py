# SPDX-License-Identifier: Apache-2.0
"""What a chat script may ask of the host: its turn, its settings, a notice."""

from __future__ import annotations

import weakref
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amaru import _bridge

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

__all__ = ["Settings", "Turn", "current_turn", "notice", "settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the user started the chat."""

    model: str
    base_url: str
    system: str = ""
    api_key: str = field(default="", repr=False)
    """A placeholder that the host's network replaces; never the key."""
    stall_timeout: float = 60.0
    """Seconds without content after which an answer counts as stalled; 0: never."""
    plugins: str = ""
    """The folder of plugin files, or empty."""
    local: bool = False
    """Whether the model is the small demonstration model on this machine."""


def settings() -> Settings:
    """Return the settings of this run."""
    given = _bridge.chat().settings()
    return Settings(
        model=given["model"],
        base_url=given["base_url"],
        system=given.get("system", ""),
        api_key=given.get("api_key", ""),
        stall_timeout=float(given.get("stall_timeout") or 0),
        plugins=given.get("plugins", ""),
        local=given.get("local") == "1",
    )


def notice(message: str) -> None:
    """Show one line on standard error."""
    _bridge.chat().notice(printable(" ".join(message.split())))


def printable(text: str) -> str:
    """Return `text` without lone surrogates, which no UTF-8 stream can carry.

    A pair of surrogates becomes the character that it stands for, a lone one U+FFFD.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Turn:
    """One message of the user and everything that is shown in answer to it.

    A turn is settled once, by `finished` or `failed`; what comes later is dropped, so
    a cancel and an answer that race each other end the turn with whichever was first.
    """

    __slots__ = ("__weakref__", "_cancelled", "_settled", "_task", "claimed", "id")

    def __init__(self, id: int) -> None:
        self.id = id
        self.claimed = False
        """Whether the script has asked for the turn, and so will settle it."""
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False
        self._settled = False

    def __repr__(self) -> str:
        return f"<Turn {self.id}{' settled' if self._settled else ''}>"

    @property
    def settled(self) -> bool:
        """Whether the turn has ended."""
        return self._settled

    def text(self, delta: str) -> None:
        """Show more of the answer."""
        if delta and not self._settled:
            _bridge.chat().text(self.id, printable(delta))

    def reasoning(self, delta: str) -> None:
        """Show more of what the model thinks before it answers."""
        if delta and not self._settled:
            _bridge.chat().reasoning(self.id, printable(delta))

    def tool_call(self, name: str, arguments: str) -> None:
        """Show a tool that the model asked for, with its arguments as JSON text."""
        if not self._settled:
            _bridge.chat().tool_call(self.id, printable(name), printable(arguments))

    def usage(self, prompt_tokens: int, completion_tokens: int) -> None:
        """Report what the turn cost."""
        if not self._settled:
            _bridge.chat().usage(self.id, prompt_tokens, completion_tokens)

    def finished(self, reason: str = "stop") -> None:
        """End the turn; `reason` is the model's, or ``"cancelled"``."""
        if self._settle():
            _bridge.chat().finished(self.id, reason)

    def failed(self, code: str, message: str, remedy: str = "") -> None:
        """End the turn with a fault: what happened, and what the user can do."""
        if self._settle():
            _bridge.chat().failed(self.id, code, printable(message), printable(remedy))

    def bind(self, task: asyncio.Task[Any]) -> None:
        """Let the user's cancel reach `task`, and end the turn with it.

        The end is needed because a task that is cancelled before its first step never
        runs a line of its coroutine, and so could not end the turn itself.
        """
        self._task = task
        task.add_done_callback(self._task_ended)
        if self._cancelled:
            task.cancel()

    def cancel(self) -> None:
        """Cancel the task of this turn, or the one that will be bound to it."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    def _settle(self) -> bool:
        first, self._settled = not self._settled, True
        return first

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        if self._settled:
            return
        if task.cancelled() or isinstance(task.exception(), KeyboardInterrupt):
            self.finished("cancelled")
        elif isinstance(task.exception(), SystemExit):
            # The host ends the program, and this turn with it.
            pass
        elif (exc := task.exception()) is not None:
            self.failed("internal", f"{type(exc).__name__}: {exc}", "report this fault")
        else:
            self.finished()


_current: ContextVar[Turn | None] = ContextVar("amaru_turn", default=None)

# The host names a turn by its number when it cancels one, so the number must lead back
# to the object; weakly, so that a turn which nobody holds needs no end.
_turns: weakref.WeakValueDictionary[int, Turn] = weakref.WeakValueDictionary()


def current_turn() -> Turn:
    """Return the turn whose message is being delivered; a task inherits it."""
    turn = _current.get()
    if turn is None:
        raise RuntimeError(
            "no turn is being delivered here; call current_turn() in "
            "sender_message_proxy or in a task started from it"
        )
    turn.claimed = True
    return turn


class _Entered:
    """A turn made current; as a context manager it puts the previous one back."""

    __slots__ = ("_token", "turn")

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self._token: Token[Turn | None] = _current.set(turn)

    def __enter__(self) -> Turn:
        return self.turn

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.reset(self._token)


def _enter_turn(turn_id: int) -> _Entered:
    """Make a turn current at once; the host calls it around the script's sender."""
    turn = Turn(turn_id)
    _turns[turn_id] = turn
    return _Entered(turn)


def _cancel(turn_id: int) -> None:
    """Cancel a turn; the host calls it on the loop's thread. Unknown ids are fine."""
    turn = _turns.get(turn_id)
    if turn is not None:
        turn.cancel()
