# SPDX-License-Identifier: Apache-2.0
"""A terminal that somebody else wrote: a program in tmux, and what that shows of it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

LIMIT = 40.0
_SETTINGS = """\
set -g status off
set -g escape-time 0
set -g history-limit 5000
set -g remain-on-exit on
set -g remain-on-exit-format ""
set -g default-terminal screen-256color
"""


class Terminal:
    """A program in a tmux of its own, whose files are in a folder.

    Nothing of the user's own settings is in it.
    """

    def __init__(
        self,
        folder: str | Path,
        command: list[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        # One for each: a tmux that was ended may still be there for a moment.
        self._folder = own = Path(tempfile.mkdtemp(prefix="tmux-", dir=folder))
        (own / "conf").write_text(_SETTINGS)
        self._tmux = ["tmux", "-u", "-S", f"{own}/socket", "-f", f"{own}/conf"]
        places = {f"XDG_{name}_HOME": str(folder) for name in ("CONFIG", "DATA")}
        places |= {"XDG_STATE_HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self._environment = {**environment, **places}
        place = ["-x", str(columns), "-y", str(rows), "-c", str(folder)]
        # Not asked of tmux, which may never learn of a status.
        keep = f"trap : INT; \"$@\"; echo $? >'{own}/status'"
        self._run("new-session", "-d", *place, "sh", "-c", keep, "sh", *command)
        # All that is written, for what is shown only for a moment.
        self._run("pipe-pane", f"exec cat >'{own}/written'")

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words],
            env=self._environment,
            check=True,
            text=True,
            capture_output=True,
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names of them."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._run("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        """Paste a text, between marks if the program has asked for them."""
        self._run("set-buffer", text)
        self._run("paste-buffer", "-p")

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def show(self, *, scrolled: bool = False, with_styles: bool = False) -> str:
        """Return what is shown; with ``scrolled`` also what has left the screen."""
        options = ["-S", "-"] * scrolled + ["-e"] * with_styles
        return self._run("capture-pane", "-p", *options)

    @property
    def written(self) -> str:
        """What was written since the start of the first program."""
        file = self._folder / "written"
        return file.read_text(errors="replace") if file.exists() else ""

    def wait(self, *expected: str) -> None:
        """Wait until all of these texts are shown."""
        self.wait_until(lambda: all(text in self.show() for text in expected), expected)

    def wait_written(self, text: str) -> None:
        """Wait until a text has been written, which may be gone already."""
        self.wait_until(lambda: text in self.written, text)

    def wait_until(self, happened: Callable[[], object], what: object) -> None:
        """Wait until something has happened, which is named if it does not."""
        limit = time.monotonic() + LIMIT
        while not happened():
            if time.monotonic() > limit:
                raise TimeoutError(f"no {what!r} within {LIMIT} s:\n{self.show()}")
            time.sleep(0.02)

    def status(self) -> int:
        """Wait for the program's end, and return its exit status."""
        dead = ["display", "-p", "#{pane_dead}"]
        self.wait_until(lambda: self._run(*dead) == "1\n", "end")
        return int((self._folder / "status").read_text())

    def end(self) -> None:
        """End the program and tmux."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
