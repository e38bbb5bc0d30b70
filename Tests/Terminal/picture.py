# /// script
# dependencies = ["rich>=14"]
# ///
# SPDX-License-Identifier: Apache-2.0
"""Draws a conversation of the terminal: ``amaru run picture.py -- AMARU FILE``.

A real one: the command AMARU converses in tmux, with a server on this machine that
streams a fixed answer, and what the terminal then shows becomes the picture FILE (SVG).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rich.console import Console
from rich.text import Text
from tmux import LIMIT, Terminal

COLUMNS, ROWS = 84, 40
QUESTION = "How do I count words in Python?"
ANSWER = """\
Use **`Counter`** of the [collections](https://docs.python.org/3/library/collections.html)
module:

```python
from collections import Counter

words = "el amaru es una serpiente".split()
print(Counter(words).most_common(2))
```

| method | gives |
|---|---|
| `most_common(n)` | the *n* most frequent |
| `total()` | how many there are |

- [x] upper and lower case are two words
- [ ] punctuation: strip it first
"""

# As rich draws it, without the fonts that it would fetch from elsewhere.
SVG = """\
<svg viewBox="-12 -12 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
    font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect x="-12" y="-12" width="100%" height="100%" rx="8" fill="#0c0c0c"/>
<g clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


class Handler(BaseHTTPRequestHandler):
    """Streams the answer, a few letters at a time."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for start in range(0, len(ANSWER), 7):
            delta = {"content": ANSWER[start : start + 7]}
            event = {"choices": [{"index": 0, "delta": delta}]}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        pass


def ask(terminal: Terminal) -> str:
    """Ask the question, and return what is shown then, with its styles."""
    terminal.press("C-l")
    terminal.type(QUESTION)
    terminal.press("Enter")
    terminal.wait("punctuation", "\n>\n")
    return terminal.show(with_styles=True).rstrip()


def converse(amaru: str) -> str:
    """Have a conversation, and return what the terminal shows, with its styles."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(
            folder,
            [amaru, "--base-url", url, "--model", "example"],
            columns=COLUMNS,
            rows=ROWS,
            environment={**os.environ, "COLORTERM": "truecolor"},
        )
        try:
            terminal.wait(">")
            # What colours code is installed with the first answer that has some.
            limit = time.monotonic() + LIMIT
            while not is_colored(screen := ask(terminal)):
                if time.monotonic() > limit:
                    sys.exit(f"code is not coloured within {LIMIT} s")
                time.sleep(1)
            return screen
        finally:
            terminal.end()
            server.shutdown()


def is_colored(screen: str) -> bool:
    """Tell whether a keyword of the code has a colour of its own."""
    return "from\x1b[" in screen


def draw(screen: str) -> str:
    """Draw what a terminal shows as SVG."""
    console = Console(width=COLUMNS, record=True, file=open(os.devnull, "w"))
    console.print(Text.from_ansi(screen))
    return console.export_svg(code_format=SVG, unique_id="amaru")


if __name__ == "__main__":
    command, file = sys.argv[1:]
    Path(file).write_text(draw(converse(os.path.abspath(command))))
