# SPDX-License-Identifier: Apache-2.0
"""What the tests share: the stand-ins for the host's modules, and a real server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
# The stand-ins are modules of their own; the compat package is put on the path only
# here, as the host does for scripts that ask for it.
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Python" / "compat")]
sys.dont_write_bytecode = True

import adoption  # noqa: E402
import loopback_core  # noqa: E402
from recording_chat import ChatSettings, RecordingChat  # noqa: E402
from scripted_server import Script, Server  # noqa: E402

from amaru.chat import Conversation  # noqa: E402


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The HTTP core, over real sockets."""
    monkeypatch.setitem(sys.modules, "_amaru_http", loopback_core)
    loopback_core.reset()
    yield loopback_core
    loopback_core.reset()


@pytest.fixture
def hosted(core: ModuleType) -> Iterator[ModuleType]:
    """The HTTP core, under the HTTP libraries of this process."""
    with adoption.adopted():
        yield core


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> RecordingChat:
    """The chat screen, which remembers what it was told."""
    screen = RecordingChat()
    monkeypatch.setitem(sys.modules, "_amaru_chat", screen)
    return screen


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers that keep the requests; every script answers one connection."""
    servers: list[Server] = []

    def start(*answers: Script) -> Server:
        server = Server()
        server.scripts = [server.recording(answer) for answer in answers]
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def talk(core: ModuleType) -> Callable[..., Conversation]:
    """Make conversations with a server."""

    def make(server: Server, filter: Any = None, **options: Any) -> Conversation:
        values: dict[str, Any] = {"api_key": "placeholder-1"} | options
        settings: Any = ChatSettings("small", f"{server.origin}/v1", **values)
        return Conversation(settings, filter=filter)

    return make


@pytest.fixture
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Requests through urllib that no variable sends elsewhere."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    # An opener of before is kept by urllib.
    monkeypatch.setattr("urllib.request._opener", None)
    yield
