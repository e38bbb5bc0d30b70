# SPDX-License-Identifier: Apache-2.0
"""The plugins of a session: found, asked one by one, disabled when they fail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from amaru import host

# The other modules of this package are imported when there is a plugin file.
if TYPE_CHECKING:
    from collections.abc import Callable

    from amaru.plugins.hooks import Command, Hook
    from amaru.plugins.plugin import Plugin

__all__ = ["Plugins"]

_LIMIT: Final = 10.0


class Plugins:
    """Every plugin of a folder; its `filter` is for the conversation.

    Nothing is read before `load`. No fault of a plugin leaves these methods, except
    that of a command as a RuntimeError; only a real cancellation does.
    """

    def __init__(
        self,
        folder: str = "",
        notice: Callable[[str], None] = host.notice,
        *,
        limit: float = _LIMIT,
    ) -> None:
        self._folder, self._notice, self._limit = folder, notice, limit
        self._plugins: dict[str, Plugin] = {}
        self._loaded: dict[str, Plugin] = {}
        """Every plugin whose code has run, the disabled ones too, by name."""
        self._hooks: dict[str, list[Hook]] = {}
        self._commands: dict[str, Command] = {}

    @property
    def names(self) -> list[str]:
        """The plugins that are working."""
        return sorted(self._plugins)

    async def load(self) -> None:
        """Import the plugins one by one, and ask for their commands."""
        from amaru.plugins import loading

        try:
            paths = loading.files(self._folder) if self._folder else []
        except OSError as exc:
            self._notice(f"no plugin was loaded: {exc}")
            return
        if not paths:
            return
        from amaru.plugins import fences, guard, tasks, unhandled

        fences.put_up()
        tasks.follow(guard.Guard().drive_task, self._blame)
        unhandled.follow(self._blame, self._notice)
        for path in paths:
            await self._load(path)
            # Between two plugins the user may type, or leave.
            await asyncio.sleep(0)

    async def filter(self, what: str, text: str, turn: host.Turn) -> str:
        """Return a text of a turn as the plugins want it.

        It is the ``message`` to send, a ``chunk`` of the answer to show, or the whole
        ``answer`` to remember.
        """
        # Lists of hooks are replaced, never changed, while one is gone through.
        for hook in self._hooks.get(f"amaru_{what}", ()):
            plugin = self._plugins.get(hook.plugin)
            if plugin is None:
                # An earlier hook of the same plugin has just failed.
                continue
            changed = plugin.ask(hook, text=text, turn=turn)
            if changed is not None and type(changed) is not str:
                changed = await plugin.finish(changed, hook)
                if plugin.fault:
                    self._disable(plugin)
            text = text if changed is None else changed
        return text

    def commands(self) -> dict[str, Command]:
        """Return the slash commands; of two with one name, the first plugin's."""
        return dict(self._commands)

    async def run(self, command: Command, arguments: str) -> str:
        """Return the reply of a command; one that fails disables its plugin."""
        plugin = self._plugins.get(command.plugin)
        if plugin is None:
            raise RuntimeError(f"/{command.name}: its plugin is disabled")
        reply = await plugin.reply(command, arguments)
        if plugin.fault:
            self._disable(plugin)
            raise RuntimeError(f"/{command.name} failed: {plugin.fault}")
        return reply

    async def _load(self, path: str) -> None:
        from amaru.plugins.plugin import Plugin

        plugin = Plugin(path, self._limit)
        self._loaded[plugin.name] = plugin
        if problems := await plugin.load():
            self._notice(f"plugin {plugin.name} disabled: {problems[0]}")
            return
        self._plugins[plugin.name] = plugin
        for command in plugin.commands:
            self._commands.setdefault(command.name, command)
        for hook in plugin.hooks:
            hooks = [*self._hooks.get(hook.name, ()), hook]
            # Stable: of equal rank, the plugin that was loaded first.
            self._hooks[hook.name] = sorted(hooks, key=lambda hook: hook.rank)

    def _blame(self, exc: BaseException) -> bool:
        """Disable the plugin whose code raised `exc` outside of hooks, if one's did."""
        from amaru.plugins import tasks

        names = {plugin.path: name for name, plugin in self._loaded.items()}
        plugin = self._loaded.get(tasks.owner_of(exc, names))
        if plugin is None:
            return False
        plugin.blame(exc)
        self._disable(plugin)
        return True

    def _disable(self, plugin: Plugin) -> None:
        if self._plugins.pop(plugin.name, None) is None:
            return
        for name, hooks in self._hooks.items():
            self._hooks[name] = [hook for hook in hooks if hook.plugin != plugin.name]
        for name, command in list(self._commands.items()):
            if command.plugin == plugin.name:
                del self._commands[name]
        self._notice(f"plugin {plugin.name} disabled for this session: {plugin.fault}")
