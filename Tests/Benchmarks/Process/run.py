# SPDX-License-Identifier: Apache-2.0
"""Measures whole runs of the command beside their floors, and prints one table.

    Tests/Benchmarks/Process/run             the table, of the release build as it is
    Tests/Benchmarks/Process/run --rounds N  of N rounds; 10 unless told
    Tests/Benchmarks/Process/run --only question --only run    these rows only
    Tests/Benchmarks/Process/run --program FILE    another build of the command
    Tests/Benchmarks/Process/run --json FILE       every single figure

Every figure is of whole processes, from before their start to after their end: the wall
time, and the user and system time of the process with all its threads and children. The
runs of a round take turns, in an order that moves on by one each round, so that what
else the machine does meets all alike. Judged is the cheapest run; the median beside it
tells how noisy the machine was. OVER marks a figure that misses its target, which is a
number, or a multiple of the row that it names; then the exit status is 1.

Before the rounds each command runs once, which makes its environment and its caches.
llm, and what the tutorial imports, come from the package index, into environments of
their own. The tutorial's set-up is run as it is, from ../shared/seed beside the
repository, with a server on loopback for the page and the wheels; without these files
its row is left out. Both chats ask a server on loopback that has the answer ready
(Tests/Benchmarks/Network/server.c).
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from programs import BUILT, compiled, environment, linked_python, output
from scripts import scripts
from tutorial import PACKAGES, WHEELS, site

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[2]
PROGRAM = PACKAGE / ".build" / "release" / "amaru"
LLM = "llm==0.36"
QUESTION = "What is the capital of Peru?"
WORDS = 60
FEW, MANY = 1_000, 100_000

Figures = dict[str, float]


@dataclass
class Row:
    """Something that runs, with what its figures may be at most."""

    name: str
    run: Callable[[], Figures]
    targets: tuple[tuple[str, float, str | None], ...] = ()


@contextmanager
def server(events: int) -> Iterator[int]:
    """Serves answers of that many events, and yields the port."""
    program = compiled(HERE.parent / "Network" / "server.c")
    with subprocess.Popen(
        [program, str(events), "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


class Processes:
    """Starts processes in one environment and measures them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "OPENAI_API_KEY": "sk-benchmark",
            "LLM_USER_PATH": str(folder / "llm"),
            # What it takes to reach the package index, for the environments.
            **{key: os.environ[key] for key in os.environ if key.startswith("PIP_")},
        }

    def measure(
        self, *command: str, given: str = "", into: str | None = None
    ) -> Figures:
        """Runs a process to its end."""
        source = self.folder / "input"
        source.write_text(given)
        target = Path(into) if into else self.folder / "output"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, source, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, target, flags, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, self.folder / "errors", flags, 0o600),
        ]
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        pid = os.posix_spawnp(command[0], command, self.variables, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        if status != 0:
            said = (self.folder / "errors").read_text()
            sys.exit(f"{' '.join(command)} failed ({status}):\n{said}")
        figures = {
            "wall": (end - begin) / 1e6,
            "cpu": (usage.ru_utime + usage.ru_stime) * 1e3,
        }
        if (
            given == ""
            and into is None
            and (text := target.read_text()[:40]).isdecimal()
        ):
            figures["first"] = (int(text) - begin) / 1e6
        return figures

    def prompt(self, *command: str) -> Figures:
        """Runs a conversation on a terminal until it has shown its prompt."""
        control, terminal = pty.openpty()
        with tempfile.TemporaryFile() as errors:
            begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            with subprocess.Popen(
                command,
                stdin=terminal,
                stdout=terminal,
                stderr=errors,
                env=self.variables,
                start_new_session=True,
            ) as process:
                os.close(terminal)
                shown = b""
                while b">" not in re.sub(rb"\x1b\[[0-9;?>=]*[a-zA-Z]", b"", shown):
                    if not select.select([control], [], [], 30)[0]:
                        sys.exit(f"there is no prompt: {shown!r}")
                    shown += os.read(control, 4096)
                end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                os.write(control, b"\x04")
                while True:
                    try:
                        if not os.read(control, 4096):
                            break
                    except OSError:
                        break
                process.wait()
            os.close(control)
            errors.seek(0)
            traced = re.search(rb"\[([0-9.]+) ms\] prompt shown", errors.read())
        figures = {"wall": (end - begin) / 1e6}
        if traced:
            figures["trace"] = float(traced[1])
        return figures


def per_event(few: Figures, many: Figures) -> float:
    """Returns the microseconds of processor time of one event."""
    return (many["cpu"] - few["cpu"]) * 1e3 / (MANY - FEW)


def rows(
    processes: Processes, program: str, ports: dict[int, int], page: str | None
) -> list[Row]:
    """Returns all that is measured."""
    run, script = processes.measure, scripts(processes.folder)
    python = linked_python()
    flags = output("pkg-config", "--cflags", "--libs", "python3-embed").split()
    floor = compiled(HERE / "start.c", *flags)
    bytecode = str(processes.folder / "bytecode")
    question = f"http://127.0.0.1:{ports[WORDS]}/write/v1"
    models = processes.folder / "llm" / "extra-openai-models.yaml"
    models.parent.mkdir()
    models.write_text(
        f"- model_id: small\n  model_name: small\n  api_base: {question}\n"
    )
    peer = f"{environment(python, 'environment', LLM)}/bin/llm"
    tutorial = environment(python, "tutorial", *PACKAGES)
    into = str(processes.folder / "answer")

    def answered(events: int) -> Figures:
        base = f"http://127.0.0.1:{ports[events]}/block/v1"
        return run(program, "--base-url", base, QUESTION, into=into)

    def scripted(name: str, events: int) -> Figures:
        return run(program, "run", script[name], given=f"{events}\n", into=into)

    def each(answers: Callable[[int], Figures]) -> Figures:
        return {"each": per_event(answers(FEW), answers(MANY))}

    def running(name: str) -> Row:
        return Row(name, lambda: run(program, "run", script[name.split()[-1]]))

    def set_up() -> Figures:
        options = ("--origin", f"{page}/", "--route", f"{WHEELS}={page}")
        return run(program, "run", "setup.py", *options)

    found = [
        Row(
            "question: amaru",
            lambda: run(program, "--base-url", question, QUESTION),
            (("wall", 0.2, "question: llm"), ("cpu", 0.2, "question: llm")),
        ),
        Row("question: llm", lambda: run(peer, "-m", "small", "--no-log", QUESTION)),
        Row("start: true", lambda: run("true")),
        Row("start: C with libpython", lambda: run(floor)),
        Row("start: --version", lambda: run(program, "--version"), (("cpu", 5, None),)),
        Row("start: --help", lambda: run(program, "--help"), (("cpu", 5, None),)),
        Row(
            "run: amaru, print",
            running("print").run,
            (("wall", 2, "run: python3, print"), ("cpu", 2, "run: python3, print")),
        ),
        Row("run: python3, print", lambda: run(python, script["print"])),
        Row(
            "run: amaru, asyncio",
            running("asyncio").run,
            (
                ("wall", 1.25, "run: python3, asyncio"),
                ("cpu", 1.25, "run: python3, asyncio"),
            ),
        ),
        Row("run: python3, asyncio", lambda: run(python, script["asyncio"])),
        Row(
            "run: amaru, httpx",
            lambda: run(program, "run", "--venv", tutorial, script["httpx"]),
            (("cpu", 1.15, "run: python3, httpx"),),
        ),
        Row(
            "run: python3, httpx",
            lambda: run(f"{tutorial}/bin/python", script["httpx"]),
        ),
        Row(
            "again: amaru, the set-up",
            set_up,
            (("cpu", 1.3, "again: python3, its imports"),),
        ),
        Row(
            "again: python3, its imports",
            lambda: run(f"{tutorial}/bin/python", script["imports"]),
        ),
        Row(
            "first: amaru run",
            running("first").run,
            (("first", 1.3, "first: C, same configuration"),),
        ),
        Row(
            "first: C, same configuration",
            lambda: run(floor, script["first"], python, bytecode),
        ),
        Row(
            "prompt: amaru",
            lambda: processes.prompt(program, "--base-url", question, "--verbose"),
            (("wall", 10, None), ("trace", 10, None)),
        ),
        Row(
            "events: of Turn.text",
            lambda: each(partial(scripted, "text")),
            (("each", 1, None),),
        ),
        Row("events: of a generator", lambda: each(partial(scripted, "reply"))),
        Row("events: of a server", lambda: each(answered)),
    ]
    return [row for row in found if page or row.run is not set_up]


LABELS = {
    "wall": "wall ms",
    "cpu": "CPU ms",
    "first": "first bytecode ms",
    "trace": "ms by the trace",
    "each": "µs CPU each",
}


def table(all_rows: list[Row], runs: dict[str, list[Figures]]) -> Iterator[str]:
    """Yields the lines of the table."""
    shape = "{:<30} {:<18} {:>9} {:>9} {:>7}  {}"
    yield shape.format("row", "figure", "min", "median", "ratio", "target")
    least = {
        (row.name, key): min(figures[key] for figures in runs[row.name])
        for row in all_rows
        for key in runs[row.name][0]
    }
    for row in all_rows:
        targets = {key: (limit, of) for key, limit, of in row.targets}
        for key in runs[row.name][0]:
            value = least[row.name, key]
            median = statistics.median(f[key] for f in runs[row.name] if key in f)
            limit, of = targets.get(key, (0.0, None))
            ratio, target = "", ""
            if of is not None and (of, key) in least:
                quotient = value / least[of, key]
                ratio = f"{quotient:.2f}"
                target = f"{limit:g} × {of.split(': ')[1]}"
                target += " OVER" if quotient > limit else ""
            elif key in targets and of is None:
                target = f"{limit:g}" + (" OVER" if value > limit else "")
            yield shape.format(
                row.name, LABELS[key], f"{value:.2f}", f"{median:.2f}", ratio, target
            ).rstrip()


def size(program: str, folder: Path) -> str:
    """Returns the line that says how large the command is."""
    stripped = folder / "stripped"
    subprocess.run(["strip", "-s", "-o", stripped, program], check=True)
    megabytes = stripped.stat().st_size / 1e6
    over = " OVER" if megabytes > 30 else ""
    return (
        f"{'size: stripped':<30} {'MB':<18} {megabytes:>9.1f} {'':>9} {'':>7}  30{over}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--program", default=str(PROGRAM))
    parser.add_argument("--json")
    options = parser.parse_args()
    target = Path(options.json).resolve() if options.json else None
    with (
        tempfile.TemporaryDirectory(prefix="amaru-bench-") as name,
        server(WORDS) as words,
        server(FEW) as few,
        server(MANY) as many,
        site(BUILT, Path(name)) as page,
    ):
        folder = Path(name)
        ports = {WORDS: words, FEW: few, MANY: many}
        program = str(Path(options.program).resolve())
        # Where the set-up unpacks the page's archive.
        os.chdir(folder)
        wanted = [
            row
            for row in rows(Processes(folder), program, ports, page)
            if not options.only or row.name.split(":")[0] in options.only
        ]
        runs: dict[str, list[Figures]] = defaultdict(list)
        for row in wanted:
            print(f"warming up: {row.name}", file=sys.stderr)
            row.run()
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            first = number % len(wanted)
            for row in wanted[first:] + wanted[:first]:
                runs[row.name].append(row.run())
        lines = [*table(wanted, runs), size(program, folder)]
    print(*lines, sep="\n")
    if target:
        target.write_text(json.dumps(runs, indent=1))
    return int(any(line.endswith(" OVER") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
