# SPDX-License-Identifier: Apache-2.0
"""What operators see: addresses, the log of requests, health and readiness."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from serve_api.page_client import Client
from serving import COMMAND, ROOT, Serving, eventually, obstacle, servers

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(obstacle()), reason=obstacle()),
]

Start = Callable[..., Serving]

start = pytest.fixture(servers)


def status(host: str, port: int, path: str = "/health") -> int:
    with closing(http.client.HTTPConnection(host, port, timeout=50)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_addresses_for_other_machines_are_printed(start: Start, host: str) -> None:
    server = start("--host", host, AMARU_SERVE_TOKEN="a-token-of-a-good-length")
    eventually(lambda: "other machines reach it at" in server.errors)
    (line,) = [line for line in server.errors.splitlines() if "other machines" in line]
    assert line.endswith("; a name needs --allow-host")
    found = re.findall(r"http://([^/ ]+?):(\d+)/", line)
    assert found or "an address of this one" in line
    for address, port in found:
        plain = address.strip("[]")
        assert not plain.startswith(("127.", "::1", "fe80:"))
        # It is one of the server's hosts: what is missing is the token.
        assert status(plain, int(port)) == 401


def test_each_line_of_the_log_has_its_time(start: Start) -> None:
    server = start("--log-requests")
    assert status(server.host, server.port) == 200
    assert status(server.host, server.port, "/nowhere?secret=1") == 404
    eventually(lambda: "/nowhere" in server.errors)
    lines = [line for line in server.errors.splitlines() if "GET /" in line]
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
    assert re.fullmatch(time + r" GET /health 200 \d+ ms", lines[0])
    assert re.fullmatch(time + r" GET /nowhere 404 \d+ ms", lines[1])


LONG = """
import amaru
from pathlib import Path

@amaru.reply
async def answer(message):
    yield "```\\n" + "x = 1\\n" * 1_500_000 + "```\\n"
    yield "[a]: /"
    Path("runs").write_text("done\\n")
"""


def test_the_server_ends_while_long_answers_are_rendered(
    start: Start, tmp_path: Path
) -> None:
    script = tmp_path / "long.py"
    script.write_text(LONG)
    server = start(script=script)
    conversation, turn = Client.of(server).begin("go")
    eventually(lambda: server.runs("done"))
    readers = [http.client.HTTPConnection(server.host, server.port) for _ in range(4)]
    for reader in readers:
        reader.request("GET", f"/api/conversations/{conversation}")
    readers.append(http.client.HTTPConnection(server.host, server.port))
    readers[-1].request("GET", f"/api/turns/{turn}/events")
    assert readers[-1].getresponse().status == 200
    # Not killed, which is what happens to one that does not end.
    assert server.close() == 0
    for reader in readers:
        reader.close()


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed"
)
def test_the_documented_unit_is_one(tmp_path: Path) -> None:
    folder = ROOT / "Sources" / "AmaruServe" / "AmaruServe.docc"
    guide = (folder / "Serving.md").read_text()
    unit = guide.partition("```ini\n")[2].partition("```")[0]
    file = tmp_path / "amaru.service"
    # It has to be installed.
    file.write_text(unit.replace("/usr/local/bin/amaru", str(COMMAND.resolve())))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert file.name not in done.stderr


@pytest.mark.parametrize("path", ["/health", "/metrics", "/ready"])
def test_programs_ask_with_the_token(start: Start, path: str) -> None:
    token = "a-token-of-a-good-length"
    server = start(AMARU_SERVE_TOKEN=token)
    assert status(server.host, server.port, path) == 401

    def answer() -> int:
        with closing(http.client.HTTPConnection(server.host, server.port)) as asking:
            asking.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            return asking.getresponse().status

    eventually(lambda: answer() == 200)


def test_a_script_that_writes_its_own_files_is_not_started_all_the_time(
    start: Start, tmp_path: Path
) -> None:
    script, starts = tmp_path / "chat.py", tmp_path / "starts"
    script.write_text(
        "import pathlib, time\n"
        "folder = pathlib.Path(__file__).parent\n"
        "(folder / 'stamp.py').write_text(f'at = {time.time()}')\n"
        f"open({str(starts)!r}, 'a').write('x')\n"
        "raise ValueError\n"
    )
    server = start(script=script)
    eventually(lambda: starts.exists() and "ValueError" in server.errors)
    # Another start would take a second.
    time.sleep(4)
    assert starts.read_text() == "x"


def ready(server: Serving) -> int:
    # Alive all the time.
    assert status(server.host, server.port) == 200
    return status(server.host, server.port, "/ready")


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_a_script_that_does_not_start_is_alive_and_not_ready(
    start: Start, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    script = tmp_path / "chat.py"
    script.write_text("import nowhere_at_all\n")
    server = start(*workers, script=script)
    eventually(lambda: "nowhere_at_all" in server.errors)
    assert ready(server) == 503
    script.write_text(
        "import amaru\n@amaru.reply\ndef reply(message):\n    return 'a'\n"
    )
    eventually(lambda: "starting again" in server.errors)
    # Connections end while it does so.
    eventually(lambda: _answers(server))


def _answers(server: Serving) -> bool:
    try:
        return ready(server) == 200
    except OSError:
        return False


def test_workers_that_are_all_gone_are_not_ready(start: Start, tmp_path: Path) -> None:
    script = tmp_path / "chat.py"
    script.write_text(
        "import amaru, os\n"
        f"open({str(tmp_path / 'pids')!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        f"if os.path.exists({str(tmp_path / 'broken')!r}): os._exit(3)\n"
        "@amaru.reply\ndef reply(message):\n    return 'a'\n"
    )
    server = start("--workers", "2", script=script)
    pids = tmp_path / "pids"
    eventually(lambda: ready(server) == 200)
    eventually(lambda: len(pids.read_text().split()) == 2)
    (tmp_path / "broken").touch()
    for pid in pids.read_text().split():
        os.kill(int(pid), signal.SIGKILL)
    eventually(lambda: ready(server) == 503)
    (tmp_path / "broken").unlink()
    eventually(lambda: ready(server) == 200)


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_what_was_asked_is_not_kept(
    start: Start, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    script = tmp_path / "chat.py"
    script.write_text(
        "import amaru, gc, weakref\n"
        "gc.disable()\n"
        "turns = []\n"
        "@amaru.reply\n"
        "async def reply(message, turn):\n"
        "    turns.append(weakref.ref(turn))\n"
        "    assert turn.messages\n"
        "    kept = sum(one() is not None for one in turns)\n"
        "    yield f'{kept} {len(turns)}'\n"
    )
    server = start(*workers, script=script)
    messages = [{"role": "user", "content": "hi"}]
    sent = json.dumps({"model": "chat", "messages": messages})

    def lets_go() -> bool:
        place = (server.host, server.port)
        with closing(http.client.HTTPConnection(*place, timeout=50)) as connection:
            fields = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/chat/completions", sent, fields)
            answer = json.load(connection.getresponse())
        kept, asked = map(int, answer["choices"][0]["message"]["content"].split())
        # This one, and the one before, which may be about to go.
        return asked >= 6 and kept <= 2

    eventually(lets_go)
