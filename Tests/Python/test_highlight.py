# SPDX-License-Identifier: Apache-2.0
"""The program that finds the colours of code."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amaru import _highlight
from amaru._highlight import Code, serve

SOURCE = Path(_highlight.__file__)


def asked(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    output = io.StringIO()
    serve([json.dumps(request) for request in requests], output)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_comes_back_as_lengths_and_styles() -> None:
    answers = asked(
        {"code": 7, "language": "python"},
        {"code": 7, "text": 'def f(): return "é" # 1'},
        {"code": 7, "text": ""},
        {"code": 7},
    )
    assert answers == [
        {
            "code": 7,
            "line": 0,
            "lengths": [3, 1, 1, 1, 1, 1, 1, 6, 1, 1, 1, 1, 1, 3],
            "styles": "k f    k sss c",
        },
        {"code": 7, "line": 1, "lengths": [], "styles": ""},
    ]


@pytest.mark.parametrize("language", ["yml", "rs", "sh", "c++", "tsx", "golang", "kt"])
def test_languages_are_known_by_their_other_names_too(language: str) -> None:
    assert Code(language).add("") == []


def test_code_in_an_unknown_language_stays_plain() -> None:
    begin = {"code": 1, "language": "no such"}
    assert asked(begin, {"code": 1, "text": "x"}) == [{"code": 1}]


@pytest.mark.parametrize("language", ["python", "html"])
def test_colours_are_those_of_the_code_up_to_the_line(language: str) -> None:
    """What was forgotten makes no difference."""
    lines = SOURCE.read_text().splitlines()
    code, whole = Code(language), Code(language)
    for number, line in enumerate(lines):
        spans = code.add(line)
        assert "".join(text for text, _ in spans) == line
        if number % 20 == 0 and language == "python":
            assert spans == whole._read(lines[: number + 1])[-1]
    assert len(code._lines) < len(lines)


def test_code_whose_beginning_is_never_done_becomes_plain() -> None:
    lines = [{"code": 1, "text": f"say {n}"} for n in range(400)]
    begin = {"code": 1, "language": "python"}
    answers = asked(begin, {"code": 1, "text": '"""'}, *lines)
    assert answers[-1] == {"code": 1}
    assert 200 < len(answers) < 300
    assert all(answer["styles"] == "s" for answer in answers[:-1])


class _Slow:
    def get_tokens_unprocessed(self, text: str) -> None:
        while True:
            pass


class _Lossy:
    def get_tokens_unprocessed(self, text: str) -> list[Any]:
        return []


@pytest.mark.parametrize("lexer", [_Slow, _Lossy])
def test_a_lexer_that_fails_leaves_the_rest_plain(
    lexer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_highlight, "_SECONDS", 0.01)
    monkeypatch.setattr(_highlight, "_lexer", lambda language: lexer())
    begin, line = {"code": 1, "language": "x"}, {"code": 1, "text": "x"}
    assert asked(begin, line, line) == [{"code": 1}]


def test_it_runs_as_a_program() -> None:
    requests = '{"code": 1, "language": "c"}\n{"code": 1, "text": "int x;"}\n'
    result = subprocess.run(
        [sys.executable, "-I", "-B", "-X", "utf8", str(SOURCE)],
        input=requests,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout)["styles"] == "n   "
    assert result.stderr == ""
