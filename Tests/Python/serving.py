# SPDX-License-Identifier: Apache-2.0
"""Runs ``amaru serve`` with a script, as a user would."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
COMMAND = Path(os.environ.get("AMARU_COMMAND", ROOT / ".build" / "debug" / "amaru"))
SCRIPT = Path(__file__).parent / "serve_api" / "served_script.py"
_PATIENCE = 50.0


@cache
def obstacle() -> str:
    """Say why nothing can be served; the empty string if it can."""
    if not COMMAND.exists():
        return f"{COMMAND} is not built"
    offered = subprocess.run(
        [COMMAND, "serve", "--help"], capture_output=True, text=True, check=False
    )
    if offered.returncode or "--port" not in offered.stdout:
        return f"{COMMAND} has no command serve"
    return ""


class Serving:
    """A server in a folder of its own."""

    def __init__(
        self,
        *arguments: str,
        script: Path | None = SCRIPT,
        port: int = 0,
        before: tuple[str, ...] = (),
        **variables: str,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self._errors = (self.folder / "errors").open("w+")
        kept = {
            name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ
        }
        self._process = subprocess.Popen(
            [
                # What runs the command, such as in a place of its own.
                *before,
                COMMAND,
                "serve",
                *([script] if script else []),
                "--port",
                str(port),
                *arguments,
            ],
            cwd=self.folder,
            env=kept | {"HOME": self._folder.name, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdout is not None, "it is a pipe"
        self._output: IO[str] = self._process.stdout
        self.pid = self._process.pid
        # That of a proxy, if there is one: then the port has to be given.
        self.address = self.line()
        place = f"http://127.0.0.1:{port}/" if port else self.address
        found = re.search(r"http://([^/:\s]+|\[[^\]\s]+\]):(\d+)", place)
        if found is None or not self.address:
            said = self.errors
            self.close()
            raise AssertionError(f"no address in {self.address!r}; it said: {said}")
        self.host, self.port = found[1].strip("[]"), int(found[2])
        self.url = f"{found[0]}/v1"

    def line(self) -> str:
        """Read the next line that it prints; the empty string when it has ended."""
        # Ends with the process, whose tests have a time limit.
        return self._output.readline().strip()

    @property
    def errors(self) -> str:
        """What it has reported."""
        return (self.folder / "errors").read_text()

    def runs(self, word: str) -> int:
        """Count how often the script has been asked for something."""
        file = self.folder / "runs"
        return file.read_text().split().count(word) if file.exists() else 0

    def touch(self, name: str) -> None:
        """Make a file that the script waits for."""
        (self.folder / name).touch()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the server as a machine that fails does; `close` puts things away."""
        self._process.kill()
        self._process.wait()

    def close(self, within: float = _PATIENCE) -> int:
        """End the server in order, and return its exit status."""
        self._process.terminate()
        try:
            status = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._output.close()
        self._errors.close()
        self._folder.cleanup()
        return status


def eventually(happened: Callable[[], object], within: float = _PATIENCE) -> None:
    """Wait until something has happened outside this process."""
    begin = time.monotonic()
    while not happened():
        assert time.monotonic() - begin < within, f"it has not happened in {within} s"
        time.sleep(0.01)


def servers() -> Iterator[Callable[..., Serving]]:
    """Start servers, which end with the test; a fixture once a module makes it one."""
    started: list[Serving] = []

    def start(*arguments: str, **options: Any) -> Serving:
        started.append(Serving(*arguments, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()
