# SPDX-License-Identifier: Apache-2.0
"""A script as a model of the command `llm`."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from serving import Serving

pytestmark = pytest.mark.skipif(find_spec("llm") is None, reason="llm is not installed")


@pytest.fixture
def llm(served: Serving, model: str) -> list[str]:
    folder = served.folder / "llm"
    folder.mkdir(exist_ok=True)
    (folder / "extra-openai-models.yaml").write_text(
        f"- model_id: script\n  model_name: {model}\n  api_base: {served.url}\n"
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
