# SPDX-License-Identifier: Apache-2.0
"""What the tests of plugins share."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_folder import Folder, Host


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    host = Host()
    monkeypatch.setitem(sys.modules, "_amaru_chat", host)
    for owner, name in [
        (signal, "signal"),
        (asyncio, "all_tasks"),
        (os, "closerange"),
        (asyncio.tasks, "all_tasks"),
        (threading, "excepthook"),
        (sys, "unraisablehook"),
    ]:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    yield host
    assert host.running == ""
    for name in [name for name in sys.modules if name.startswith("amaru_plugins")]:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
