# SPDX-License-Identifier: Apache-2.0
"""Measures the list of 10,000 conversations beside llm's, and prints one table.

    Tests/Benchmarks/History/run             the table, of the release build as it is
    Tests/Benchmarks/History/run --rounds N  of N rounds; 10 unless told
    Tests/Benchmarks/History/run --program FILE    another build of the command

Both stores hold the same questions and answers. The figures are of whole processes, as
in Tests/Benchmarks/Process/run.py; judged is the cheapest run. amaru always lists all;
llm lists three unless told, and so has a row for either. OVER marks a figure that
misses its target; then the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "Process"))

import run as process

COUNT = 10_000
LIMIT = 0.05

FILL_LLM = """
import json, sys, sqlite_utils, llm.migrations, llm.cli
db = sqlite_utils.Database(llm.cli.logs_db_path())
llm.migrations.migrate(db)
lines = [json.loads(line) for line in sys.stdin]
db["conversations"].insert_all(
    {"id": one["id"], "name": one["title"], "model": "small"} for one in lines
)
db["responses"].insert_all(
    {
        "id": one["id"],
        "model": "small",
        "prompt": one["turns"][0]["question"],
        "response": one["turns"][0]["answer"],
        "conversation_id": one["id"],
        "datetime_utc": "2026-01-01T00:00:00",
        "duration_ms": 1000,
    }
    for one in lines
)
"""


def conversations() -> Iterator[str]:
    """Yields lines of JSON as `amaru history import` takes them."""
    letters = "23456789abcdefghjkmnpqrstuvwxyz"
    for number in range(COUNT):
        name, rest = "", number
        for _ in range(9):
            rest, digit = divmod(rest, len(letters))
            name += letters[digit]
        question = f"What is the number {number}, and what is it good for?"
        turn = {
            "id": number + 1,
            "question": question,
            "answer": f"It is {number}. " + "It is good for counting. " * 20,
            "state": "finished",
            "started": 1e9 + number,
        }
        yield json.dumps(
            {
                "id": "2" + name,
                "title": question,
                "model": "small",
                "created": 1e9 + number,
                "changed": 1e9 + number,
                "head": number + 1,
                "turns": [turn],
            }
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--program", default=str(process.PROGRAM))
    options = parser.parse_args()
    peer = process.environment(process.linked_python(), "environment", process.LLM)
    with tempfile.TemporaryDirectory(prefix="amaru-bench-") as folder:
        processes = process.Processes(Path(folder))
        (Path(folder) / "llm").mkdir()
        lines = "".join(f"{line}\n" for line in conversations())
        for command in (
            [options.program, "history", "import", "-"],
            [f"{peer}/bin/python", "-c", FILL_LLM],
        ):
            subprocess.run(
                command, input=lines, text=True, check=True, env=processes.variables
            )
        rows = {
            "history list, all": [options.program, "history", "list"],
            "history search": [options.program, "history", "search", "number 4711"],
            "llm logs list, all": [f"{peer}/bin/llm", "logs", "list", "-s", "-n", "0"],
            "llm logs list": [f"{peer}/bin/llm", "logs", "list"],
        }
        runs: dict[str, list[process.Figures]] = {name: [] for name in rows}
        for _ in range(options.rounds + 1):
            for name, command in rows.items():
                runs[name].append(processes.measure(*command, into=f"{folder}/out"))
        least = {
            name: {key: min(each[key] for each in all_[1:]) for key in ("wall", "cpu")}
            for name, all_ in runs.items()
        }
    print(f"{'row':<22}{'wall ms':>10}{'CPU ms':>10}")
    for name, figures in least.items():
        print(f"{name:<22}{figures['wall']:>10.2f}{figures['cpu']:>10.2f}")
    status = 0
    for other in ("llm logs list, all", "llm logs list"):
        own, theirs = least["history list, all"], least[other]
        ratios = [own[key] / theirs[key] for key in ("wall", "cpu")]
        over = " OVER" if max(ratios) > LIMIT else ""
        status |= bool(over)
        words = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"history list / {other}: {words} (at most {LIMIT}){over}")
    return status


if __name__ == "__main__":
    sys.exit(main())
