# SPDX-License-Identifier: Apache-2.0
"""What is told of requirements without an installer; micropip without a host."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import micropip
from micropip import _environment
from micropip._install import _indexes
from micropip._requirements import Requirement, canonical

WHEEL = "https://wheels.example/a/multidict-4.7.6-py3-none-any.whl"


@pytest.mark.parametrize(
    ("text", "name", "version", "specifier"),
    [
        ("httpx", "httpx", None, ""),
        (" httpx ", "httpx", None, ""),
        ("httpx==0.28.1", "httpx", "0.28.1", "==0.28.1"),
        ("httpx == 0.28.1", "httpx", "0.28.1", "== 0.28.1"),
        ("httpx===0.28.1", "httpx", "0.28.1", "===0.28.1"),
        ("httpx==0.28.*", "httpx", None, "==0.28.*"),
        ("httpx>=0.27,<1", "httpx", None, ">=0.27,<1"),
        ("httpx (>=0.27)", "httpx", None, ">=0.27"),
        ("httpx==1.0 ; python_version < '3.12'", "httpx", None, None),
        ("httpx[http2]", "httpx", None, None),
        ("httpx[http2]==0.28.1", "httpx", None, None),
        (WHEEL, "multidict", "4.7.6", None),
        (f"{WHEEL}#sha256={'0' * 64}", "multidict", "4.7.6", None),
        (f"multidict @ {WHEEL}", "multidict", "4.7.6", None),
        ("emfs:/tmp/a_b-1.0-py3-none-any.whl", "a_b", "1.0", None),
        ("file:///tmp/a_b-1.0-1-py3-none-any.whl", "a_b", "1.0", None),
        ("./a_b-1.0-py3-none-any.whl", "a_b", "1.0", None),
        ("https://wheels.example/source.tar.gz", None, None, None),
    ],
)
def test_a_requirement_is_read(
    text: str, name: str | None, version: str | None, specifier: str | None
) -> None:
    read = Requirement(text)
    assert (read.name, read.version, read.specifier) == (name, version, specifier)


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


def test_what_is_installed_is_told_by_the_folders_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("Zope_Interface-6.0", "a.b-1.0+local", "gone-1.0"):
        folder = tmp_path / f"{name}.dist-info"
        folder.mkdir()
        if name != "gone-1.0":
            package, version = name.split("-")
            metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
            (folder / "METADATA").write_text(metadata)
    monkeypatch.setattr(_environment, "folder", lambda: tmp_path)
    assert _environment.versions() == {"zope-interface": "6.0", "a-b": "1.0+local"}
    found = _environment.named("zope.interface")
    assert found is not None
    assert found.version == "6.0"
    assert _environment.named("gone") is None


async def test_a_script_may_have_setuptools_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    info = tmp_path / "setuptools-80.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: setuptools\nVersion: 80.0\n"
    )
    told: list[dict[str, Any]] = []

    def find(change: dict[str, Any]) -> bool:
        told.append(change)
        return True

    monkeypatch.setattr(_environment, "folder", lambda: tmp_path)
    monkeypatch.setattr(_environment, "find", find)
    assert micropip.list()["setuptools"].version == "80.0"
    await micropip.install("absent")
    assert told[0]["constraints"] == ["setuptools==80.0"]
    micropip.uninstall("setuptools")
    assert told[1] == {"removals": ["setuptools"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no package"),
        ("git+https://example.org/a.git", "version control"),
        ("a @ git+https://example.org/a.git", "version control"),
        ("https://wheels.example/a-1.whl", "five or six parts"),
        ("-r requirements.txt", "write a package as in"),
        ("!", "write a package as in"),
        ("a-1-cp311-cp311-pyemscripten_2025_0_wasm32.whl", "give the package's name"),
        ("./a-1-cp313-cp313-emscripten_4_0_9_wasm32.whl", "give the package's name"),
        ("https://wheels.example/a-1-cp39-cp39-any.whl", "it is for cp39, and this is"),
        ("a-1-py2-none-any.whl", "it is for py2, and this is CPython 3"),
        ("a-1-pp310-pypy310_pp73-any.whl", "it is for pp310"),
        ("a-1-cp399-abi3-any.whl", "it is for cp399"),
        ("a @ https://wheels.example/a-1-py3-none-os2_x86_64.whl", "it is for os2_x86"),
    ],
)
def test_a_requirement_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Requirement(text)


@pytest.mark.parametrize(
    ("text", "satisfied"),
    [
        ("ssl", True),
        ("micropip", True),
        ("test", True),
        ("sqlite3", True),
        ("pytest", True),
        (f"pytest=={pytest.__version__}", True),
        ("pytest==0.0.1", False),
        ("pytest>=1", True),
        ("pytest>=1,!=2,<9999", True),
        (f"pytest~={'.'.join(pytest.__version__.split('.')[:2])}", True),
        ("pytest (>=1)", True),
        ("pytest<1", False),
        ("pytest>=9999", False),
        (f"pytest!={pytest.__version__}", False),
        ("pytest>=one", False),
        ("pytest>=1; python_version > '3'", False),
        ("pytest[dev]", False),
        ("pytest[dev]>=1", False),
        (f"https://wheels.example/pytest-{pytest.__version__}-py3-none-any.whl", True),
        ("https://wheels.example/pytest-0.0.1-py3-none-any.whl", False),
        ("https://wheels.example/ssl-1.0-py3-none-any.whl", False),
        ("no-such-package-at-all", False),
    ],
)
def test_only_what_surely_fits_counts_as_installed(text: str, satisfied: bool) -> None:
    assert Requirement(text).is_satisfied is satisfied


def tags() -> list[str]:
    import platform

    minor, machine = sys.version_info.minor, platform.machine()
    system = {
        "darwin": f"macosx_11_0_{machine}",
        "linux": f"manylinux_2_17_{machine}.manylinux2014_{machine}",
    }.get(sys.platform, "any")
    return [
        "py3-none-any",
        "py2.py3-none-any",
        f"py3{minor}-none-any",
        "cp32-abi3-any",
        f"cp3{minor}-cp3{minor}-{system}",
        f"cp38-abi3-{system}",
        f"py3-none-{system}",
        "cp38-none-any",
    ]


@pytest.mark.parametrize("tag", tags())
def test_wheels_that_may_fit_are_taken(tag: str) -> None:
    assert Requirement(f"./a-1.0-{tag}.whl").name == "a"


@pytest.mark.parametrize(
    ("urls", "main", "extra"),
    [
        (None, None, []),
        ("https://i.example/simple", "https://i.example/simple", []),
        (["https://a", "https://b/"], "https://a", ["https://b"]),
        ("https://i.example/simple/{package_name}/", "https://i.example/simple", []),
        ([], None, []),
    ],
)
def test_indexes_are_given_as_installers_take_them(
    urls: list[str] | str | None, main: str | None, extra: list[str]
) -> None:
    assert _indexes(urls) == {"main": main, "extra": extra}


def test_an_index_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="give the address of its simple API"):
        micropip.set_index_urls("https://i.example/pypi/{package_name}/json")
    assert _indexes(None) == {"main": None, "extra": []}


def test_what_is_set_counts_for_later_calls() -> None:
    micropip.set_index_urls(["https://a/simple", "https://b/simple"])
    try:
        assert _indexes(None)["main"] == "https://a/simple"
        assert _indexes("https://c")["main"] == "https://c"
    finally:
        micropip.set_index_urls([])


@pytest.mark.parametrize(
    ("name", "version", "modules", "words"),
    [
        ("a", "x", None, "is not a version"),
        ("a b", "1.0", None, "is not the name of a package"),
        ("a", "1.0", {"b": print}, "of a persistent package are str"),
        ("a", "1.0", {"b-c": ""}, "is not the name of a module"),
    ],
)
def test_a_mock_package_that_is_none_is_refused(
    name: str, version: str, modules: Any, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        micropip.add_mock_package(name, version, modules=modules, persistent=True)


def test_a_table_of_packages_is_printed() -> None:
    row = micropip.PackageMetadata("name", "1.0", "index")
    assert repr(micropip.PackageDict({"name": row})).splitlines() == [
        "Name | Version | Source",
        "---- | ------- | ------",
        "name | 1.0     | index",
    ]


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


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ({}, {"requirements": ["absent"], "dependencies": True}),
        ({"deps": False}, {"dependencies": False}),
        ({"pre": True}, {"prereleases": True}),
        ({"reinstall": True}, {"reinstalls": True}),
        ({"constraints": ["a<1"]}, {"constraints": ["a<1"]}),
        ({"constraints": []}, {"constraints": []}),
        ({"index_urls": "https://i"}, {"indexes": {"main": "https://i", "extra": []}}),
        ({"credentials": "omit", "verbose": True, "keep_going": True}, {}),
    ],
)
async def test_each_argument_reaches_the_installer(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], asked: dict[str, Any]
) -> None:
    told: list[dict[str, Any]] = []

    def find(change: dict[str, Any]) -> bool:
        told.append(change)
        return True

    monkeypatch.setattr(_environment, "find", find)
    monkeypatch.setattr(_environment, "folder", lambda: None)
    await micropip.install(["absent", "ssl"], **arguments)
    (change,) = told
    assert {key: change[key] for key in asked} == asked


@pytest.mark.parametrize(
    ("limit", "asks"),
    [
        ("PyTest>=1", False),
        ("pytest<1", True),
        ("other<1", False),
        ("pytest @ https://a/pytest-1.0-py3-none-any.whl", True),
        ("!", True),
    ],
)
async def test_what_is_installed_and_breaks_a_limit_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, limit: str, asks: bool
) -> None:
    told: list[dict[str, Any]] = []

    def find(change: dict[str, Any]) -> bool:
        told.append(change)
        return True

    monkeypatch.setattr(_environment, "find", find)
    monkeypatch.setattr(_environment, "folder", lambda: None)
    await micropip.install("pytest", constraints=[limit])
    assert bool(told) is asks


async def test_limits_that_are_set_count_for_later_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[list[str]] = []

    def find(change: dict[str, Any]) -> bool:
        told.append(change["constraints"])
        return True

    monkeypatch.setattr(_environment, "find", find)
    monkeypatch.setattr(_environment, "folder", lambda: None)
    micropip.set_constraints(["a<1"])
    try:
        await micropip.install("absent")
        await micropip.install("absent", constraints=["b<2"])
    finally:
        micropip.set_constraints([])
    assert told == [["a<1"], ["b<2"]]


async def test_failures_are_collected_or_raised_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[list[str]] = []

    def find(change: dict[str, Any]) -> bool:
        told.append(change["requirements"])
        return True

    monkeypatch.setattr(_environment, "find", find)
    monkeypatch.setattr(_environment, "folder", lambda: None)
    bad = ["git+https://a/b", "absent", "a-1.whl"]
    with pytest.raises(ValueError, match="version control"):
        await micropip.install(bad)
    assert told == []
    with pytest.raises(ValueError, match=r"(?s)version control.*five or six parts"):
        await micropip.install(bad, keep_going=True)
    assert told == [["absent"]]
