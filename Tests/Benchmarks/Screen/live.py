# SPDX-License-Identifier: Apache-2.0
"""Shows an answer as most programs in Python do: the whole of it, at each delta."""

from __future__ import annotations

import json
import sys

from rich.live import Live
from rich.markdown import Markdown


def main(path: str) -> None:
    """Render the deltas of a JSON file."""
    with open(path, encoding="utf-8") as file:
        deltas: list[str] = json.load(file)
    text = ""
    with Live(auto_refresh=False, vertical_overflow="visible") as live:
        for delta in deltas:
            text += delta
            live.update(Markdown(text), refresh=True)


if __name__ == "__main__":
    main(sys.argv[1])
