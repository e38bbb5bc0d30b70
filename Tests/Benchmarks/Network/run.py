# SPDX-License-Identifier: Apache-2.0
"""Runs every client of the network against one server, and prints one table.

    Tests/Benchmarks/Network/run            build what is missing, then the table
    Tests/Benchmarks/Network/run --only chunk --only small   rows of this work only
    Tests/Benchmarks/Network/run --rounds N --events N --megabytes N
    Tests/Benchmarks/Network/run --no-build     with the program as it is
    Tests/Benchmarks/Network/run --json FILE    every single figure

The server (server.c) is a process of its own that has everything ready before the first
request: what a client takes is the client's. Each client is a process of its own too
and does its work twice; its processor time is the user and system time of all its
threads. Rounds are interleaved, so that what else the machine does meets all clients
alike. Judged are ratios within this run, of the cheapest runs; the median beside them
tells how noisy the machine was. curl's time includes its start, so that of a small
request is taken off. The limits are the network's own goals; OVER marks a missed one,
and a row without a limit is for comparison.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[2]
ENVIRONMENT = HERE / ".build" / "environment"
PROGRAM = PACKAGE / ".build" / "release" / "amaru"

STREAM_CLIENTS = (
    *("raw", "curl", "httpx2", "httpx2-uvloop", "httpx2-amaru"),
    *("typed", "typed-amaru", "chat-amaru", "pyfetch"),
)
WORKS = {
    "chunk": STREAM_CLIENTS,
    "write": STREAM_CLIENTS,
    "block": STREAM_CLIENTS,
    "down": ("curl", "httpx2", "httpx2-amaru"),
    "up": ("curl", "httpx2", "httpx2-amaru"),
    "small": ("curl", "httpx2", "httpx2-amaru"),
    "many": ("httpx2", "httpx2-amaru"),
    "first": ("httpx2", "httpx2-amaru"),
}


class Limit(NamedTuple):
    """`figure` of the client, as a multiple of that of another one, or as it is."""

    figure: str
    of: str | None
    limit: float


LIMITS = {
    **{
        (mode, "httpx2-amaru"): Limit("cpu", "httpx2", 1)
        for mode in ("chunk", "write", "block")
    },
    ("chunk", "chat-amaru"): Limit("cpu", "typed-amaru", 1 / 6),
    ("down", "httpx2-amaru"): Limit("cpu", "curl", 1.5),
    ("up", "httpx2-amaru"): Limit("cpu", "curl", 1.5),
    ("small", "httpx2-amaru"): Limit("latency", "httpx2", 1),
    ("many", "httpx2-amaru"): Limit("failed", None, 0),
}
COMPARED = {"small": "latency", "first": "since"}
REFERENCES = {"down": "curl", "up": "curl"}

Runs = list[dict[str, float]]


@dataclass
class Server:
    """The server, with its origin and what it has used."""

    process: subprocess.Popen[str]
    origin: str = field(init=False)

    def __post_init__(self) -> None:
        assert self.process.stdout
        self.origin = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def cpu(self) -> float:
        answer = subprocess.check_output(["curl", "-s", f"{self.origin}/cpu"])
        return float(json.loads(answer)["cpu"])


def clean_environment(megabytes: int) -> dict[str, str]:
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
    }
    return variables | {
        "BENCH_MEGABYTES": str(megabytes),
        "BENCH_STARTED": str(time.monotonic()),
        "NO_PROXY": "*",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(HERE / ".build" / "bytecode"),
    }


def command(work: str, client: str, origin: str) -> list[str]:
    arguments = [work, client, origin]
    script = str(HERE / "client.py")
    if client.endswith("amaru") or client == "pyfetch":
        options = ["--python", str(ENVIRONMENT)]
        return [str(PROGRAM), "run", *options, script, "--", *arguments]
    return [str(ENVIRONMENT / "bin" / "python"), script, *arguments]


def run_python(work: str, client: str, origin: str, megabytes: int) -> Runs:
    variables = clean_environment(megabytes)
    if client not in ("httpx2-amaru", "typed-amaru", "chat-amaru", "pyfetch"):
        variables["PYTHONPATH"] = str(PACKAGE / "Python")
    done = subprocess.run(
        command(work, client, origin),
        env=variables,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    for line in done.stdout.splitlines():
        if line.startswith("result "):
            found: Runs = json.loads(line.removeprefix("result "))
            return found
    reason = (done.stderr.strip() or "no result").splitlines()[-1]
    raise RuntimeError(reason[:200])


def run_curl(work: str, origin: str, upload: str) -> Runs:
    ways = {
        "down": [f"{origin}/down"],
        "up": ["-H", "Expect:", "-T", upload, f"{origin}/up"],
        "small": [f"{origin}/small"] * 2200,
        "start": [f"{origin}/small"],
    }
    asked = ways.get(work, ["-N", "-d", "{}", f"{origin}/{work}/v1/x"])
    output = [word for _ in asked if work == "small" for word in ("-o", "/dev/null")]
    begun = time.perf_counter()
    process = subprocess.Popen(
        ["curl", "-sS", *output, *asked], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"curl ended with {process.returncode}")
    run = {"cpu": used.ru_utime + used.ru_stime, "wall": wall}
    if work == "small":
        run["latency"] = wall / 2200
    return [run]


def measured(works: list[str], options: argparse.Namespace) -> dict[str, Any]:
    runs: dict[str, dict[str, Runs]] = {work: defaultdict(list) for work in works}
    missing: dict[str, dict[str, str]] = {work: {} for work in works}
    with tempfile.TemporaryDirectory() as folder:
        upload = Path(folder) / "upload"
        upload.write_bytes(bytes(options.megabytes << 20))
        server = Server(
            subprocess.Popen(
                [HERE / ".build/server", str(options.events), str(options.megabytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        serving: dict[str, float] = defaultdict(float)
        start = min(run_curl("start", server.origin, "")[0]["cpu"] for _ in range(9))
        try:
            for number in range(options.rounds):
                for work in works:
                    before = server.cpu()
                    for client in rotated(WORKS[work], number):
                        if client in missing[work]:
                            continue
                        try:
                            if client == "curl":
                                found = run_curl(work, server.origin, str(upload))
                                found[0]["cpu"] = max(found[0]["cpu"] - start, 1e-3)
                            else:
                                found = run_python(
                                    work, client, server.origin, options.megabytes
                                )
                            runs[work][client] += found
                        except (RuntimeError, subprocess.TimeoutExpired) as exc:
                            missing[work][client] = str(exc)
                    serving[work] += server.cpu() - before
                    note(f"round {number + 1} of {options.rounds}: {work}")
        except KeyboardInterrupt:
            note("Interrupted: the table has what was measured until now.")
        assert server.process.stdin
        server.process.stdin.close()
        server.process.wait()
    return {"runs": runs, "missing": missing, "server": serving}


def rotated(clients: tuple[str, ...], number: int) -> tuple[str, ...]:
    turn = number % len(clients)
    return clients[turn:] + clients[:turn]


def least(runs: Runs, figure: str) -> float:
    return min(run[figure] for run in runs)


def verdict(work: str, client: str, runs: dict[str, Runs]) -> str:
    rule = LIMITS.get((work, client))
    if rule is None:
        return ""
    if rule.of is None:
        value = max(run[rule.figure] for run in runs[client])
        text = f"{rule.figure} {value:.0f} (limit {rule.limit:.0f})"
    elif not runs.get(rule.of):
        return f"no {rule.of} to compare with"
    else:
        value = least(runs[client], rule.figure) / least(runs[rule.of], rule.figure)
        text = f"{rule.figure} {value:.2f} × {rule.of} (limit {rule.limit:.2f})"
    return text + ("  OVER" if value > rule.limit else "")


def print_table(found: dict[str, Any]) -> None:
    columns = "{:7} {:14} {:>9} {:>7} {:>9} {:>9} {:>9}  {}"
    print(
        columns.format(
            *("work", "client", "CPU ms", "ratio", "median", "wall ms", "RSS MB"),
            "limit",
        )
    )
    for work, clients in found["runs"].items():
        reference = REFERENCES.get(work, "httpx2")
        for client in WORKS[work]:
            if reason := found["missing"][work].get(client):
                print(f"{work:7} {client:14} not available: {reason}")
                continue
            if not (runs := clients[client]):
                continue
            base = clients.get(reference)
            figure = COMPARED.get(work, "cpu")
            has = base and all(figure in run for run in (*runs, *base))
            ratio = least(runs, figure) / least(base, figure) if has else None
            shown = 1e3 * (least(runs, figure) if figure in runs[0] else 0)
            wall = least(runs, "wall") * 1e3
            median = statistics.median(run.get(figure, 0) for run in runs)
            growth = max((run["growth"] for run in runs if "growth" in run), default=-1)
            print(
                columns.format(
                    work,
                    client,
                    f"{shown:.3g}" if shown < 100 else f"{shown:.0f}",
                    f"{ratio:.2f}" if ratio is not None else "",
                    f"{median * 1e3:.4g}",
                    f"{wall:.0f}",
                    f"{growth:.1f}" if growth >= 0 else "",
                    verdict(work, client, clients),
                ).rstrip()
            )
        print(f"{work:7} (the server itself: {found['server'][work] * 1e3:.0f} ms CPU)")
    print(
        "CPU ms, ratio and median are of the latency for small, of the time since the\n"
        "start for first; the ratio is to httpx2's default, to curl for down and up."
    )


def note(message: str) -> None:
    print(message, file=sys.stderr)


def prepare(build: bool) -> None:
    folder = HERE / ".build"
    folder.mkdir(exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    server = [compiler, "-O2", "-pthread", "-o", folder / "server", HERE / "server.c"]
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
    if build:
        words = ["swift", "build", "-c", "release", "--product", "amaru"]
        subprocess.run(words, check=True, cwd=PACKAGE, stdout=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=WORKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not shutil.which("curl"):
        sys.exit("curl is missing: it is one of the clients; apt-get install curl")
    prepare(not options.no_build)
    found = measured(options.only or list(WORKS), options)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    print_table(found)


main()
