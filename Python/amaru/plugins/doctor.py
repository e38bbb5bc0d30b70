# SPDX-License-Identifier: Apache-2.0
"""Says what is wrong with a plugin, which it loads as the chat does."""

from __future__ import annotations

import asyncio
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from types import ModuleType

from amaru.plugins import fences, hooks, listing, tasks
from amaru.plugins.faults import Fault, describe
from amaru.plugins.guard import Guard
from amaru.plugins.plugin import Plugin

__all__ = ["Finding", "examine"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in one plugin file."""

    name: str
    hooks: tuple[str, ...]
    problems: tuple[str, ...]
    """Each as ``file:line: what``, with what to do."""
    note: str = ""
    """What else the user should know about it, such as why it was not loaded."""


async def examine(path: str, seconds: float) -> Finding:
    """Load a plugin file and return what is wrong with it.

    Code that runs for more than `seconds` is the host's to interrupt; a hook that
    waits longer is cancelled here. What the plugin prints goes to standard error.
    """
    fences.put_up()
    plugin = Plugin(
        path,
        seconds,
        f"does not end: interrupted after {seconds:g} seconds; move slow work into "
        "a hook, and make it async",
    )
    left: list[str] = []

    def blame(exc: BaseException) -> bool:
        plugin.blame(exc)
        left.append(plugin.fault)
        return True

    tasks.follow(Guard().drive_task, blame)
    with redirect_stdout(sys.stderr):
        problems = await plugin.load()
        # What it has left in the loop begins, and a fault of it is told a turn later.
        for _ in range(3):
            await asyncio.sleep(0)
    problems += left
    names = tuple(hook.name for hook in plugin.hooks)
    if plugin.module is None:
        return _left_out(plugin.name, path, problems)
    problems += _passed_over(plugin.module, path)
    note = "" if names or problems else "it defines no hook, so it is never asked"
    return Finding(plugin.name, names, tuple(problems), note)


def _passed_over(module: ModuleType, path: str) -> list[str]:
    """Return what is wrong, but does not keep the chat from using the plugin."""
    faults = hooks.unmarked(module, path)
    try:
        with open(path, "rb") as file:
            listing.requirements_of(file.read())
    except Fault as fault:
        faults.append(fault)
    return [describe(fault, path) for fault in faults]


def _left_out(name: str, path: str, problems: list[str]) -> Finding:
    if "ModuleNotFoundError" in problems[0]:
        info = listing.read(path)
        if needed := ", ".join(info.requirements):
            note = f"not loaded: it needs {needed}, which the chat installs"
            return Finding(name, info.hooks, (), note)
    return Finding(name, (), tuple(problems))
