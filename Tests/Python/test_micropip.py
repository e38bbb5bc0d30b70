# SPDX-License-Identifier: Apache-2.0
"""What is told of requirements without an installer; micropip without a host."""

from __future__ import annotations

import pytest

import micropip
from micropip._requirements import Requirement, canonical

WHEEL = "https://wheels.example/a/multidict-4.7.6-py3-none-any.whl"


@pytest.mark.parametrize(
    ("text", "name", "version", "plain"),
    [
        ("httpx", "httpx", None, True),
        (" httpx ", "httpx", None, True),
        ("httpx==0.28.1", "httpx", "0.28.1", False),
        ("httpx == 0.28.1", "httpx", "0.28.1", False),
        ("httpx===0.28.1", "httpx", "0.28.1", False),
        ("httpx==0.28.*", "httpx", None, False),
        ("httpx>=0.27,<1", "httpx", None, False),
        ("httpx==1.0 ; python_version < '3.12'", "httpx", None, False),
        ("httpx[http2]", "httpx", None, False),
        ("httpx[http2]==0.28.1", "httpx", None, False),
        (WHEEL, "multidict", "4.7.6", False),
        (f"{WHEEL}#sha256={'0' * 64}", "multidict", "4.7.6", False),
        (f"multidict @ {WHEEL}", "multidict", "4.7.6", False),
        ("emfs:/tmp/a_b-1.0-py3-none-any.whl", "a_b", "1.0", False),
        ("file:///tmp/a_b-1.0-1-py3-none-any.whl", "a_b", "1.0", False),
        ("./a_b-1.0-py3-none-any.whl", "a_b", "1.0", False),
        ("https://wheels.example/source.tar.gz", None, None, False),
    ],
)
def test_a_requirement_is_read(
    text: str, name: str | None, version: str | None, plain: bool
) -> None:
    read = Requirement(text)
    assert (read.name, read.version, read.plain) == (name, version, plain)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("emfs:/tmp/a-1-py3-none-any.whl", "/tmp/a-1-py3-none-any.whl"),
        ("emfs:///tmp/a-1-py3-none-any.whl", "/tmp/a-1-py3-none-any.whl"),
        ("file:///tmp/a%20b/a-1-py3-none-any.whl", "/tmp/a b/a-1-py3-none-any.whl"),
        ("/tmp/a-1-py3-none-any.whl#sha256=0", "/tmp/a-1-py3-none-any.whl"),
        (WHEEL, None),
        ("httpx", None),
    ],
)
def test_a_file_of_this_machine_is_known(text: str, path: str | None) -> None:
    assert Requirement(text).path == path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no package"),
        ("git+https://example.org/a.git", "version control"),
        ("a @ git+https://example.org/a.git", "version control"),
        ("https://wheels.example/a-1.whl", "five or six parts"),
        ("-r requirements.txt", "write a package as in"),
        ("!", "write a package as in"),
    ],
)
def test_a_requirement_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Requirement(text)


@pytest.mark.parametrize(
    ("text", "satisfied"),
    [
        ("ssl", True),
        ("sqlite3", True),
        ("pytest", True),
        (f"pytest=={pytest.__version__}", True),
        ("pytest==0.0.1", False),
        ("pytest>=1", False),
        ("pytest[dev]", False),
        (f"https://wheels.example/pytest-{pytest.__version__}-py3-none-any.whl", True),
        ("https://wheels.example/pytest-0.0.1-py3-none-any.whl", False),
        ("https://wheels.example/ssl-1.0-py3-none-any.whl", False),
        ("no-such-package-at-all", False),
    ],
)
def test_only_what_surely_fits_counts_as_installed(text: str, satisfied: bool) -> None:
    assert Requirement(text).is_satisfied is satisfied


def test_a_digest_is_read_from_the_fragment() -> None:
    digest = "aB" * 32
    assert Requirement(f"{WHEEL}#sha256={digest}").sha256 == digest.lower()
    assert Requirement(f"{WHEEL}#egg=a&sha256={digest}").sha256 == digest.lower()
    assert Requirement(f"{WHEEL}#sha256=short").sha256 is None


@pytest.mark.parametrize("name", ["A.b_-c", "a-b-c", "A__B..C"])
def test_names_are_normalised(name: str) -> None:
    assert canonical(name) == "a-b-c"


async def test_outside_the_host_it_says_so() -> None:
    await micropip.install("ssl")
    with pytest.raises(RuntimeError, match="only inside `amaru run`"):
        await micropip.install("no-such-package-at-all")
    with pytest.raises(RuntimeError, match="only inside `amaru run`"):
        micropip.list()
