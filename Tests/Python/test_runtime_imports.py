# SPDX-License-Identifier: Apache-2.0
"""Reporting that the import of a module has succeeded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import BuiltinImporter
from pathlib import Path
from typing import Any

import pytest
from runtime_parts import load

runtime = load("imports")


class Watch:
    """The finder that Swift puts in front."""

    __name__ = "_amaru_imports"

    def __init__(self) -> None:
        self.imported: list[str] = []

    def find_spec(self, name: str, path: Any, target: object = None) -> Any:
        if name.startswith("watched"):
            return runtime.find_watched(name, path, self.imported.append)
        return None


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Watch]:
    finder = Watch()
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    monkeypatch.syspath_prepend(str(tmp_path))
    yield finder
    for name in [name for name in sys.modules if name.startswith("watched")]:
        del sys.modules[name]


def test_an_import_that_succeeds_is_reported_after_it(
    watch: Watch, tmp_path: Path
) -> None:
    (tmp_path / "watched_good.py").write_text("value = 1")
    module = importlib.import_module("watched_good")
    assert module.value == 1
    assert watch.imported == ["watched_good"]
    assert "exec_module" not in vars(module.__loader__)


def test_a_reload_is_not_reported_by_the_former_loader(
    watch: Watch, tmp_path: Path
) -> None:
    (tmp_path / "watched_twice.py").write_text("")
    module = importlib.import_module("watched_twice")
    assert module.__spec__ is not None and module.__spec__.loader is not None
    module.__spec__.loader.exec_module(module)
    assert watch.imported == ["watched_twice"]


def test_an_import_that_fails_is_not_reported(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "watched_bad.py").write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        importlib.import_module("watched_bad")
    assert watch.imported == []


def test_a_module_that_is_missing_is_missing(watch: Watch) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("watched_missing")
    assert watch.imported == []


def test_a_class_that_loads_stays_as_it_is() -> None:
    class Loader:
        exec_module = None

    runtime._watch_execution(Loader, "name", print)
    runtime._watch_execution(object(), "name", print)
    assert Loader.exec_module is None


def test_a_module_that_is_built_in_has_its_usual_spec() -> None:
    spec = runtime.find_watched("sys", None, print)
    assert spec.loader is BuiltinImporter
    assert spec.loader.exec_module is BuiltinImporter.exec_module
