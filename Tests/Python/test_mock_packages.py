# SPDX-License-Identifier: Apache-2.0
"""The modules of packages that stand in for others, without a host."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import micropip
from micropip import _environment

ORDERS = list(permutations(["mocked", "mocked.a", "mocked.a.b"]))


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment that is a folder: files are put into it and taken out again."""

    def change_now(change: dict[str, Any]) -> None:
        for name in change.get("removals", ()):
            found = _environment.named(name)
            for path in (found and found.files) or ():
                (tmp_path / path).unlink()
        for path, text in change.get("stands", {}).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        importlib.invalidate_caches()

    monkeypatch.setattr(_environment, "change_now", change_now)
    monkeypatch.setattr(_environment, "folder", lambda: tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("mocked"):
            del sys.modules[name]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kinds", ["sss", "fff", "sfs", "fsf", "ssf", "fss"])
def test_each_module_has_its_body_in_any_order(
    order: tuple[str, ...], kinds: str
) -> None:
    def body(name: str, kind: str) -> Any:
        def fill(module: ModuleType) -> None:
            module.__dict__["value"] = name

        return f"    value = {name!r}" if kind == "s" else fill

    kind_of = dict(zip(["mocked", "mocked.a", "mocked.a.b"], kinds, strict=True))
    modules = {name: body(name, kind_of[name]) for name in order}
    micropip.add_mock_package("mocked", "1.0", modules=modules)
    for name in reversed(order):
        assert import_module(name).value == name
    micropip.remove_mock_package("mocked")
    assert not sys.modules.keys() & set(order)
    spec = find_spec("mocked.a.b")
    assert spec is None or spec.origin is None, "no more than an empty folder is left"


def test_a_parent_that_is_not_given_is_there() -> None:
    micropip.add_mock_package("mocked", "1.0", modules={"mocked.a.b": "value = 1"})
    assert import_module("mocked.a.b").value == 1


def test_a_package_leaves_the_modules_of_another_alone() -> None:
    micropip.add_mock_package("mocked", "1.0", modules={"mocked": "value = 1"})
    micropip.add_mock_package("mocked-more", "1.0", modules={"mocked.a": "value = 2"})
    assert import_module("mocked").value == 1
    assert import_module("mocked.a").value == 2
    micropip.remove_mock_package("mocked-more")
    assert micropip.list_mock_packages() == ["mocked"]


@pytest.mark.parametrize("modules", [None, {"mocked": None}, {"mocked": ""}])
def test_without_a_body_a_module_is_empty(modules: Any) -> None:
    micropip.add_mock_package("mocked", "1.0", modules=modules)
    assert {name for name in vars(import_module("mocked")) if name[:2] != "__"} == set()


def test_the_module_that_nobody_names_has_the_name_of_the_package() -> None:
    micropip.add_mock_package("Mocked-PKG.x", "1.0")
    assert find_spec("Mocked_PKG_x") is not None


def test_the_last_body_of_a_module_counts() -> None:
    def fill(module: ModuleType) -> None:
        raise AssertionError("a source has replaced this function")

    micropip.add_mock_package("mocked", "1.0", modules={"mocked": fill})
    micropip.add_mock_package("mocked", "2.0", modules={"mocked": "value = 2"})
    assert import_module("mocked").value == 2
