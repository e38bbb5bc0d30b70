# SPDX-License-Identifier: Apache-2.0
"""Shows an answer as most programs in Python do: the whole of it, again and again.

``live.py FILE`` draws at each delta of a JSON file; ``live.py FILE PAUSE`` takes one
each PAUSE seconds, and leaves it to Rich to draw 60 times in a second.
"""

from __future__ import annotations

import json
import sys
import time

from rich.live import Live
from rich.markdown import Markdown


def main(path: str, pause: float = 0) -> None:
    """Render the deltas of a file."""
    with open(path, encoding="utf-8") as file:
        deltas: list[str] = json.load(file)
    text = ""
    with Live(
        auto_refresh=pause > 0, refresh_per_second=60, vertical_overflow="visible"
    ) as live:
        for delta in deltas:
            text += delta
            live.update(Markdown(text), refresh=not pause)
            time.sleep(pause)


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
