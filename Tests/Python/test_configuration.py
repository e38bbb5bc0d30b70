# SPDX-License-Identifier: Apache-2.0
"""The user's settings are read whole, or refused by file, line and key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amaru import _configuration

GOOD = """
model = "fast"
currency = "€"

[providers.groq]
base-url = "https://api.groq.com/openai/v1"
key.command = "pass show groq"
model = "llama"
system = "Be brief."
options = { temperature = 0.2, stop = ["END"], logit_bias = { "5" = 1 } }
headers = { "X-Title" = "amaru" }
prices."llama" = { input = 0.59, output = 1 }

[providers.ollama]
base-url = "http://localhost:11434/v1"
key = "none"

[aliases]
fast = "groq/llama"
careful = { model = "openai/o3", options = { reasoning_effort = "high" } }
"""


def found(kind: str, text: str, folder: Path) -> Any:
    path = folder / "settings.toml"
    path.write_text(text)
    return _configuration.read(kind, str(path))


def problems(text: str, folder: Path) -> list[tuple[int, str, str, str]]:
    said = found("configuration", text, folder)["problems"]
    assert said
    return [tuple(one.values()) for one in said]


def test_all_that_there_is_can_be_said(tmp_path: Path) -> None:
    said = found("configuration", GOOD, tmp_path)
    assert said["problems"] == []
    groq = said["found"]["providers"]["groq"]
    assert groq == {
        "baseURL": "https://api.groq.com/openai/v1",
        "key": {"command": {"words": ["/bin/sh", "-c", "pass show groq"]}},
        "model": "llama",
        "system": "Be brief.",
        "options": {
            "temperature": "0.2",
            "stop": '["END"]',
            "logit_bias": '{"5": 1}',
        },
        "headers": {"X-Title": "amaru"},
        "prices": {"llama": {"input": 0.59, "output": 1.0}},
    }
    assert said["found"]["providers"]["ollama"]["key"] == {"unneeded": {}}
    assert said["found"]["aliases"]["fast"]["model"] == "groq/llama"


PROVIDER = '[providers.groq]\nbase-url = "https://groq.example/v1"\n'
BAD = [
    ("modell = 1", 1, "modell", "did you mean model?"),
    ("highlight = 0", 1, "highlight", "write true, false, or the seconds"),
    ('highlight = "off"', 1, "highlight", "write true, false, or the seconds"),
    ("\n\nzzz = 1", 3, "zzz", "model, currency, highlight, providers, aliases"),
    ("[providers.g]\nbase_url = 'https://h'", 2, "providers.g.base_url", "base-url?"),
    ("[providers.g]\nmodel = 'm'", 1, "providers.g", "write base-url"),
    (PROVIDER + "model = 3", 3, "providers.groq.model", "quotes"),
    (PROVIDER + "options.model = 'x'", 3, "providers.groq.options.model", "leave it"),
    (PROVIDER + "options.t = 1979-05-27", 3, "providers.groq.options.t", "a string"),
    (PROVIDER + "options = { a = nan }", 3, "providers.groq.options.a", "a number"),
    (PROVIDER + "headers.Host = 'x'", 3, "providers.groq.headers.Host", "leave it out"),
    (PROVIDER + "key.variable = 'a b'", 3, "providers.groq.key.variable", "GROQ"),
    (PROVIDER + "key = 7", 3, "providers.groq.key", "key.variable"),
    (PROVIDER + "key.command = []", 3, "providers.groq.key.command", "pass show"),
    (PROVIDER + "prices.m.input = -1", 3, "providers.groq.prices.m.input", "million"),
    ("[providers.g]\nbase-url = 'ftp://h'", 2, "providers.g.base-url", "http://"),
    ("[providers.g]\nbase-url = 'http://u:p@h'", 2, "providers.g.base-url", "http://"),
    (PROVIDER + "[aliases]\nx = 'gorq/m'", 4, "aliases.x", "did you mean groq?"),
    (PROVIDER + "[aliases]\ngroq = 'm'", 4, "aliases.groq", "another name"),
    ("[aliases.x]\nsystem = 's'", 1, "aliases.x", "PROVIDER/MODEL"),
    ('model = """\na\nb\n"""\nzzz = 1', 5, "zzz", "model, currency"),
    ("[aliases]\nx = 1", 2, "aliases.x", "PROVIDER/MODEL"),
    ("providers = 1", 1, "providers", "[providers]"),
    ("model = ", 1, "", "toml.io"),
    ("model = 'a'\nmodel = 'b'", 2, "", "toml.io"),
]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("true", {"on": {"seconds": None}}),
        ("false", {"off": {}}),
        ("2", {"on": {"seconds": 2.0}}),
    ],
)
def test_code_gets_colours_or_not(value: str, read: Any, tmp_path: Path) -> None:
    said = found("configuration", f"highlight = {value}", tmp_path)
    assert said["found"]["highlight"] == read


@pytest.mark.parametrize(("text", "line", "key", "remedy"), BAD)
def test_what_is_wrong_is_said_by_line_and_key(
    text: str, line: int, key: str, remedy: str, tmp_path: Path
) -> None:
    said = problems(text, tmp_path)
    assert any(one[0] == line and one[1] == key and remedy in one[3] for one in said), (
        said
    )


KEY = "sk-verysecret-0123456789abcdef"
SECRETS = [
    PROVIDER + f"key = '{KEY}'",
    PROVIDER + "key = 'plainpassword'",
    PROVIDER + f"api-key = '{KEY}'",
    PROVIDER + f"token = '{KEY}'",
    PROVIDER + f"headers.Authorization = 'Bearer {KEY}'",
    PROVIDER + f"headers.X-Custom = '{KEY}'",
    PROVIDER + f"options.user = '{KEY}'",
    PROVIDER + f"key.command = 'echo {KEY}'",
    PROVIDER + f"key.variable = '{KEY}'",
    PROVIDER + f"model = '{KEY}'",
    f"[providers.g]\nbase-url = 'https://h/v1?api_key={KEY}'",
    f"{KEY} = 1",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_key_in_clear_is_refused_and_not_repeated(text: str, tmp_path: Path) -> None:
    said = json.dumps(found("configuration", text, tmp_path))
    assert '"problems": [{' in said
    assert KEY not in said
    assert "verysecret" not in said
    assert "plainpassword" not in said


def test_the_way_to_do_it_right_is_named(tmp_path: Path) -> None:
    [(line, key, words, remedy)] = problems(SECRETS[0], tmp_path)
    assert (line, key) == (3, "providers.groq.key")
    assert words == "a key must not be written in this file"
    assert "key.command" in remedy
    assert "amaru keys set" in remedy


def test_a_file_that_is_no_text_or_too_deep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"model = '\xff'")
    [problem] = _configuration.read("configuration", str(path))["problems"]
    assert "UTF-8" in problem["words"]
    deep = "model = " + "[" * 5000 + "]" * 5000
    assert problems(deep, tmp_path)


def test_a_template_has_keys_of_its_own(tmp_path: Path) -> None:
    text = 'prompt = "Say $input"\n[defaults]\nlanguage = "Quechua"'
    said = found("template", text, tmp_path)["found"]
    assert said["prompt"] == "Say $input"
    assert said["defaults"] == {"language": "Quechua"}
    wrong = found("template", "promt = 'x'", tmp_path)["problems"]
    assert wrong[0]["remedy"] == "did you mean prompt?"


def test_as_a_program_it_prints_json_and_needs_no_package(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(GOOD)
    run = subprocess.run(
        [sys.executable, "-I", "-S", _configuration.__file__, "configuration", path],
        capture_output=True,
        check=True,
        text=True,
    )
    mark, _, document = run.stdout.partition("\x1e")
    assert mark == ""
    assert json.loads(document)["problems"] == []
