# SPDX-License-Identifier: Apache-2.0
"""The doctor says what is wrong with a plugin."""

from __future__ import annotations

import signal

import pytest
from plugin_folder import BLOCK, COMMANDS, HEAD, RAISING, Folder, shout

from amaru.plugins import fences
from amaru.plugins.doctor import Finding, examine


async def check(folder: Folder, code: str, head: str = HEAD) -> Finding:
    return await examine(str(folder.write("a", code, head)), 5)


async def test_the_doctor_finds_nothing_in_a_good_plugin(folder: Folder) -> None:
    finding = await check(folder, COMMANDS + shout("message"))
    expected = Finding("a", ("amaru_commands", "amaru_message"), ())
    assert finding == expected


async def test_the_doctor_names_every_fault(folder: Folder) -> None:
    code = """
    @hookimpl
    def amaru_mesage(text): ...

    @hookimpl
    async def amaru_chunk(piece): ...

    @hookimpl(hookwrapper=True)
    def amaru_answer(text): yield

    def amaru_message(text): ...

    @hookimpl
    def amaru_commands():
        return {"x": 1, "y z": print}
    """
    finding = await check(folder, code)
    assert finding.hooks == ("amaru_commands",)
    path = folder.path / "a.py"
    assert finding.problems == (
        f"{path}:4: amaru_mesage is not a hook of Amaru: did you mean amaru_message?",
        f"{path}:7: amaru_chunk takes 'piece', but is offered text, turn: rename it, "
        "or give it a default",
        f"{path}:10: amaru_answer is a wrapper: return the changed text instead of "
        "yielding",
        f"{path}:15: command 'x' is not callable: it is int, not a function",
        f"{path}:15: command 'y z' cannot be typed: use letters, digits, - and _",
        f"{path}:13: amaru_message is never asked: put @hookimpl above it",
    )


@pytest.mark.parametrize(("failing", "what"), RAISING)
async def test_the_doctor_survives_what_it_finds(
    folder: Folder, failing: str, what: str
) -> None:
    (problem,) = (await check(folder, failing)).problems
    assert problem.startswith(f"{folder.path / 'a.py'}:3: ")
    if what == "interrupted":
        what = "does not end: interrupted after 5 seconds"
    assert what in problem


async def test_the_doctor_knows_what_the_chat_installs(folder: Folder) -> None:
    block = BLOCK.format('# dependencies = ["nowhere-to-be-found"]\n')
    finding = await check(folder, "import nowhere\n" + shout("message"), block + HEAD)
    assert finding.problems == ()
    assert finding.note == (
        "not loaded: it needs nowhere-to-be-found, which the chat installs"
    )
    assert finding.hooks == ("amaru_message",)


async def test_the_doctor_reads_the_block_of_requirements(folder: Folder) -> None:
    finding = await check(folder, shout("chunk"), BLOCK.format("# x = \n") + HEAD)
    (problem,) = finding.problems
    assert problem.startswith(f"{folder.path / 'a.py'}:1: the `# /// script` block is")


async def test_what_a_plugin_prints_is_kept_from_the_doctors_list(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = await check(folder, "print('noise')\n")
    assert finding.problems == ()
    assert finding.note == "it defines no hook, so it is never asked"
    assert capsys.readouterr() == ("", "noise\n")


def test_the_fences_stand_once() -> None:
    fences.put_up()
    first = signal.signal
    fences.put_up()
    assert signal.signal is first


async def test_the_doctor_names_what_fails_in_the_loop_behind_the_import(
    folder: Folder,
) -> None:
    found = await check(
        folder,
        """
        import asyncio

        async def later():
            raise SystemExit(7)

        asyncio.get_running_loop().create_task(later())
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        """,
    )
    assert sorted(problem.partition(": ")[2] for problem in found.problems) == [
        "SystemExit: 7; a plugin cannot end the program",
        "ZeroDivisionError: division by zero",
    ]
