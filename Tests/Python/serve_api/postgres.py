# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from serving import eventually

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_PATH = os.pathsep.join([os.environ.get("PATH", ""), *map(str, _FOLDERS)])
# It does not run as root.
_DROP = (
    "setpriv --reuid nobody --regid nogroup --clear-groups".split()
    if os.geteuid() == 0
    else []
)


def _program(name: str) -> str | None:
    return shutil.which(name, path=_PATH)


def obstacle() -> str:
    """Say which programs are missing; the empty string if all are there."""
    missing = [name for name in ("initdb", "postgres", "psql") if not _program(name)]
    return f"{', '.join(missing)}: not installed" if missing else ""


class Postgres:
    """One server, behind a socket in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        if _DROP:
            shutil.chown(self.folder, "nobody", "nogroup")
        self._run("initdb", "-U", "amaru", "-A", "trust", "-E", "UTF8", "-D", "data")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
        self.url = f"postgresql://amaru@/postgres?host={self.folder}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, program: str, *arguments: str) -> str:
        return subprocess.run(
            [*_DROP, str(_program(program)), *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def start(self) -> None:
        """Start it, again if it was stopped."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "max_connections": "30",
        }
        self._process = subprocess.Popen(
            [
                *_DROP,
                str(_program("postgres")),
                *("-D", "data"),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            cwd=self.folder,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            return self.query("SELECT 1") == "1"
        except subprocess.CalledProcessError:
            return False

    def stop(self) -> None:
        """Stop it at once, with its connections."""
        assert self._process is not None, "it was started"
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)

    def query(self, sql: str) -> str:
        """Run SQL, and return what it finds."""
        return self._run("psql", "-XAtq", "-d", self.url, "-c", sql).strip()

    def close(self) -> None:
        """End it, and remove what it has."""
        self.stop()
        shutil.rmtree(self.folder)


def database() -> Iterator[Postgres]:
    """One for as long as a fixture."""
    server = Postgres()
    yield server
    server.close()
