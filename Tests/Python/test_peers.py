# SPDX-License-Identifier: Apache-2.0
"""Suites that cannot run are skipped where that is allowed, and a failure elsewhere."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program `Tests/Peers/run`, for which no index has anything."""
    path = str(ROOT / "Tests" / "Peers" / "run")
    spec = spec_from_loader("peers_run", SourceFileLoader("peers_run", path))
    assert spec is not None and spec.loader is not None
    monkeypatch.setattr(sys, "path", sys.path[:])
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(*arguments: Any) -> NoReturn:
        raise module.Unavailable("there is no index")

    monkeypatch.setattr(module, "_run", run)
    return module


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--required"], 1)])
def test_what_no_index_has_fails_only_where_it_is_required(
    runner: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
) -> None:
    words = ["run", "--amaru", sys.executable, *options, "scripts"]
    monkeypatch.setattr(sys, "argv", words)
    assert runner.main() == code
    output = capsys.readouterr().out
    assert "SKIPPED scripts: there is no index" in output
    assert ("FAILED: scripts" in output) is bool(code)


def make(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "-C", str(ROOT), "test-scripts", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_scripts_are_required_of_make() -> None:
    shown = make("--dry-run", "PYTHONS=/nowhere").stdout
    assert "Tests/Peers/run --required --amaru" in shown
    none = make("PYTHONS=")
    assert none.returncode and "no other Python is here" in none.stdout
