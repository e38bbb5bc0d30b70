# SPDX-License-Identifier: Apache-2.0
"""Scripts behave under `amaru run` as under python: output, errors and exit code."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import endings
import leavings
import pytest
import surroundings

AMARU = os.environ["AMARU_PEER_PROGRAM"]
LIBRARIES = sorted((Path(__file__).parent / "libraries").glob("*.py"))
LIMIT = 50


@dataclass
class End:
    """What a script has left behind."""

    code: int
    output: str
    errors: str
    files: dict[str, bytes] = field(default_factory=dict)


def both(
    folder: Path,
    source: str | bytes,
    variables: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
    redirected: str = "",
    limited: str = "",
) -> tuple[End, End]:
    """Run a script by python and by amaru, at the same time.

    `files` lie beside it; `redirected` is how a shell redirects its descriptors, and
    `limited` what it does before, such as setting a limit.
    """
    content = source if isinstance(source, bytes) else source.encode()
    source = content.decode(errors="replace")
    environment = Path(sys.prefix)
    arguments = (_directive(source, "arguments") or "").split()
    given = json.loads(_directive(source, "input") or '""')
    run = [AMARU, "run", "--venv", str(environment)]
    commands = {
        "python": [str(environment / "bin" / "python"), "script.py", *arguments],
        "amaru": [*run, "script.py", *(["--", *arguments] if arguments else [])],
    }
    started = []
    for name, command in commands.items():
        # Apart, since a script may leave bytecode behind.
        place = folder / name
        place.mkdir()
        (place / "script.py").write_bytes(content)
        for file, text in (files or {}).items():
            (place / file).write_text(text)
        if redirected or limited:
            line = f'{limited} exec "$@" {redirected}'
            command = ["sh", "-c", line, "sh", *command]
        started.append((place, _start(command, place, variables or {})))
    # Their pipes hold more than any of the scripts writes.
    ends = [_end(place, process, given) for place, process in started]
    return ends[0], ends[1]


def _directive(source: str, name: str) -> str | None:
    found = re.search(rf"^# {name}: (.*)$", source, re.MULTILINE)
    return found and found[1]


def _start(
    command: list[str], place: Path, variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    names = ("PATH", "HOME", "LD_LIBRARY_PATH", "XDG_CACHE_HOME")
    return subprocess.Popen(
        command,
        cwd=place,
        env={name: os.environ[name] for name in names if name in os.environ}
        | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Without a terminal, which getpass would ask.
        start_new_session=True,
    )


def _end(place: Path, process: subprocess.Popen[bytes], given: str) -> End:
    try:
        output, errors = process.communicate(given.encode(), LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        pytest.fail(f"{process.args!r} did not end: {output!r} {errors!r}")
    written = {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    texts = (_plain(each, place) for each in (output, errors))
    return End(process.returncode, *texts, written)


def _plain(text: bytes, place: Path) -> str:
    """Return what must be equal: no address, no folder, no advice of ours."""
    plain = re.sub(r"0x[0-9a-f]+", "0x", text.decode().replace(f"{place}/", ""))
    return "".join(
        line for line in plain.splitlines(True) if not line.startswith("amaru: ")
    )


@pytest.mark.parametrize("script", LIBRARIES, ids=lambda path: path.stem)
def test_a_library(tmp_path: Path, script: Path) -> None:
    expected, found = both(tmp_path, script.read_text())
    assert found == expected
    # A script that does nothing would pass, too.
    assert expected.output or expected.errors


# Where CPython 3.13 itself reports that it cannot do its work while it ends.
WORSE = ("sys.exit(-2**70) in", "an error that no task gave")


@pytest.mark.parametrize("name", endings.SOURCES)
def test_an_end(tmp_path: Path, name: str) -> None:
    if sys.version_info >= (3, 13) and name.startswith(WORSE):
        pytest.skip("CPython 3.13 reports an error of its own")
    expected, found = both(tmp_path, endings.SOURCES[name])
    assert found == expected


@pytest.mark.parametrize("name", leavings.SOURCES)
def test_what_is_left_open(tmp_path: Path, name: str) -> None:
    if sys.version_info >= (3, 13) and name == "a full disk":
        pytest.skip("CPython 3.13 says where a file is collected, which is elsewhere")
    expected, found = both(tmp_path, leavings.SOURCES[name])
    assert found == expected


@pytest.mark.parametrize("kind", leavings.LOST)
def test_what_sys_has(tmp_path: Path, kind: str) -> None:
    opens = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
    read: Any = opens.get(kind.split()[-1], open)
    _, found = both(tmp_path, leavings.LOST[kind])
    if kind == "a temporary file":
        (name,) = set(found.files) - {"script.py"}
        assert found.files[name] == b"kept"
        return
    with read(tmp_path / "amaru" / "kept", "rb") as file:
        content = file.read()
    assert content.endswith(b"kept") or gzip.decompress(content) == b"kept"


def test_a_difference_is_found(tmp_path: Path) -> None:
    source = "import sys\nprint('_amaru_chat' in sys.modules)"
    found: Any = [end.output for end in both(tmp_path, source)]
    assert found == ["False\n", "True\n"]


LOCALE = """
import locale, os, sys
print(locale.setlocale(locale.LC_CTYPE), locale.getencoding())
print(locale.setlocale(locale.LC_NUMERIC), locale.setlocale(locale.LC_TIME))
print(open(__file__, encoding="locale").encoding, os.environ.get("LC_CTYPE"))
print(sys.getfilesystemencoding(), sys.stdout.encoding, sys.stderr.errors, "ü")
print(sys.flags.utf8_mode, sys.getfilesystemencodeerrors(), sys.stdin.errors)
"""


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LANG": "C"},
        {"LANG": "C.UTF-8"},
        {"LANG": "xx_XX.UTF-8"},
        {"LANG": "C", "LC_CTYPE": "C.UTF-8"},
        {"LC_ALL": ""},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"PYTHONCOERCECLOCALE": "0"},
    ],
    ids=lambda variables: ",".join("=".join(each) for each in variables.items()),
)
def test_a_locale(tmp_path: Path, variables: dict[str, str]) -> None:
    expected, found = both(tmp_path, LOCALE, variables)
    assert found == expected
    assert not expected.errors


@pytest.mark.parametrize("use", surroundings.USES)
@pytest.mark.parametrize("name", surroundings.MODULES)
def test_a_module_of_its_own(tmp_path: Path, name: str, use: str) -> None:
    if sys.version_info >= (3, 13) and use == "imported by asyncio":
        pytest.skip("CPython 3.13 advises to rename it, if it has found the script")
    source = surroundings.USES[use].replace("NAME", name)
    files = {f"{name}.py": "print('my own', __name__)"}
    expected, found = both(tmp_path, source, files=files)
    assert found == expected


@pytest.mark.parametrize(
    "redirected",
    ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"],
)
def test_closed_streams(tmp_path: Path, redirected: str) -> None:
    expected, found = both(tmp_path, surroundings.STREAMS, redirected=redirected)
    assert found == expected
    assert "None None" in found.files["found"].decode()


@pytest.mark.parametrize("redirected", [">/dev/full", "2>/dev/full", ">/dev/full 2>&1"])
@pytest.mark.parametrize("name", surroundings.FULL)
def test_a_full_device(tmp_path: Path, name: str, redirected: str) -> None:
    expected, found = both(tmp_path, surroundings.FULL[name], redirected=redirected)
    assert found == expected


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    source = "print('begun')\n" + "# One of many lines.\n" * 500 + "print('ended')\n"
    expected, found = both(tmp_path, source, limited="ulimit -f 1;")
    assert found == expected
    assert found.output == "begun\nended\n"


@pytest.mark.parametrize("name", surroundings.ENCODED)
def test_an_encoding(tmp_path: Path, name: str) -> None:
    expected, found = both(tmp_path, surroundings.ENCODED[name])
    assert found == expected


@pytest.mark.parametrize("kind", ["sys.settrace", "sys.setprofile"])
def test_what_a_tool_sees(tmp_path: Path, kind: str) -> None:
    source = surroundings.TRACED.replace("KIND", kind)
    expected, found = both(tmp_path, source)
    assert found == expected
    assert "script.py" in found.output


def test_a_profile(tmp_path: Path) -> None:
    expected, found = both(tmp_path, surroundings.PROFILED)
    assert found == expected
    assert found.code == 0
