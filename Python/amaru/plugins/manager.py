# SPDX-License-Identifier: Apache-2.0
"""The plugins of a session: found, asked one by one, disabled when they fail."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amaru import host
from amaru.plugins import loading

if TYPE_CHECKING:
    import pluggy

__all__ = ["Command", "Plugins"]


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command and the plugin that it belongs to."""

    name: str
    plugin: str
    function: Callable[[str], Any]

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


class Plugins:
    """Every plugin of a folder; a `Filters` for the conversation.

    Hooks are called plugin by plugin and not by pluggy, which gives a hook up for all
    plugins when one of them raises.
    """

    def __init__(
        self, folder: str = "", notice: Callable[[str], None] = host.notice
    ) -> None:
        self._notice = notice
        self._plugins: pluggy.PluginManager | None = None
        self._paths: dict[str, str] = {}
        if folder:
            self._load(folder)

    @property
    def names(self) -> list[str]:
        """The plugins that are working."""
        return sorted(self._paths)

    def message(self, text: str, turn: host.Turn) -> str:
        """Return the user's message as the plugins want it sent."""
        return self._filter("amaru_message", text, turn)

    def chunk(self, text: str, turn: host.Turn) -> str:
        """Return a piece of the answer as the plugins want it shown."""
        return self._filter("amaru_chunk", text, turn)

    def answer(self, text: str, turn: host.Turn) -> str:
        """Return the finished answer as the plugins want it remembered."""
        return self._filter("amaru_answer", text, turn)

    def commands(self) -> dict[str, Command]:
        """Return the slash commands; of two with one name, the first plugin's."""
        commands: dict[str, Command] = {}
        for impl in self._implementations("amaru_commands"):
            for name, function in self._commands_of(impl):
                commands.setdefault(name, Command(name, impl.plugin_name, function))
        return commands

    async def run(self, command: Command, arguments: str) -> str:
        """Return the reply of a command; one that fails disables its plugin."""
        try:
            reply = command.function(arguments)
            if inspect.isawaitable(reply):
                reply = await reply
        except loading.FAULTS as exc:
            where = self._disable(command.plugin, exc)
            raise RuntimeError(f"/{command.name} failed: {where}") from exc
        return "" if reply is None else str(reply)

    def _load(self, folder: str) -> None:
        paths = loading.files(folder)
        if not paths:
            return
        try:
            import pluggy

            from amaru.plugins import hookspecs
        except ImportError as exc:
            self._notice(f"no plugin was loaded: pluggy cannot be imported ({exc})")
            return
        self._plugins = pluggy.PluginManager("amaru")
        self._plugins.add_hookspecs(hookspecs)
        for path in paths:
            self._add(self._plugins, path)

    def _add(self, plugins: pluggy.PluginManager, path: Any) -> None:
        name = path.stem
        try:
            module = loading.load(path)
            plugins.register(module, name=name)
            for caller in plugins.get_hookcallers(module) or []:
                _check(caller, name)
        except loading.FAULTS as exc:
            if plugins.has_plugin(name):
                plugins.unregister(name=name)
            self._notice(f"plugin {name} disabled: {loading.fault(exc, str(path))}")
        else:
            self._paths[name] = str(path)

    def _filter(self, hook: str, text: str, turn: host.Turn) -> str:
        offered = {"text": text, "turn": turn}
        for impl in self._implementations(hook):
            try:
                changed = impl.function(*[offered[name] for name in impl.argnames])
                if changed is not None and not isinstance(changed, str):
                    kind = type(changed).__name__
                    raise TypeError(f"{hook} must return str or None, not {kind}")
            except loading.FAULTS as exc:
                self._disable(impl.plugin_name, exc)
                continue
            if changed is not None:
                text = offered["text"] = changed
        return text

    def _commands_of(self, impl: Any) -> Iterator[tuple[str, Callable[[str], Any]]]:
        try:
            commands = impl.function()
            pairs = [
                (str(name).removeprefix("/"), function)
                for name, function in commands.items()
            ]
            for name, function in pairs:
                if not callable(function):
                    raise TypeError(f"command {name!r} is not callable")
        except loading.FAULTS as exc:
            self._disable(impl.plugin_name, exc)
            return
        yield from pairs

    def _implementations(self, hook: str) -> list[Any]:
        if self._plugins is None:
            return []
        # pluggy keeps them so that the first to be asked is last, tryfirst after all
        # others; among equals, our order is that of the names.
        found = getattr(self._plugins.hook, hook).get_hookimpls()
        rank = {True: 1, False: 0}
        return sorted(
            found,
            key=lambda i: (rank[i.trylast] - rank[i.tryfirst], i.plugin_name),
        )

    def _disable(self, name: str, exc: BaseException) -> str:
        where = loading.fault(exc, self._paths.pop(name, name))
        if self._plugins is not None and self._plugins.has_plugin(name):
            self._plugins.unregister(name=name)
            self._notice(f"plugin {name} disabled for this session: {where}")
        return where


def _check(caller: Any, plugin: str) -> None:
    """Refuse what would be ignored in silence."""
    if not caller.has_spec():
        raise TypeError(f"{caller.name} is not a hook of Amaru")
    for impl in caller.get_hookimpls():
        if impl.plugin_name == plugin and (impl.wrapper or impl.hookwrapper):
            raise TypeError(f"{caller.name} is a wrapper; hooks here only return")
