# SPDX-License-Identifier: Apache-2.0
"""Hooks change texts, and may wait."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from plugin_folder import FILTERS, HEAD, TURN, Folder, Host, hook, shout

from amaru.plugins import Plugins


@pytest.mark.parametrize("name", FILTERS)
async def test_a_hook_changes_the_text(folder: Folder, name: str) -> None:
    folder.write("loud", shout(name))
    plugins = await folder.load()
    assert await plugins.filter(name, "hi", TURN) == "HI"
    assert plugins.names == ["loud"]
    assert folder.notices == []


@pytest.mark.parametrize("name", FILTERS)
async def test_a_hook_may_be_async(folder: Folder, host: Host, name: str) -> None:
    body = "import asyncio\nawait asyncio.sleep(0)\nreturn text.upper()"
    folder.write("loud", hook(body, name, "async def"))
    plugins = await folder.load()
    host.named.clear()
    assert await plugins.filter(name, "hi", TURN) == "HI"
    assert host.named.count("loud") > 1
    assert folder.notices == []


async def test_nothing_is_read_before_loading(folder: Folder) -> None:
    folder.write("bad", "1 / 0\n")
    plugins = Plugins(str(folder.path), folder.notices.append)
    assert await plugins.filter("message", "hi", TURN) == "hi"
    assert folder.notices == []


async def test_a_plain_hook_costs_no_task_switch(folder: Folder) -> None:
    folder.write("loud", shout("chunk"))
    plugins = await folder.load()
    with pytest.raises(StopIteration) as end:
        plugins.filter("chunk", "hi", TURN).send(None)
    assert end.value.value == "HI"


async def test_the_running_plugin_is_named_to_the_host(
    folder: Folder, host: Host
) -> None:
    look = "import sys\nSEEN = [sys.modules['_amaru_chat'].running]\n"
    folder.write("a", look + hook("SEEN.append(sys.modules['_amaru_chat'].running)"))
    plugins = await folder.load()
    await plugins.filter("message", "hi", TURN)
    assert sys.modules["amaru_plugins.a"].SEEN == ["a", "a"]


async def test_a_plugin_needs_no_host(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "_amaru_chat", None)
    folder.write("loud", shout("message"))
    assert await (await folder.load()).filter("message", "hi", TURN) == "HI"


@pytest.mark.parametrize(
    "signature",
    ["", "turn", "turn, text", "text, /", "*, text", "text, more=1", "*a, **k"],
)
async def test_a_hook_takes_what_it_wants(folder: Folder, signature: str) -> None:
    folder.write("a", f"@hookimpl\ndef amaru_message({signature}):\n    return 'ok'\n")
    assert await (await folder.load()).filter("message", "hi", TURN) == "ok"
    assert folder.notices == []


async def test_plugins_are_asked_in_the_order_of_their_names(folder: Folder) -> None:
    for name, how in [
        ("c", "(trylast=True)"),
        ("b", ""),
        ("a", ""),
        ("d", "(tryfirst=True)"),
    ]:
        folder.write(
            name,
            f"@hookimpl{how}\ndef amaru_message(text):\n    return text + '{name}'\n",
        )
    assert await (await folder.load()).filter("message", "", TURN) == "dabc"


async def test_a_marker_of_pluggy_works_as_well(folder: Folder) -> None:
    folder.write(
        "a",
        """
        import pluggy
        hookimpl = pluggy.HookimplMarker("amaru")

        @hookimpl(specname="amaru_message", trylast=True)
        def shout(text):
            return text.upper()

        @hookimpl(optionalhook=True)
        def amaru_of_the_future(anything): ...
        """,
        head="",
    )
    plugins = await folder.load()
    assert await plugins.filter("message", "hi", TURN) == "HI"
    assert folder.notices == []


async def test_cached_functions_and_methods_are_hooks(folder: Folder) -> None:
    folder.write(
        "a",
        """
        from functools import cache
        from unittest.mock import MagicMock

        anything = MagicMock()

        @hookimpl
        @cache
        def amaru_message(text):
            return text.upper()

        class Signs:
            @hookimpl
            def amaru_answer(self, text):
                return text + "!"

        amaru_answer = Signs().amaru_answer
        """,
    )
    plugins = await folder.load()
    assert await plugins.filter("message", "hi", TURN) == "HI"
    assert await plugins.filter("answer", "hi", TURN) == "hi!"
    assert folder.notices == []


@pytest.mark.parametrize("swallowing", [False, True])
async def test_a_hook_that_waits_too_long_is_named(
    folder: Folder, swallowing: bool
) -> None:
    body = """
    import asyncio
    for _ in range(3):
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not SWALLOWING:
                raise
    """
    head = f"{HEAD}SWALLOWING = {swallowing}\n"
    path = folder.write("slow", hook(body, kind="async def"), head)
    plugins = await folder.load(limit=0.01)
    assert await plugins.filter("message", "hi", TURN) == "hi"
    assert folder.notices == [
        f"plugin slow disabled for this session: {path}:10: "
        "still waiting after 0.01 seconds"
    ]
    # The test's loop would wait for it; the chat's is ended by the host.
    (left,) = asyncio.all_tasks() - {asyncio.current_task()}
    while not left.done():
        left.cancel()
        await asyncio.sleep(0)


async def test_a_turn_that_is_cancelled_cancels_its_hook(folder: Folder) -> None:
    body = """
    import asyncio
    try:
        await asyncio.Event().wait()
    finally:
        turn.append("ended")
    """
    folder.write("slow", hook(body, kind="async def"))
    plugins = await folder.load()
    turn: Any = []
    running = asyncio.create_task(plugins.filter("message", "hi", turn))
    for _ in range(3):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(0)
    assert turn == ["ended"]
    assert plugins.names == ["slow"]
    assert folder.notices == []


async def test_a_plain_function_may_return_something_to_wait_for(
    folder: Folder,
) -> None:
    body = "import asyncio\nreturn asyncio.ensure_future(later(text))"
    folder.write("a", "async def later(text): return text.upper()\n" + hook(body))
    assert await (await folder.load()).filter("message", "hi", TURN) == "HI"
