# SPDX-License-Identifier: Apache-2.0
"""Measures a server with many viewers of one answer, and prints the figures.

    Tests/Benchmarks/Serve/run               1,000 viewers, 20 events a second, 10 s
    Tests/Benchmarks/Serve/run --viewers N   of N viewers
    Tests/Benchmarks/Serve/run --stalled N   N clients read none of another answer,
                                             else a tenth of the viewers
    Tests/Benchmarks/Serve/run --leaving N   N more viewers go in the middle by FIN, and
                                             N by RST, else 100 of each
    Tests/Benchmarks/Serve/run --program FILE    another build of the command

First the viewers follow an answer that is silent, for the processor time of streams at
rest; then it comes as numbered paragraphs. A piece's delay is from the script's `yield`
to the client, which shares the machine, and includes the 40 ms that the server gathers
pieces for. Nothing is asserted but that no viewer loses or repeats a piece.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(PACKAGE / "Tests" / "Python"))
PROGRAM = PACKAGE / ".build" / "release" / "amaru"


def processor(pid: int) -> float:
    """Return the seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(viewers: int, seconds: int, idle: int, leaving: int) -> bool:
    from serve_api.viewers import Viewer, begin, files, resident, stall, stalled
    from serving import Serving

    server = Serving()
    try:
        _, first = await begin(server, "say hello")
        for viewer in [await Viewer.follow(server, first) for _ in range(16)]:
            await viewer.ended
        memory, opened = resident(server), files(server)
        count = 20 * seconds
        _, turn = await begin(server, f"count {count} 0.05")
        all_viewers = [await Viewer.follow(server, turn) for _ in range(viewers)]
        each = (resident(server) - memory) / viewers / 1024
        print(f"{viewers} streams, each {each:.1f} KiB of resident memory")
        used = processor(server.pid)
        await asyncio.sleep(seconds)
        used = processor(server.pid) - used
        print(f"silent for {seconds} s: {used:.2f} s of processor time")
        clients = []
        if idle:
            _, poured = await begin(server, "pour 160 pour")
            clients = [stall(server, poured) for _ in range(idle)]
            follower = await Viewer.follow(server, poured)
            server.touch("pour")
            await follower.ended
        others = [await Viewer.follow(server, turn) for _ in range(2 * leaving)]
        used = processor(server.pid)
        server.touch("begin")
        await asyncio.sleep(seconds / 2)
        for number, viewer in enumerate(others):
            viewer.leave(abruptly=number % 2 == 0)
        for viewer in all_viewers:
            await viewer.ended
        used = processor(server.pid) - used
        print(f"{count} events to each: {used:.2f} s of processor time")
        delays = sorted(delay for viewer in all_viewers for delay in viewer.delays)
        for share in (50, 99):
            delay = delays[min(len(delays) * share // 100, len(delays) - 1)]
            print(f"p{share} of the delays: {delay:.0f} ms")
        print(f"{len(others)} more viewers have left in the middle")
        if idle:
            print(f"{stalled(clients)} of {idle} clients read nothing until here")
        for client in clients:
            client.close()
        each = (resident(server) - memory) / viewers / 1024
        print(f"at the end: {each:.1f} KiB of resident memory for each viewer")
        # Those that have left are closed by and by.
        await asyncio.sleep(10)
        print(f"files: {opened} before, {files(server)} after")
        wrong = sum(viewer.pieces != list(range(count)) for viewer in all_viewers)
        print(f"viewers that lost or repeated a piece: {wrong}")
        return wrong == 0
    finally:
        server.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--stalled", type=int)
    parser.add_argument("--leaving", type=int, default=100)
    parser.add_argument("--program", type=Path, default=PROGRAM)
    options = parser.parse_args()
    os.environ["AMARU_COMMAND"] = str(options.program.resolve())
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    idle = options.viewers // 10 if options.stalled is None else options.stalled
    good = asyncio.run(measure(options.viewers, options.seconds, idle, options.leaving))
    print(f"load after: {os.getloadavg()[0]:.1f}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
