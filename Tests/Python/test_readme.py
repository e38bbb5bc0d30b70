# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what the project holds."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from serving import COMMAND

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.mark.parametrize("block", blocks("swift"))
def test_a_swift_block_is_part_of_an_example(block: str) -> None:
    examples = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "Sources" / "Examples").rglob("*.swift")
    ]
    assert any(block in example for example in examples)


@pytest.mark.parametrize("block", blocks("python"))
def test_a_python_block_compiles(block: str) -> None:
    compile(block, "README.md", "exec")


@pytest.mark.skipif(not COMMAND.exists(), reason=f"{COMMAND} is not built")
def test_the_chat_script_answers(tmp_path: Path) -> None:
    [script] = [block for block in blocks("python") if "@amaru.reply" in block]
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [COMMAND, "run", "script.py"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        input="hello\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("You said: hello\n", "")


def test_the_files_of_a_turn_exist() -> None:
    table = README.split("## The life of a turn")[1].split("##")[0]
    files = re.findall(r"`((?:Sources|Python)/[^`]+)`", table)
    assert len(files) > 8
    for file in files:
        assert (ROOT / file).exists(), file


def test_it_is_no_longer_than_agreed() -> None:
    assert len(README.splitlines()) <= 150
