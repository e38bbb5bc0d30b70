# SPDX-License-Identifier: Apache-2.0
"""One plugin file: imports it, asks its hooks, and describes what goes wrong."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from amaru.plugins import hooks, loading
from amaru.plugins.faults import Failure, Fault, describe
from amaru.plugins.guard import Guard, Stopped, is_awaitable

__all__ = ["Plugin"]


class Plugin:
    """A plugin file. Nothing that its code raises leaves these methods."""

    def __init__(
        self, path: str, limit: float, interrupted: str = "interrupted"
    ) -> None:
        self.path, self.name = path, loading.name_of(path)
        self.module: ModuleType | None = None
        self.hooks: list[hooks.Hook] = []
        self.commands: list[hooks.Command] = []
        self.fault = ""
        """Why the plugin must not be asked again: ``file:line: what``."""
        self._guard = Guard()
        self._limit, self._interrupted = limit, interrupted

    async def load(self) -> list[str]:
        """Import the file, ask for its commands, and return what is wrong with it."""
        module = self._run(loading.load, self.path)
        if type(module) is Failure:
            return [await self._describe(module)]
        self.module = module
        found = self._run(hooks.hooks_of, module, self.name, self.path)
        if type(found) is Failure:
            return [await self._describe(found)]
        self.hooks, faults = found
        problems = [await self._describe(Failure(fault)) for fault in faults]
        for hook in self.hooks:
            if hook.name == "amaru_commands":
                problems += await self._load_commands(hook)
        return problems

    def ask(self, hook: hooks.Hook, **offered: Any) -> Any:
        """Call a hook; what is neither a plain text nor None is for `finish`."""
        result = self._run(hook.call, offered)
        return result if is_awaitable(result) else hooks.as_text(result, hook.name)

    async def finish(self, result: Any, hook: hooks.Hook) -> str | None:
        """Return the text of an asynchronous hook; note a failed one in `fault`."""
        result = await self._awaited(result, self._limit)
        return await self._text(hooks.as_text(result, hook.name), hook.line)

    async def reply(self, command: hooks.Command, arguments: str) -> str:
        """Run a command, which may take any time; note a failure in `fault`."""
        result = await self._awaited(self._run(command.function, arguments))
        text = hooks.as_text(result, f"/{command.name}")
        return await self._text(text, command.line) or ""

    def blame(self, exc: BaseException) -> None:
        """Note in `fault` what a task or callback of the plugin raised."""
        if type(exc) is Stopped:
            exc = exc.exception
        text = self._run(describe, exc, self.path, 0, self._interrupted)
        self.fault = text if isinstance(text, str) else self._mute(0)

    async def _load_commands(self, hook: hooks.Hook) -> list[str]:
        result = await self._awaited(self._run(hook.call, {}), self._limit)
        if type(result) is not Failure:
            result = self._run(hooks.as_commands, result, self.name, self.path)
        if type(result) is Failure:
            return [await self._describe(result, hook.line)]
        commands, faults = result
        self.commands += commands
        return [await self._describe(Failure(fault), hook.line) for fault in faults]

    def _run(self, function: Any, /, *given: Any) -> Any:
        return self._guard.run(self.name, function, *given)

    async def _awaited(self, result: Any, limit: float | None = None) -> Any:
        if is_awaitable(result):
            return await self._guard.finish(self.name, result, limit)
        return result

    async def _text(self, result: str | Failure | None, line: int) -> str | None:
        if isinstance(result, Failure):
            self.fault = await self._describe(result, line)
            return None
        return result

    async def _describe(self, failure: Failure, line: int = 0) -> str:
        await self._guard.settle()
        exc = failure.exception
        # To put an exception into words runs code of the plugin.
        text = self._run(describe, exc, self.path, line, self._interrupted)
        if isinstance(text, str):
            return text
        await self._guard.settle()
        return self._mute(line)

    def _mute(self, line: int) -> str:
        return describe(Fault("failed, and does not say why"), self.path, line)
