# SPDX-License-Identifier: Apache-2.0
"""What a chat script may ask of the host: its turn, its settings, a notice."""

from __future__ import annotations

from amaru import _bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Mapping
    from typing import Any, Literal

    from _amaru_chat import Turn as Turn

__all__ = ["Settings", "current_turn", "notice", "settings"]

# Not imported: a script may have a module `types` of its own, which python would find.
MappingProxyType = type(type.__dict__)

# The name may be what a script has removed.
_Exception = Exception


class Settings:
    """How the user started the chat."""

    model: str
    base_url: str
    system: str = ""
    #: A placeholder that the host's network replaces; never the key.
    api_key: str = ""
    #: The environment variable that the key was in, or empty.
    key_variable: str = ""
    #: What to do about a key that is missing or refused, or empty.
    key_remedy: str = ""
    #: Seconds without content after which an answer has stalled; 0 for never.
    stall_timeout: float = 60.0
    #: The folder of plugin files, or empty.
    plugins: str = ""
    #: Whether the model is the small demonstration model on this machine.
    local: bool = False
    #: Whether the user converses on a terminal, where slash commands count.
    terminal: bool = False
    #: Where Python's output goes: to the "screen" of the chat, to a pipe or file that
    #: is "shared" with the answers, or "apart" from them.
    output: Literal["screen", "shared", "apart"] = "apart"
    #: The slash commands that the host itself obeys, with what each does.
    commands: Mapping[str, str] = MappingProxyType({})
    #: Further fields of each request, such as ``temperature``.
    options: dict[str, Any] = {}
    #: Further header fields of each request to the server of the base URL.
    headers: dict[str, str] = {}
    #: The JSON schema that answers must fit, or None.
    schema: Any = None
    #: Whether answers are asked for piece by piece.
    streams: bool = True
    #: Whether requests are shown and not sent.
    dry_run: bool = False
    #: Whether the server wants a key that is missing.
    needs_key: bool = False

    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)

    def changed(self, options: dict[str, Any]) -> Settings:
        """Return these settings, with further fields of each request."""
        return Settings(**{**self.__dict__, "options": {**self.options, **options}})

    def __repr__(self) -> str:
        return f"<Settings model={self.model!r} base_url={self.base_url!r}>"


def settings() -> Settings:
    """Return the settings of this run."""
    given = {**_bridge.chat().settings()}
    options, schema = given.pop("options", None), given.pop("schema", "")
    if options or schema:
        import json

        # JSON texts on the way here, so that nothing is lost of them.
        given["options"] = {name: json.loads(options[name]) for name in options or ()}
        given["schema"] = json.loads(schema) if schema else None
    return Settings(**given)


def notice(message: str) -> None:
    """Show one line on standard error."""
    _bridge.chat().notice(" ".join(message.split()))


def current_turn() -> Turn:
    """Return the turn whose message is being delivered; a task inherits it.

    A script that asks for its turn must end it.
    """
    from amaru import _current

    turn = _current.turn.get(None)
    if turn is None:
        raise RuntimeError(
            "no turn is being delivered here; call current_turn() in "
            "sender_message_proxy or in a task started from it"
        )
    turn.claim()
    return turn


def end_with(turn: Turn, task: Task[Any]) -> None:
    """End `turn` with `task`; the host calls this for ``turn.bind(task)``.

    A task that is cancelled before its first step never runs a line of its coroutine,
    and so could not end the turn itself.
    """

    def ended(task: Task[Any]) -> None:
        try:
            end(task)
        except _Exception as exc:
            # Its text may be code of the script's.
            what = f"the answer could not be ended: {exc.__class__.__name__}"
            turn.failed("script", what, "fix or remove the script, plugin or package")
            raise
        except:  # An interrupt, or another end of all.
            turn.cancelled()
            raise

    def end(task: Task[Any]) -> None:
        if turn.ended:
            # What does not wait is ended by an exception, when the user says so. Any
            # other is told of, as that of any task that nobody awaits.
            exc = None if task.cancelled() else task.exception()
            if exc is not None and not isinstance(exc, (KeyboardInterrupt, SystemExit)):
                message = "exception in a task that has answered"
                context = {"message": message, "exception": exc, "task": task}
                task.get_loop().call_exception_handler(context)
            return
        if task.cancelled():
            # Not by the user, who would have ended the turn.
            what = "the script cancelled the task that was answering"
            turn.failed("script", what, "fix the script")
        elif (exc := task.exception()) is None:
            turn.finished()
        elif isinstance(exc, KeyboardInterrupt):
            turn.cancelled()
        elif not isinstance(exc, SystemExit):  # which ends the program, and the turn
            from amaru.chat.failures import script_failure

            turn.failed(*script_failure(exc))
            _bridge.chat().raised(task)

    task.add_done_callback(ended)
