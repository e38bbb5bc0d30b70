# SPDX-License-Identifier: Apache-2.0
"""The slash commands of plugins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from plugin_folder import COMMANDS, RAISING, Folder


async def test_commands(folder: Folder) -> None:
    path = folder.write("dice", COMMANDS)
    folder.write("other", COMMANDS)
    plugins = await folder.load()
    commands = plugins.commands()
    assert sorted(commands) == ["fail", "later", "quiet", "roll"]
    assert {command.plugin for command in commands.values()} == {"dice"}
    assert commands["roll"].summary == "Roll a die."
    assert await plugins.run(commands["roll"], "2") == "rolled 2"
    assert await plugins.run(commands["later"], "") == "later"
    assert await plugins.run(commands["quiet"], "") == ""
    with pytest.raises(RuntimeError, match=rf"/fail failed: {path}:\d+: ValueError"):
        await plugins.run(commands["fail"], "")
    assert plugins.names == ["other"]
    assert plugins.commands() == {}
    assert "plugin dice disabled" in folder.notices[0]
    with pytest.raises(RuntimeError, match="its plugin is disabled"):
        await plugins.run(commands["roll"], "2")


@pytest.mark.parametrize(
    ("result", "what"),
    [
        ("['x']", "must return a dict, not list"),
        ("None", "must return a dict, not NoneType"),
        ("{'x': 1}", "command 'x' is not callable: it is int, not a function"),
        ("{1: print}", "the name of a command is a str, not int"),
        ("{'a b': print}", "command 'a b' cannot be typed"),
        ("exit(3)", "SystemExit: 3"),
    ],
)
async def test_commands_that_are_none(folder: Folder, result: str, what: str) -> None:
    folder.write("bad", f"@hookimpl\ndef amaru_commands():\n    return {result}\n")
    plugins = await folder.load()
    assert plugins.commands() == {}
    assert plugins.names == []
    assert what in folder.notices[0]


async def test_commands_may_be_made_asynchronously(folder: Folder) -> None:
    folder.write("a", "@hookimpl\nasync def amaru_commands():\n    return {'x': str}\n")
    plugins = await folder.load()
    assert await plugins.run(plugins.commands()["x"], "7") == "7"
    assert plugins.commands()["x"].summary.startswith("str(object='')")


@pytest.mark.parametrize("failing", [failing for failing, _ in RAISING])
async def test_a_command_that_fails_is_named(folder: Folder, failing: str) -> None:
    code = "def x(arguments):\n    " + failing + "\n"
    code += "@hookimpl\ndef amaru_commands():\n    return {'x': x}\n"
    path = folder.write("bad", code)
    plugins = await folder.load()
    with pytest.raises(RuntimeError) as fault:
        await plugins.run(plugins.commands()["x"], "")
    assert str(fault.value).startswith(f"/x failed: {path}:4: ")
    assert plugins.names == []


async def test_a_cancelled_command_is_no_fault(folder: Folder) -> None:
    folder.write(
        "slow",
        """
        import asyncio

        async def wait(arguments):
            await asyncio.Event().wait()

        @hookimpl
        def amaru_commands():
            return {"wait": wait}
        """,
    )
    plugins = await folder.load()
    running: asyncio.Task[Any] = asyncio.create_task(
        plugins.run(plugins.commands()["wait"], "")
    )
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert plugins.names == ["slow"]
