# SPDX-License-Identifier: Apache-2.0
"""The command in tmux, with a server that answers."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from scripted_server import Script, Serve
from serving import COMMAND

sys.path.append(str(Path(__file__).parents[2] / "Terminal"))

from tmux import Terminal


def obstacle() -> str:
    """Say why there is no terminal; the empty string if there is one."""
    if shutil.which("tmux") is None:
        return "tmux is not installed"
    return "" if COMMAND.exists() else f"{COMMAND} is not built"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A home; its name is short, for it holds a socket."""
    if why := obstacle():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="amaru-tmux-") as folder:
        yield Path(folder)


class Start(Protocol):
    """Starts the command."""

    def __call__(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        answers: tuple[Script, ...] = (),
        environment: Mapping[str, str] = {},
    ) -> Terminal: ...


@pytest.fixture
def start(folder: Path, serve: Serve) -> Iterator[Start]:
    """Start the command in a terminal; with answers, as a chat with their server."""
    (folder / "amaru").mkdir()
    # What colours code is another test's, and has to be fetched.
    (folder / "amaru" / "config.toml").write_text("highlight = false\n")
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    with ExitStack() as stack:

        def start(
            *arguments: str,
            columns: int = 80,
            rows: int = 24,
            answers: tuple[Script, ...] = (),
            environment: Mapping[str, str] = {},
        ) -> Terminal:
            command = [str(COMMAND), *arguments]
            if answers:
                url = f"{serve(*answers).origin}/v1"
                command += ["--base-url", url, "--model", "small", "--no-key"]
            terminal = Terminal(
                folder,
                command,
                columns=columns,
                rows=rows,
                environment={"HOME": str(folder), "PAGER": "", **kept, **environment},
            )
            stack.callback(terminal.end)
            return terminal

        yield start
