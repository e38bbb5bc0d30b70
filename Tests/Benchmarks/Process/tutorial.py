# SPDX-License-Identifier: Apache-2.0
"""The tutorial's page on this machine: its archive, and the wheels of its set-up."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["PACKAGES", "SEED", "WHEELS", "site"]

SEED = Path(__file__).resolve().parents[4] / "shared" / "seed"
"""The tutorial's own files, which are beside the repository and not in it."""

PACKAGES = ("openai==1.3.7", "httpx", "urllib3==2.1.0")
"""What the set-up installs, but for what stands in for others in a browser."""

WHEELS = "https://raw.githubusercontent.com"
"""Where the set-up looks for its wheels."""

_EMPTY = {"multidict": "4.7.6", "frozenlist": "1.4.0", "aiohttp": "4.0.0a2.dev0"}


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def site(cache: Path, folder: Path) -> Iterator[str | None]:
    """Serves the page and the wheels, and yields the address; None without the files.

    The set-up itself is then in the folder, as ``setup.py``.
    """
    if not SEED.is_dir():
        print(f"the row of the set-up is left out: no {SEED}", file=sys.stderr)
        yield None
        return
    (folder / "setup.py").write_bytes((SEED / "setup.py.txt").read_bytes())
    page = folder / "page"
    page.mkdir()
    with tarfile.open(page / "app.tar.gz", "w:gz") as archive:
        archive.add(SEED / "main.py", "main.py")
    root = page / "psymbio" / "pyodide_wheels" / "main"
    for name, version in _EMPTY.items():
        _make_wheel(root / name, name, version)
    for requirement in (PACKAGES[0], PACKAGES[2]):
        wheels = cache / "wheels" / requirement
        if not wheels.exists():
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
            subprocess.run([*pip, "-d", wheels, requirement], check=True)
        shutil.copytree(wheels, root / requirement.partition("==")[0])
    handler = partial(_Files, directory=str(page))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _make_wheel(folder: Path, name: str, version: str) -> None:
    """Makes a wheel without contents, as those that only stand in for others."""
    folder.mkdir(parents=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\n"
        f"Version: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    files[f"{info}/RECORD"] = record
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
