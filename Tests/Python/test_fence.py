# SPDX-License-Identifier: Apache-2.0
"""Where the user has named places, Python reaches no others, and starts no programs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = str(HERE.parents[1] / "Python")

FENCED = """
import asyncio, ctypes.util, errno, multiprocessing, os, pty, socket, subprocess, sys
import tempfile
holder = tempfile.TemporaryDirectory()
folder = holder.name
sys.path[:0] = sys.argv[1:]
import loopback_core
servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
named, other = [server.getsockname()[1] for server in servers]
loopback_core.allow_option = lambda: "the option --allow-net"
loopback_core.allows = lambda host, port: port in (named, 80)
loopback_core.allows_socket = lambda path: path == folder + "/named"
loopback_core.run_option = lambda: "the option --allow-run"
sys.modules["_amaru_http"] = loopback_core
from amaru import network
network.install()

def refused(step, option="the option --allow-net"):
    try:
        step()
    except PermissionError as exc:
        assert exc.errno == errno.EACCES and option in str(exc)
        return True
    return False

def bound(path, kind=socket.SOCK_STREAM):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server

def connected(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client

local = [bound(path) for path in (f"{folder}/named", f"{folder}/other", "\\0other")]
letters = bound(f"{folder}/letters", socket.SOCK_DGRAM)
connected(f"{folder}/named").close()
assert refused(lambda: connected(f"{folder}/other"))
assert refused(lambda: connected(f"{folder}/other".encode()))
assert refused(lambda: connected(bytearray(f"{folder}/other".encode())))
assert refused(lambda: connected(memoryview(f"{folder}/other".encode())))
os.mkdir(f"{folder}/deep")
os.symlink(f"{folder}/deep", f"{folder}/link")
assert refused(lambda: connected(f"{folder}/link/../named"))
connected(f"{folder}/./named").close()
if hasattr(socket, "AF_NETLINK"):
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    assert refused(lambda: kernel.connect((0, 0)))
assert refused(lambda: connected("\\0other"))
assert refused(lambda: letters.sendto(b"x", f"{folder}/letters"))
assert refused(lambda: asyncio.run(asyncio.open_unix_connection(f"{folder}/other")))

program = "the option --allow-run"
assert refused(lambda: subprocess.run(["true"]), program)
assert refused(lambda: subprocess.run("true", shell=True), program)
assert refused(lambda: os.system("true"), program)
assert refused(lambda: os.popen("true"), program)
assert refused(lambda: os.posix_spawn("/bin/true", ["true"], {}), program)
assert refused(lambda: os.posix_spawnp("true", ["true"], {}), program)
assert refused(lambda: os.execv("/bin/true", ["true"]), program)
assert refused(lambda: os.execlp("true", "true"), program)
spawn = lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"])
assert refused(spawn, "starting a program is not allowed")
assert refused(lambda: os.spawnlp(os.P_NOWAIT, "true", "true"), program)
assert refused(lambda: pty.spawn(["true"]), program)
assert refused(lambda: asyncio.run(asyncio.create_subprocess_exec("true")), program)
assert ctypes.util.find_library("c")

for method in ("fork", "forkserver"):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(abs, [-2]) == [2]
with multiprocessing.Manager() as manager:
    assert manager.list([1])[0] == 1

datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
assert refused(lambda: socket.create_connection(("127.0.0.1", other)))
assert refused(lambda: socket.socket().connect_ex(("127.0.0.1", other)))
assert refused(lambda: socket.create_connection(("192.0.2.1", 80), 1))
assert refused(lambda: datagrams.sendto(b"x", ("192.0.2.1", 53)))
assert refused(lambda: datagrams.sendmsg([b"x"], [], 0, ("192.0.2.1", 53)))
assert refused(lambda: socket.getaddrinfo("api.example", 80))
assert refused(lambda: socket.gethostbyname("api.example"))

socket.create_connection(("127.0.0.1", named)).close()
servers[0].accept()[0].close()
socket.getaddrinfo(None, 80), socket.getaddrinfo("127.0.0.1", 80)
one, two = socket.socketpair()
one.sendall(b"x"), one.sendmsg([b"y"]), two.recv(2)
import http.client
http.client.HTTPConnection("127.0.0.1", named).connect()
print("fenced")
"""


def test_where_places_are_named_other_sockets_reach_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", FENCED, PYTHON, str(HERE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "fenced\n", done.stderr
