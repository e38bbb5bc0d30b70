# SPDX-License-Identifier: Apache-2.0
"""Plugins are found, listed, and imported so that they shadow nothing."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from plugin_folder import BLOCK, HEAD, TURN, Folder, shout

from amaru.plugins import list_plugins, template

PYTHON = str(Path(__file__).parents[3] / "Python")


async def test_a_plugin_shadows_no_module(folder: Folder) -> None:
    folder.write("ssl", shout("message"))
    plugins = await folder.load()
    assert await plugins.filter("message", "hi", TURN) == "HI"
    assert sys.modules["ssl"] is ssl
    assert "amaru_plugins.ssl" in sys.modules
    assert str(folder.path) not in sys.path


async def test_a_plugin_may_use_dataclasses_and_a_name_with_a_dash(
    folder: Folder,
) -> None:
    folder.write(
        "my-plugin",
        """
        from dataclasses import dataclass

        @dataclass
        class A:
            x: "int" = 1

        @hookimpl
        def amaru_message(text):
            return text + str(A().x)
        """,
        head="from __future__ import annotations\n" + HEAD,
    )
    assert await (await folder.load()).filter("message", "hi", TURN) == "hi1"


async def test_none_changes_nothing_and_private_files_are_no_plugins(
    folder: Folder,
) -> None:
    folder.write("quiet", "@hookimpl\ndef amaru_message(text):\n    pass\n")
    folder.write("_draft", "1 / 0\n")
    folder.write(".hidden", "1 / 0\n")
    assert await (await folder.load()).filter("message", "hi", TURN) == "hi"
    assert folder.notices == []


LIGHT = """
import asyncio, sys
sys.path[:0] = [sys.argv[1]]
import amaru
before = set(sys.modules)
from amaru.plugins import Plugins
plugins = Plugins(sys.argv[2], print)
asyncio.run(plugins.load())
assert asyncio.run(plugins.filter("message", "hi", None)) == sys.argv[3]
print(*sorted(set(sys.modules) - before))
"""


def imported(folder: Folder, expected: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-ISB", "-c", LIGHT, PYTHON, str(folder.path), expected],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_without_plugins_almost_nothing_is_imported(folder: Folder) -> None:
    package = "amaru.plugins"
    assert imported(folder, "hi") == {
        "__future__",
        "amaru.host",
        package,
        *(f"{package}.{name}" for name in ("loading", "manager", "marker", "template")),
    }


def test_plugins_need_no_package(folder: Folder) -> None:
    folder.write("loud", shout("message"))
    names = imported(folder, "HI")
    assert "amaru_plugins.loud" in names
    assert "pluggy" not in names


async def test_the_template_changes_message_and_answer(folder: Folder) -> None:
    text = template("tidy")
    assert len(text.splitlines()) == 10
    folder.write("tidy", text, head="")
    plugins = await folder.load()
    assert await plugins.filter("message", "  hi  ", TURN) == "hi"
    assert await plugins.filter("answer", "fine", TURN) == "fine\n\n(tidy was here)"
    assert folder.notices == []


@pytest.mark.parametrize("name", ["", "a b", "../x", "1st", "_x", "a-b"])
def test_a_template_needs_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a plugin"):
        template(name)


def test_listing_runs_no_plugin(folder: Folder) -> None:
    folder.write("a", "1 / 0\n" + shout("message") + shout("answer"))
    folder.write("b", "def broken(:\n")
    folder.write(
        "c",
        "import amaru.plugins as p\n"
        "@p.hookimpl(specname='amaru_chunk')\nasync def f(text): ...\n"
        "def amaru_message(text): ...\n",
        head="",
    )
    a, b, c = list_plugins(folder.path)
    assert (a.name, a.hooks) == ("a", ("amaru_message", "amaru_answer"))
    assert a.path == folder.path / "a.py"
    assert b.hooks == ()
    assert "SyntaxError" in b.problem
    assert c.hooks == ("amaru_chunk",)
    assert list_plugins(folder.path / "none") == ()
    with pytest.raises(NotADirectoryError):
        list_plugins(a.path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (BLOCK.format('# dependencies = ["emoji>=2", "rich"]\n'), ("emoji>=2", "rich")),
        (
            BLOCK.format(
                '# requires-python = ">=3.11"\n#\n# dependencies = [\n'
                '#   "rich",\n# ]\n'
            ),
            ("rich",),
        ),
        (BLOCK.format("# x = 1\n"), ()),
        (BLOCK.format("# dependencies = [\n"), ":1: the `# /// script` block is not"),
        (BLOCK.format("# dependencies = 'x'\n"), ":1: dependencies must be a list"),
        (BLOCK.format("# dependencies = [1]\n"), ":1: dependencies must be a list"),
        (("\n" + BLOCK.format("#\n")) * 2, ":6: a second `# /// script` block"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_requirements_are_listed(
    folder: Folder, text: str, expected: Any, end: str
) -> None:
    path = folder.path / "a.py"
    path.write_text(text + "x = 1\n", "utf-8", newline=end)
    (info,) = list_plugins(folder.path)
    if isinstance(expected, str):
        assert info.problem.startswith(f"{path}{expected}")
    else:
        assert (info.problem, info.requirements) == ("", expected)
