# SPDX-License-Identifier: Apache-2.0
"""A script as a model of the command `llm`."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from serving import Serving

EMOJI = "👩\u200d👩\u200d👧 ok"
pytestmark = pytest.mark.skipif(find_spec("llm") is None, reason="llm is not installed")


@pytest.fixture
def llm(served: Serving, model: str) -> list[str]:
    folder = served.folder / "llm"
    folder.mkdir(exist_ok=True)
    (folder / "extra-openai-models.yaml").write_text(
        f"- model_id: script\n  model_name: {model}\n  api_base: {served.url}\n"
        "  supports_tools: true\n  vision: true\n"
        f"- model_id: missing\n  model_name: other\n  api_base: {served.url}\n"
    )
    return [sys.executable, "-m", "llm", "-m", "script"]


def run(served: Serving, command: list[str]) -> subprocess.CompletedProcess[str]:
    folder = str(served.folder / "llm")
    return subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "LLM_USER_PATH": folder, "HOME": folder},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("option", [[], ["--no-stream"]])
def test_llm_gets_an_answer(served: Serving, llm: list[str], option: list[str]) -> None:
    result = run(served, [*llm, *option, "say hello from a script"])
    assert (result.stdout, result.returncode) == ("hello from a script\n", 0), result


def test_llm_goes_on_with_a_conversation(served: Serving, llm: list[str]) -> None:
    assert run(served, [*llm, "-s", "be brief", "say one"]).returncode == 0
    result = run(served, [*llm, "-c", "see"])
    assert '"content": "say one"' in result.stdout
    assert '"content": "one"' in result.stdout


def test_llm_reports_a_fault(served: Serving, llm: list[str]) -> None:
    result = run(served, [*llm, "raise"])
    assert result.returncode != 0
    assert "ValueError: no such thing" in result.stderr


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["-o", "max_tokens", "2", "limited one two three"], "one two"),
        (["-o", "stop", "STOP", "stop"], "one"),
        (["emoji"], EMOJI),
        (["big"], "x" * 100_000),
        (["--no-stream", "big"], "x" * 100_000),
    ],
)
def test_llm_gets_what_it_asks_for(
    served: Serving, llm: list[str], words: list[str], wanted: str
) -> None:
    result = run(served, [*llm, *words])
    assert (result.stdout.strip(), result.returncode) == (wanted, 0), result


@pytest.mark.parametrize("option", [[], ["--no-stream"]])
def test_llm_is_told_of_tokens(
    served: Serving, llm: list[str], option: list[str]
) -> None:
    result = run(served, [*llm, *option, "-u", "usage"])
    assert result.stdout == "counted\n"
    assert "3 input, 4 output" in result.stderr


def test_llm_calls_two_tools(served: Serving, llm: list[str]) -> None:
    weather = (
        'def weather(city: str) -> str:\n    return {"Cusco": "sun"}.get(city, "rain")'
    )
    result = run(served, [*llm, "--functions", weather, "tools"])
    assert (result.stdout.strip(), result.returncode) == ("sun and rain", 0), result


def test_llm_sends_a_picture_in_a_part(served: Serving, llm: list[str]) -> None:
    picture = served.folder / "llm" / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(16))
    result = run(served, [*llm, "-a", str(picture), "see"])
    assert result.returncode == 0, result
    assert "data:image/png;base64," in result.stdout


def test_llm_shows_the_part_before_a_fault(served: Serving, llm: list[str]) -> None:
    result = run(served, [*llm, "partial"])
    assert result.stdout.startswith("partial")
    assert result.returncode != 0
    assert "broke off" in result.stderr


def test_llm_is_told_of_a_model_that_is_not_there(
    served: Serving, llm: list[str]
) -> None:
    result = run(served, [*llm[:-1], "missing", "say hello"])
    assert result.returncode != 0
    assert "other" in result.stderr
