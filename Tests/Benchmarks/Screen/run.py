# SPDX-License-Identifier: Apache-2.0
"""Measures what answers cost on a terminal, beside Rich's Live on the same deltas.

    Tests/Benchmarks/Screen/run                  the release build as it is
    Tests/Benchmarks/Screen/run --program FILE   another build of the command
    Tests/Benchmarks/Screen/run --every N        Rich gets N deltas at a time
    Tests/Benchmarks/Screen/run --rounds N       of N rounds, 5 or more

A server on loopback sends an answer of 60 kB in 2,000 deltas, 3 ms apart. The command
shows it on a terminal of 80 by 24, laid out and with --plain; their difference is what
laying out costs. Rich, which the package index must have, is given the same deltas and
draws the whole answer at each, as programs that are built on it do; in a row of its own
it gets them 3 ms apart too, and draws 60 times in a second. The import of Rich is taken
out of its time. Printed are the bytes that reached the terminal and the user and system
time of whole processes, of which each round has one of each kind, but for the row of
its own, which takes minutes; the cheapest counts.
OVER marks a figure that misses its target; then the exit status is 1.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import resource
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[2]
PROGRAM = PACKAGE / ".build" / "release" / "amaru"
DELTAS, SIZE, PAUSE = 2_000, 60_000, 0.003
SLOW = "live at 60 Hz"
BYTES_LIMIT, DELTA_LIMIT, RICH_LIMIT = 4.0, 0.5, 0.05


# The bytes on the terminal, and seconds of CPU.
Cost = tuple[int, float]


def answer() -> str:
    """Return an answer with all that models write."""
    parts: list[str] = []
    while sum(map(len, parts)) < SIZE:
        number = len(parts)
        words = " ".join(f"word{n}" for n in range(110))
        code = "".join(f"def f{n}(x: int) -> int: return x + {n}\n" for n in range(20))
        parts.append(
            f"## Section {number}\n\nSome **bold** text with `code`, *emphasis* and "
            f"[a link](https://example.com/{number}): {words}.\n\n"
            "1. one item\n   - nested, with more words than one row of this terminal "
            "has room for\n2. another\n\n"
            f"```python\n{code}```\n\n"
            "| a | b |\n|---|--:|\n| one | 1 |\n| two | 2 |\n\n"
        )
    return "".join(parts)[:SIZE]


def cut(text: str) -> list[str]:
    """Cut a text into the deltas."""
    step = len(text) / DELTAS
    places = [round(step * number) for number in range(DELTAS + 1)]
    return [text[a:b] for a, b in zip(places, places[1:], strict=False)]


class Handler(BaseHTTPRequestHandler):
    """Streams the answer."""

    deltas: list[str] = []

    def do_POST(self) -> None:
        """Send one event for each delta."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number, delta in enumerate(self.deltas):
            finish = "stop" if number == len(self.deltas) - 1 else None
            choice = {"index": 0, "delta": {"content": delta}, "finish_reason": finish}
            self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
            self.wfile.flush()
            time.sleep(PAUSE)
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def on_terminal(words: list[str]) -> Cost:
    """Run a program on a terminal; return the bytes it wrote and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="80", LINES="24")
        os.execvp(words[0], words)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    count = 0
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:
            break
        if not data:
            break
        count += len(data)
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    if status:
        sys.exit(f"{words[0]} ended with {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return count, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rich() -> list[str]:
    """Return the command that shows a file of deltas with Rich."""
    folder = HERE / ".build"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "rich"], check=True)
    return [str(python), "-B", str(HERE / "live.py")]


def cheapest(programs: dict[str, list[str]], rounds: int) -> dict[str, Cost]:
    """Run all programs by turns; return the least of the bytes and of the seconds.

    What takes minutes runs in the first round only.
    """
    costs: dict[str, Cost] = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for name, program in programs.items():
            if number and name == SLOW:
                continue
            cost = on_terminal(program)
            former = costs.get(name, cost)
            costs[name] = (min(cost[0], former[0]), min(cost[1], former[1]))
    return costs


def row(name: str, cost: Cost, *limits: tuple[float, float]) -> bool:
    """Print a line of the table; return whether a figure misses its target."""
    is_over = any(figure > limit for figure, limit in limits)
    size, seconds = cost
    print(
        f"{name:32} {size / SIZE:8.2f} x the answer {seconds / DELTAS * 1000:9.3f} ms"
        f" of CPU per delta{' OVER' * is_over}"
    )
    return is_over


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=str(PROGRAM))
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    deltas, every = cut(answer()), options.every
    Handler.deltas = deltas
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    ask = [options.program, "hello", "--no-key", "--base-url", url]
    joined = ["".join(deltas[at : at + every]) for at in range(0, len(deltas), every)]
    with tempfile.TemporaryDirectory() as scratch:
        files = {}
        for name, pieces in (("none", []), ("joined", joined), ("all", deltas)):
            path = Path(scratch, name)
            path.write_text(json.dumps(pieces), encoding="utf-8")
            files[name] = str(path)
        programs = {
            "plain": [*ask, "--plain"],
            "laid out": ask,
            "import": [*rich(), files["none"]],
            "live": [*rich(), files["joined"]],
            SLOW: [*rich(), files["all"], str(PAUSE)],
        }
        costs = cheapest(programs, max(5, options.rounds))
    server.shutdown()

    def difference(name: str, base: str, times: int = 1) -> Cost:
        (count, seconds), (less, start) = costs[name], costs[base]
        return (count - less) * times, (seconds - start) * times

    own, cost = costs["laid out"], difference("laid out", "plain")
    live = difference("live", "import", every)
    paced = difference(SLOW, "import")
    row("amaru --plain, all of it", costs["plain"])
    is_over = row("amaru, all of it", own, (own[0] / SIZE, BYTES_LIMIT))
    is_over |= row("laying out", cost, (cost[1] / DELTAS * 1000, DELTA_LIMIT))
    row(f"Rich Live (1 in {every}, scaled)", live)
    row("Rich Live at 60 Hz", paced)
    ratio = cost[1] / live[1]
    is_over |= ratio > RICH_LIMIT
    print(f"laying out / Rich Live: {ratio:.4f}{' OVER' * (ratio > RICH_LIMIT)}")
    print(f"laying out / Rich Live at 60 Hz: {cost[1] / paced[1]:.4f}")
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
