# SPDX-License-Identifier: Apache-2.0
"""Runs every client of the network against one server, and prints one table.

    Tests/Benchmarks/Network/run             the table, of the release build as it is
    Tests/Benchmarks/Network/run --only down --only small    rows of these works only
    Tests/Benchmarks/Network/run --rounds N --seconds N      3 in 240 s unless told
    Tests/Benchmarks/Network/run --events N --megabytes N    how much a client transfers
    Tests/Benchmarks/Network/run --program FILE    another build of the command
    Tests/Benchmarks/Network/run --json FILE       every single figure

The server (server.c) is a process of its own that has everything ready before the first
request: what a client takes is the client's. Each client is a process of its own too,
and most do their work twice; the processor time is the user and system time of all its
threads once it has made a client. The clients of a round take turns, in an order that
moves on by one each round, so that what else the machine does meets all alike. No round
is begun that would not end in time. Judged is the cheapest run, and of memory the
worst; the median beside it tells how noisy the machine was. curl's time includes its
start, so that of a small request is taken off. OVER marks a figure that misses its
target, which is a number, or a multiple of the client that it names. What has no target
is for comparison.

    chunk, write, block   an event stream: a write and an HTTP chunk for each event, a
                          write for each, or HTTP chunks of 64 KiB
    down, up              a large body
    small                 requests one after the other, on a warm connection
    client                the same through http.client
    many                  1,000 requests at once, several times
    first                 the first HTTPS request, from the start of the process
    idle                  1,000 responses whose bodies do not go on
    unread                a body of 1 GiB that nobody reads
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tls import TLSServer, make_certificate

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[2]
BUILT = HERE / ".build"
ENVIRONMENT = BUILT / "environment"
CERTIFICATE = BUILT / "certificate.pem"
PROGRAM = PACKAGE / ".build" / "release" / "amaru"
SMALL = 2200

Figures = dict[str, float]


@dataclass(frozen=True)
class Target:
    """What a client's figure may be: a number, or a multiple of another client's."""

    client: str
    figure: str
    limit: float
    of: str | None = None


@dataclass(frozen=True)
class Work:
    """What clients do, with the figures that tell how well."""

    clients: tuple[str, ...]
    figures: tuple[str, ...]
    targets: tuple[Target, ...] = ()


PAIR = ("httpx2", "httpx2-amaru")
# Pieces that arrive together: there is little to save.
NO_MORE = Target("httpx2-amaru", "event", 1, "httpx2")
WORKS = {
    "chunk": Work(
        (
            *("raw", "curl", "httpx2", "httpx2-uvloop", "httpx2-amaru"),
            *("typed", "typed-amaru", "chat-amaru", "pyfetch-amaru"),
        ),
        ("event",),
        (
            Target("httpx2-amaru", "event", 0.3, "httpx2"),
            Target("chat-amaru", "event", 1 / 6, "typed-amaru"),
        ),
    ),
    "write": Work(("curl", *PAIR), ("event",), (NO_MORE,)),
    "block": Work(("curl", *PAIR), ("event",), (NO_MORE,)),
    "down": Work(
        ("curl", *PAIR),
        ("cpu", "growth"),
        (Target("httpx2-amaru", "cpu", 1.25, "curl"),),
    ),
    "up": Work(
        ("curl", *PAIR),
        ("cpu", "growth"),
        (Target("httpx2-amaru", "cpu", 0.9, "curl"),),
    ),
    "small": Work(
        ("curl", *PAIR),
        ("latency",),
        (Target("httpx2-amaru", "latency", 0.75, "httpx2"),),
    ),
    "client": Work(
        ("http.client", "http.client-amaru"),
        ("latency",),
        (Target("http.client-amaru", "latency", 1.2, "http.client"),),
    ),
    "many": Work(
        PAIR,
        ("cpu", "growth", "failed"),
        (
            Target("httpx2-amaru", "cpu", 0.05, "httpx2"),
            Target("httpx2-amaru", "growth", 0.5),
            Target("httpx2-amaru", "failed", 0),
        ),
    ),
    "first": Work(PAIR, ("since",), (Target("httpx2-amaru", "since", 0.7, "httpx2"),)),
    "idle": Work(
        ("httpx2", "httpx2-amaru", "core-amaru"),
        ("each",),
        (Target("httpx2-amaru", "each", 24),),
    ),
    "unread": Work(PAIR, ("growth",), (Target("httpx2-amaru", "growth", 2),)),
}
# How a figure is shown, and what its value is multiplied with for that.
LABELS = {
    "cpu": ("CPU ms", 1e3),
    "event": ("µs CPU an event", 1e6),
    "latency": ("latency µs", 1e6),
    "since": ("wall ms", 1e3),
    "growth": ("memory growth MiB", 1.0),
    "each": ("memory KiB each", 1.0),
    "failed": ("failed", 1.0),
}
WORST = ("growth", "each", "failed")

Runs = dict[tuple[str, str], list[Figures]]


class Clients:
    """Starts clients against the servers, and measures them."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.upload = folder / "upload"
        self.upload.write_bytes(bytes(options.megabytes << 20))
        self.server = subprocess.Popen(
            [BUILT / "server", str(options.events), str(options.megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.server.stdout
        self.origin = f"http://127.0.0.1:{int(self.server.stdout.readline())}"
        self.secure_origin = f"https://localhost:{TLSServer(CERTIFICATE).port}"
        self.variables = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy")
        } | {
            "BENCH_MEGABYTES": str(options.megabytes),
            "NO_PROXY": "*",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(BUILT / "bytecode"),
            "SSL_CERT_FILE": str(CERTIFICATE.with_name("authorities.pem")),
        }
        self.start_of_curl = min(self._curl("start")["cpu"] for _ in range(9))

    def close(self) -> None:
        """Ends the server."""
        assert self.server.stdin
        self.server.stdin.close()
        self.server.wait()

    def run(self, work: str, client: str) -> list[Figures]:
        """Runs a client to its end; RuntimeError if it fails."""
        if client == "curl":
            figures = self._curl(work)
            figures["cpu"] = max(figures["cpu"] - self.start_of_curl, 1e-3)
            found = [figures]
        else:
            found = self._python(work, client)
        for figures in found:
            if "cpu" in figures:
                figures["event"] = figures["cpu"] / self.options.events
        return found

    def _python(self, work: str, client: str) -> list[Figures]:
        origin = self.secure_origin if work == "first" else self.origin
        arguments = [work, client, origin]
        script = str(HERE / "client.py")
        if client.endswith("amaru"):
            run = [self.options.program, "run", "--venv", str(ENVIRONMENT)]
            command = [*run, script, "--", *arguments]
        else:
            command = [str(ENVIRONMENT / "bin" / "python"), script, *arguments]
        try:
            done = subprocess.run(
                command,
                env=self.variables | {"BENCH_STARTED": str(time.monotonic())},
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=60,
            )
        except subprocess.TimeoutExpired as exc:
            raise RuntimeError("did not end within 60 s") from exc
        for line in done.stdout.splitlines():
            if line.startswith("result "):
                found: list[Figures] = json.loads(line.removeprefix("result "))
                return found
        reason = (done.stderr.strip() or "no result").splitlines()[-1]
        raise RuntimeError(reason[:200])

    def _curl(self, work: str) -> Figures:
        ways = {
            "down": [f"{self.origin}/down"],
            "up": ["-H", "Expect:", "-T", str(self.upload), f"{self.origin}/up"],
            "small": [f"{self.origin}/small"] * SMALL,
            "start": [f"{self.origin}/small"],
        }
        asked = ways.get(work, ["-N", "-d", "{}", f"{self.origin}/{work}/v1/x"])
        output = ["-o", "/dev/null"] * (SMALL if work == "small" else 0)
        begun = time.perf_counter()
        process = subprocess.Popen(
            ["curl", "-sS", *output, *asked], stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"curl ended with {process.returncode}")
        cpu = used.ru_utime + used.ru_stime
        return {"cpu": cpu, "wall": wall, "latency": wall / SMALL}


def measure(
    clients: Clients, works: list[str], runs: Runs, failures: dict[tuple[str, str], str]
) -> None:
    """Runs all rounds, and tells what each found."""
    begun, longest = time.monotonic(), 0.0
    for number in range(clients.options.rounds):
        start = time.monotonic()
        if number and start - begun + longest > clients.options.seconds:
            note(f"No time is left for round {number + 1}.")
            return
        for work in works:
            names = WORKS[work].clients
            turn = number % len(names)
            told = []
            for client in names[turn:] + names[:turn]:
                if (work, client) in failures:
                    continue
                try:
                    found = clients.run(work, client)
                except RuntimeError as exc:
                    failures[work, client] = str(exc)
                    continue
                runs[work, client] += found
                figure = WORKS[work].figures[0]
                told.append(f"{client} {shown(figure, judged(found, figure))}")
            label = LABELS[WORKS[work].figures[0]][0]
            of = f"round {number + 1} of {clients.options.rounds}"
            took = time.monotonic() - begun
            note(f"{took:5.0f} s  {of}: {work}, {label}: {', '.join(told)}")
        longest = max(longest, time.monotonic() - start)


def judged(runs: list[Figures], figure: str) -> float:
    """Returns the figure by which runs are judged."""
    values = [run[figure] for run in runs if figure in run]
    if not values:
        return float("nan")
    return max(values) if figure in WORST else min(values)


def shown(figure: str, value: float) -> str:
    """Returns a figure as the table shows it."""
    scaled = value * LABELS[figure][1]
    return f"{scaled:.0f}" if abs(scaled) >= 100 else f"{scaled:.3g}"


def table(
    works: list[str], runs: Runs, failures: dict[tuple[str, str], str]
) -> Iterator[str]:
    """Yields the lines of the table."""
    shape = "{:<7} {:<18} {:<18} {:>8} {:>8} {:>7}  {}"
    yield shape.format(
        "work", "client", "figure", "judged", "median", "ratio", "target"
    )
    for work in works:
        for client in WORKS[work].clients:
            if reason := failures.get((work, client)):
                yield f"{work:<7} {client:<18} failed: {reason}"
            for figure in WORKS[work].figures:
                values = [x[figure] for x in runs[work, client] if figure in x]
                if not values:
                    continue
                value = judged(runs[work, client], figure)
                ratio, target = verdict(work, client, figure, value, runs)
                yield shape.format(
                    *(work, client, LABELS[figure][0], shown(figure, value)),
                    *(shown(figure, statistics.median(values)), ratio, target),
                ).rstrip()


def verdict(
    work: str, client: str, figure: str, value: float, runs: Runs
) -> tuple[str, str]:
    """Returns the ratio and the target of a figure, if it has one."""
    for target in WORKS[work].targets:
        if (target.client, target.figure) != (client, figure):
            continue
        if target.of is None:
            return "", f"{target.limit:g}" + (" OVER" if value > target.limit else "")
        quotient = value / judged(runs[work, target.of], figure)
        over = "" if quotient <= target.limit else " OVER"
        return f"{quotient:.2f}", f"{target.limit:.3g} × {target.of}{over}"
    return "", ""


def note(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def prepare() -> None:
    """Makes what is missing: the server, the clients' environment, a certificate."""
    BUILT.mkdir(exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    server = [compiler, "-O2", "-pthread", "-o", BUILT / "server", HERE / "server.c"]
    subprocess.run(server, check=True)
    if not (ENVIRONMENT / "ready").exists():
        note(f"Installing the clients into {ENVIRONMENT}")
        prefix = subprocess.check_output(
            ["pkg-config", "--variable=exec_prefix", "python3-embed"], text=True
        ).strip()
        subprocess.run([f"{prefix}/bin/python3", "-m", "venv", ENVIRONMENT], check=True)
        packages = ["openai>=3.1,<4", "httpx", "httpx2", "pluggy", "uvloop"]
        subprocess.run(
            [ENVIRONMENT / "bin/pip", "install", "-q", *packages], check=True
        )
        (ENVIRONMENT / "ready").touch()
    make_certificate(CERTIFICATE)
    # Reading many authorities is a part of a first request.
    python = ENVIRONMENT / "bin" / "python"
    code = "import certifi; print(certifi.contents())"
    usual = subprocess.check_output([python, "-c", code], text=True)
    own = CERTIFICATE.read_text()
    CERTIFICATE.with_name("authorities.pem").write_text(usual + own)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=WORKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=240)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--program", default=str(PROGRAM))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    for program in ("curl", "openssl"):
        if not shutil.which(program):
            sys.exit(f"{program} is missing: apt-get install {program}")
    prepare()
    works = options.only or list(WORKS)
    runs: Runs = defaultdict(list)
    failures: dict[tuple[str, str], str] = {}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="amaru-bench-") as folder:
        clients = Clients(options, Path(folder))
        try:
            measure(clients, works, runs, failures)
        except KeyboardInterrupt:
            note("Interrupted: the table has what was measured until now.")
        finally:
            clients.close()
    for line in table(works, runs, failures):
        print(line)
    print(f"The machine's load was {load:.1f} before, {os.getloadavg()[0]:.1f} after.")
    if options.json:
        figures = {f"{work} {client}": found for (work, client), found in runs.items()}
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
