# SPDX-License-Identifier: Apache-2.0
"""What is beside the package is not there for scripts."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

import amaru
from amaru._main import hide_neighbours

FOLDER = str(Path(amaru.__file__).parents[1])


def test_only_the_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PathFinder.find_spec("main", [FOLDER]) is not None
    monkeypatch.setitem(
        sys.path_importer_cache, FOLDER, sys.path_importer_cache[FOLDER]
    )
    for _ in range(2):
        hide_neighbours()
        assert PathFinder.find_spec("amaru", [FOLDER]) is not None
        assert PathFinder.find_spec("main", [FOLDER]) is None
        assert PathFinder.find_spec("compat", [FOLDER]) is None
        importlib.invalidate_caches()
