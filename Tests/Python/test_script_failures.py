# SPDX-License-Identifier: Apache-2.0
"""The death of a script is put into words: what happened, where, and what to do."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recording_chat import ChatSettings

import amaru
from amaru.chat.client import Fault
from amaru.chat.failures import advice, describe, script_failure


def raised(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> BaseException:
    """Run a script until it raises."""
    monkeypatch.syspath_prepend(str(folder))
    file = folder / "script.py"
    file.write_text(source)
    try:
        exec(compile(source, str(file), "exec"), {"json": json})
    except BaseException as exc:
        return exc
    raise AssertionError("nothing was raised")


Died = Callable[..., tuple[str, str, str]]


@pytest.fixture
def died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Died:
    def die(
        source: str = "\njson.loads('{')",
        origin: str = "",
        status: int = 0,
        error_code: str = "",
        error_message: str = "",
        *reason: Any,
    ) -> tuple[str, str, str]:
        exc = raised(source, tmp_path, monkeypatch)
        seen = (error_code or "status", error_message, status, *reason)
        return script_failure(exc, origin, *seen)[:3]

    return die


def test_a_script_that_stopped_by_itself(died: Died, tmp_path: Path) -> None:
    code, message, remedy = died()
    assert code == "script"
    assert message.startswith("the script raised JSONDecodeError: Expecting")
    # The script's own line, although the exception arose in the library.
    assert remedy == f"fix the script at {tmp_path}/script.py, line 2"


STATUS_CASES = [
    (401, "authentication", "rejected the key (401)"),
    (404, "not_found", "(404)"),
    (429, "rate_limit", "limiting requests (429)"),
    (500, "server", "failed (500)"),
    (418, "bad_request", "(418)"),
]


@pytest.mark.parametrize(("status", "code", "words"), STATUS_CASES)
def test_what_the_server_said_comes_first_in_the_words_of_the_chat(
    died: Died, tmp_path: Path, status: int, code: str, words: str
) -> None:
    found, message, remedy = died(origin="https://h", status=status)
    assert found == code
    settings: Any = ChatSettings("m", "http://h/v1", api_key="placeholder")
    chats = describe(Fault("status", "", status), settings)
    assert message.startswith(chats[1].replace("http://h", "https://h"))
    assert words in message
    assert "the script raised JSONDecodeError" in message
    assert f"{tmp_path}/script.py, line 2" in message
    assert "https://h" in message and remedy
    # A script asks for what it likes, not only for what the chat's options name.
    assert "base URL" not in remedy


def test_what_the_network_said_comes_first(died: Died) -> None:
    code, message, remedy = died(
        *("1 / 0", "https://h", 0, "connect", "nobody listens", "system", 111)
    )
    assert code == "connection"
    assert message.startswith("cannot connect to https://h: nobody listens; the")
    assert "ZeroDivisionError" in message
    assert "running" in remedy


def test_a_good_status_is_named_but_not_blamed(died: Died) -> None:
    code, message, remedy = died(origin="https://h", status=200)
    assert code == "script"
    assert message.startswith("https://h answered 200, then the script raised")
    assert remedy.startswith("fix the script at ")


@pytest.mark.parametrize("status", [0, 200, 401])
def test_a_script_without_its_package(died: Died, status: int) -> None:
    code, message, remedy = died("import yaml_", "https://h", status)
    assert code == "script"
    assert "No module named 'yaml_'" in message
    assert "line 1" in message
    assert remedy.endswith("--with yaml_")


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("PIL", "pillow"),
        ("dateutil", "python-dateutil"),
        ("Crypto", "pycryptodome"),
        ("google", "google-genai"),
    ],
)
def test_a_package_has_another_name_than_its_module(
    died: Died, monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    monkeypatch.delitem(sys.modules, module, raising=False)
    _, _, remedy = died(f"raise ModuleNotFoundError('x', name='{module}')")
    assert remedy.endswith(f"--with {package}")


def test_a_missing_part_of_a_package_that_is_there(died: Died) -> None:
    _, _, remedy = died("import json.nothing")
    assert "--with" not in remedy and "line 1" in remedy


def test_a_script_that_cannot_be_parsed(tmp_path: Path, died: Died) -> None:
    _, message, remedy = died("x = 1\nif x\n")
    assert "SyntaxError" in message
    assert remedy.endswith(f"{tmp_path}/script.py, line 2")


@pytest.mark.parametrize(
    "source",
    [
        "class Odd(Exception):\n def __str__(self): 1 / 0\nraise Odd",
        "raise ExceptionGroup('many', [ExceptionGroup('x', [KeyError('Odd')])])",
        "raise SystemError('Odd sk-abcdef1234')",
        "raise OSError(2, 'Odd', 'file\\udcff')",
    ],
)
def test_odd_exceptions(died: Died, source: str) -> None:
    code, message, remedy = died(source)
    assert code == "script"
    assert "Odd" in message and "abcdef" not in message
    assert "fix the script" in remedy
    assert (message + remedy).encode()


def trace(*files: str) -> BaseException:
    """Raise through one frame in each file, the last of which raises."""
    function: Any = None
    for file in reversed(files):
        source = "def call(below):\n    below() if below else int('x')\n"
        names: dict[str, Any] = {}
        exec(compile(source, file, "exec"), names)
        function = functools.partial(names["call"], function)
    try:
        function()
    except ValueError as exc:
        # Without the frame of this function.
        return exc.with_traceback(exc.__traceback__ and exc.__traceback__.tb_next)
    raise AssertionError("nothing was raised")


AMARU = str(Path(amaru.__file__).parent)
LIBRARY = str(Path(json.__file__).parent)
PLACES = [
    (["/s/a.py", "/s/b.py", "/x/c.py", "/x/d.py"], "/s/b.py"),
    # A library that calls the script back.
    (["/x/c.py", "/s/a.py", "/x/d.py"], "/s/a.py"),
    # The script's line has ended: the library's task goes on without it.
    (["/x/c.py", "/x/d.py"], "/x/c.py"),
    ([f"{AMARU}/_script.py", "<frozen x>", "/x/c.py", "/x/d.py"], "/x/c.py"),
    (["/s/site-packages/c.py", "/s/site-packages/d.py"], "/s/site-packages/c.py"),
    # The script is a link to the folder that its modules are in.
    (["/link/a.py", "/x/c.py"], "/link/a.py"),
    (["/link/a.py", "/s/b.py", "/x/c.py"], "/s/b.py"),
]


@pytest.mark.parametrize(("files", "expected"), PLACES)
def test_the_place_is_the_scripts_last_else_the_librarys_first(
    monkeypatch: pytest.MonkeyPatch, files: list[str], expected: str
) -> None:
    monkeypatch.setattr("sys.path", ["/s", "/x"])
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", "/link/a.py", raising=False)
    _, _, remedy, _ = script_failure(trace(*files))
    assert remedy == f"fix the script at {expected}, line 2"


def test_the_standard_library_is_no_part_of_a_script_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    above = str(Path(LIBRARY).parents[1])
    monkeypatch.setattr("sys.path", [above])
    exc = trace(f"{above}/script.py", f"{LIBRARY}/decoder.py")
    assert script_failure(exc)[2].endswith("/script.py, line 2")


def test_a_text_that_is_no_file_is_not_the_place_of_a_syntax_error(died: Died) -> None:
    assert died("import ast\nast.literal_eval('(')")[2].endswith("script.py, line 2")


def test_what_only_amaru_raised_has_no_place() -> None:
    exc = trace(f"{AMARU}/_script.py")
    assert script_failure(exc)[2] == "fix the script"


def test_an_exception_without_a_trace() -> None:
    failure = script_failure(ValueError("x"))
    assert failure == (
        "script",
        "the script raised ValueError: x",
        "fix the script",
        None,
    )


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        (3, 3.0),
        (10**400, 86_400.0),
        (0, None),
        (-1.0, None),
        (float("nan"), None),
        (float("inf"), None),
        ("3", None),
        (None, None),
    ],
)
def test_an_exception_may_say_when_to_ask_again(given: Any, wait: float | None) -> None:
    exc = ValueError("x")
    exc.retry_after = given  # type: ignore[attr-defined]
    assert script_failure(exc)[3] == wait
    error = amaru.ChatError("rate_limit", "too many", retry_after=given)
    assert script_failure(error) == ("rate_limit", "too many", "", wait)


@pytest.mark.parametrize("place", ["no_such_package.py", "src/no_such_package/a.py"])
def test_a_module_that_is_near_is_no_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).touch()
    monkeypatch.chdir(tmp_path)
    exc = ModuleNotFoundError("no", name="no_such_package.part")
    words = advice(exc)
    assert str(tmp_path / place.removesuffix("/a.py")) in words
    assert "PYTHONPATH" in words and "--with" not in words


@pytest.mark.parametrize(
    "name, meant",
    [
        ("subproces", "subprocess"),
        ("dattime", "datetime"),
        ("colections.abc", "collections"),
        ("jsno", "json"),
        ("sjon", "json"),
        ("tiem", "time"),
        ("scoket", "socket"),
        ("asynico", "asyncio"),
        ("argpase", "argparse"),
        ("statistic", "statistics"),
        ("Tkinter", "tkinter"),
    ],
)
def test_a_module_that_is_missing_may_be_one_of_python_misspelt(
    name: str, meant: str
) -> None:
    words = advice(ModuleNotFoundError("no", name=name))
    assert f"did you mean {meant}?" in words
    assert f"add it with --with {name.partition('.')[0]}" in words


PACKAGES = """
aiohttp anyio asyncpg attr attrs click configobj curl dill docopt httpcore httpx
item jsons lxml no_such_package numba orjson pathlib2 pytz redis regex requests
rich six so sqlparse toml tomli tomlkit tqdm trio typer ujson uvloop yarl
"""


@pytest.mark.parametrize("name", PACKAGES.split())
def test_a_package_is_not_taken_for_a_misspelt_module(name: str) -> None:
    words = advice(ModuleNotFoundError("no", name=name))
    assert "did you mean" not in words
