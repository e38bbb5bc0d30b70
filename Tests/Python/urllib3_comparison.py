# SPDX-License-Identifier: Apache-2.0
"""What urllib3 and requests do over their own connections, and over the host's.

Run by a test of the command: ``amaru run urllib3_comparison.py -- TABLE``. Each case of
a table is done twice against a server of its own, and must end alike: with the same
values, or with exceptions of the same classes, in requests with the same ones below.
"""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import adoption
import urllib3
from scripted_server import Peer, Server

from amaru import network

# Without the types that it does not ship.
requests: Any = import_module("requests")

# The innermost exception is the host's own, which names the server.
LAST_DIFFERS = ("a bad chunk size", "not TLS")

Answer = Callable[[Peer], None]
Action = Callable[[str], object]


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    server = Server()
    server.scripts = [server.recording(answer) for answer in answers]
    yield server
    server.close()


def chain(exc: BaseException) -> str:
    """Name an exception, and those that its library put inside of it."""
    names = [type(exc).__name__]
    inner = getattr(exc, "reason", None)
    if not isinstance(inner, BaseException):
        inner = next((a for a in exc.args if isinstance(a, BaseException)), None)
    if inner is not None:
        names.append(chain(inner))
    return " < ".join(names)


def outcome(action: Callable[[], object]) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            ended = repr(action())
        except Exception as exc:
            ended = chain(exc)
    return " ".join([ended, *sorted({w.category.__name__ for w in caught})])


def compare(cases: dict[str, Callable[[], object]]) -> int:
    """Print each case that ends differently over the host; return how many do."""
    different = 0
    for name, action in cases.items():
        adoption.undo()
        plain = outcome(action)
        network.install()
        hosted = outcome(action)
        if name.startswith(LAST_DIFFERS):
            plain, hosted = (text.rpartition(" < ")[0] for text in (plain, hosted))
        if plain != hosted:
            different += 1
            print(f"{name}:\n  plain  {plain}\n  hosted {hosted}")  # noqa: T201
    return different


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


# Faults


def silent(peer: Peer) -> None:
    peer.wait_for_close()


def leaving(peer: Peer) -> None:
    pass


def resetting(peer: Peer) -> None:
    linger = struct.pack("ii", 1, 0)
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def garbage(peer: Peer) -> None:
    peer.send(b"nonsense\r\n\r\n")


def short(peer: Peer) -> None:
    peer.head(Content_Length="10")
    peer.send(b"four")


def cut(peer: Peer) -> None:
    peer.start_stream()
    peer.chunk("four")


def odd_chunk(peer: Peer) -> None:
    peer.start_stream()
    peer.chunk("four")
    peer.send(b"zz\r\n")


def stalling(peer: Peer) -> None:
    peer.head(Content_Length="10")
    peer.send(b"four")
    peer.wait_for_close()


def not_gzip(peer: Peer) -> None:
    peer.reply("200 OK", "plain", Content_Encoding="gzip")


def turning(peer: Peer) -> None:
    peer.reply("302 Found", "", Location="/again")


def busy(peer: Peer) -> None:
    peer.reply("503 Service Unavailable", "")


ANSWERS: dict[str, Answer] = {
    "no answer in time": silent,
    "closed without an answer": leaving,
    "reset without an answer": resetting,
    "not HTTP": garbage,
    "shorter than its length": short,
    "no last chunk": cut,
    "a bad chunk size": odd_chunk,
    "a stall in the body": stalling,
    "not gzip": not_gzip,
    "redirected forever": turning,
    "busy forever": busy,
}

LIMIT = urllib3.Timeout(connect=20, read=0.5)


def with_urllib3(url: str, preload: bool, retries: Any) -> object:
    with urllib3.PoolManager(timeout=LIMIT) as pool:
        response = pool.request("GET", url, preload_content=preload, retries=retries)
        return response.status, b"".join(response.stream()) if not preload else b""


def with_requests(url: str, stream: bool) -> object:
    with requests.Session() as session:
        response = session.get(url, timeout=(20, 0.5), stream=stream)
        return response.status_code, b"".join(response.iter_content(100))


def faults() -> dict[str, Callable[[], object]]:
    retrying = urllib3.Retry(2, status_forcelist=[503])
    ways: dict[str, Action] = {
        "urllib3": lambda url: with_urllib3(url, True, False),
        "urllib3 stream": lambda url: with_urllib3(url, False, False),
        "urllib3 retries": lambda url: with_urllib3(url, True, retrying),
        "requests": lambda url: with_requests(url, False),
        "requests stream": lambda url: with_requests(url, True),
    }
    cases: dict[str, Callable[[], object]] = {}
    for way, action in ways.items():
        for name, answer in ANSWERS.items():
            cases[f"{name}, {way}"] = partial(tried, action, answer)
        cases[f"a refused port, {way}"] = partial(at_a_closed_port, action)
        cases[f"an odd scheme, {way}"] = partial(action, "gopher://localhost/")
    return cases


def tried(action: Action, answer: Answer) -> object:
    with serving(answer) as server:
        try:
            return action(server.origin), len(server.received)
        except Exception as exc:
            exc.args += (len(server.received),)
            raise


def at_a_closed_port(action: Action) -> object:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return action(f"http://127.0.0.1:{port}/")


# Exchanges that succeed


def squeezed(peer: Peer) -> None:
    peer.reply("200 OK", gzip.compress(b"one\ntwo\nthree"), Content_Encoding="gzip")


def streamed(peer: Peer) -> None:
    peer.start_stream()
    for line in ("one\n", "two\nth", "ree"):
        peer.chunk(line)
    peer.end()


def unframed(peer: Peer) -> None:
    peer.head()
    peer.send(b"one\ntwo\nthree")


def empty(peer: Peer) -> None:
    peer.head("204 No Content")


def unchanged(peer: Peer) -> None:
    peer.head("304 Not Modified", Content_Length="5", ETag='"1"')


def long_head(peer: Peer) -> None:
    peer.head("200 OK", Content_Length="13")


BODIES: dict[str, tuple[Answer, str]] = {
    "counted": (lambda peer: peer.reply("200 OK", "one\ntwo\nthree"), "GET"),
    "squeezed": (squeezed, "GET"),
    "chunked": (streamed, "GET"),
    "to the end": (unframed, "GET"),
    "no content": (empty, "GET"),
    "not modified": (unchanged, "GET"),
    "of a HEAD": (long_head, "HEAD"),
}


def read_in_parts(response: Any) -> object:
    return [response.read(2), response.read(3), response.read(), response.read()]


def read_into(response: Any) -> object:
    buffer = bytearray(4)
    return response.readinto(buffer), bytes(buffer), response.read()


def read_text(response: Any) -> object:
    response.auto_close = False
    return list(io.TextIOWrapper(response, "ascii"))


def drained(response: Any) -> object:
    response.drain_conn()
    response.release_conn()
    return response.closed, response.connection


READERS: dict[str, Callable[[Any], object]] = {
    "stream": lambda r: b"".join(r.stream(4)),
    "read": lambda r: (r.read(), r.tell(), r.isclosed()),
    "read parts": read_in_parts,
    "read1": lambda r: b"".join(iter(lambda: r.read1(4), b"")),
    "readline": lambda r: [r.readline(), *r.readlines()],
    "readinto": read_into,
    "text": read_text,
    "drain_conn": drained,
    "read_chunked": lambda r: list(r.read_chunked()),
    "attributes": lambda r: (r.version, r.reason, r.length_remaining, r.chunked),
    "close": lambda r: (r.close(), r.closed),
}


def read(reader: Callable[[Any], object], answer: Answer, method: str) -> object:
    with serving(answer) as server, urllib3.PoolManager(timeout=20) as pool:
        response = pool.request(
            method, server.origin, preload_content=False, retries=False
        )
        with response:
            return reader(response)


UPLOADS: dict[str, Callable[[], dict[str, Any]]] = {
    "text": lambda: {"data": "däta".encode()},
    "a form": lambda: {"data": {"a": "1", "b": ["2", "3"]}},
    "JSON": lambda: {"json": {"a": [1, None]}},
    "a file": lambda: {"data": io.BytesIO(b"file" * 1000)},
    "a large file": lambda: {"data": io.BytesIO(b"file" * 1_000_000)},
    "an iterable": lambda: {"data": iter([b"one", b"", b"two"])},
    "a large iterable": lambda: {"data": (b"x" * 100_000 for _ in range(30))},
    "an empty iterable": lambda: {"data": iter([])},
    "nothing": dict,
    "parts": lambda: {"files": {"f": ("n.txt", b"file", "text/plain")}},
}


def sent(make: Callable[[], dict[str, Any]], answers: list[Answer]) -> object:
    """Return what the server got, without the boundary and the name of the client."""
    with serving(*answers) as server, requests.Session() as session:
        response = session.post(f"{server.origin}/a?b=c", timeout=20, **make())
        return response.status_code, [
            (
                got.method,
                got.target,
                len(got.body) if b"form-data" in got.body else got.body[:50],
                got.headers.get("content-length"),
                got.headers.get("transfer-encoding"),
            )
            for got in server.received
        ]


def kept(peer: Peer) -> None:
    peer.reply("307 Temporary Redirect", "", Location="/kept")


def refused(server_status: str) -> Callable[[], object]:
    """Answer before the body has been sent, and read none of it."""

    def answer(peer: Peer) -> None:
        peer.receive_head()
        peer.reply(server_status, "enough")
        peer.connection.shutdown(socket.SHUT_WR)
        peer.wait_for_close()

    def action() -> object:
        server = Server(answer)
        with urllib3.PoolManager(timeout=20) as pool:
            body = (b"x" * 100_000 for _ in range(100))
            response = pool.request("POST", server.origin, body=body, retries=False)
        server.close()
        return response.status, response.data

    return action


def exchanges() -> dict[str, Callable[[], object]]:
    cases: dict[str, Callable[[], object]] = {}
    for way, reader in READERS.items():
        for name, (answer, method) in BODIES.items():
            cases[f"{way} of a body {name}"] = partial(read, reader, answer, method)
    for name, make in UPLOADS.items():
        cases[f"{name} sent"] = partial(sent, make, [ok])
        cases[f"{name} sent on"] = partial(sent, make, [kept, ok])
    cases["an answer that does not wait for the body"] = refused(
        "413 Content Too Large"
    )
    return cases


# TLS


def certificate(folder: Path, name: str) -> tuple[str, str]:
    key, chain_file = folder / f"{name}.key", folder / f"{name}.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test"
    names = ["-addext", f"subjectAltName={name}"]
    files = ["-keyout", str(key), "-out", str(chain_file)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return str(chain_file), str(key)


@contextmanager
def secure(files: tuple[str, str], *answers: Answer) -> Iterator[Server]:
    """Serve over TLS; a client that breaks the handshake off gets no answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)

    def wrapped(answer: Answer) -> Answer:
        def script(peer: Peer) -> None:
            try:
                connection = context.wrap_socket(peer.connection, server_side=True)
            except (ssl.SSLError, OSError):
                return
            with connection:
                inner = Peer(connection)
                inner.receive()
                answer(inner)

        return script

    server = Server(*map(wrapped, answers))
    yield server
    server.close()


def asked(files: tuple[str, str], host: str = "127.0.0.1", **options: Any) -> object:
    with secure(files, ok) as server, urllib3.PoolManager(**options) as pool:
        url = f"https://{host}:{server.port}/"
        return pool.request("GET", url, timeout=20, retries=False).data


def asked_by_requests(files: tuple[str, str], verify: object) -> object:
    with secure(files, ok) as server, requests.Session() as session:
        url = f"https://127.0.0.1:{server.port}/"
        return session.get(url, timeout=20, verify=verify).content


def context_with(path: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=path)


def tls() -> dict[str, Callable[[], object]]:
    folder = Path(tempfile.mkdtemp())
    good = certificate(folder, "IP:127.0.0.1")
    named = certificate(folder, "DNS:other.test")
    path, pem = good[0], Path(good[0]).read_text()
    other = named[0]
    checked: dict[str, tuple[tuple[str, str], dict[str, Any]]] = {
        "an unknown authority": (good, {}),
        "no check": (good, {"cert_reqs": "CERT_NONE"}),
        "a file": (good, {"ca_certs": path}),
        "another file": (good, {"ca_certs": other}),
        "text": (good, {"ca_cert_data": pem}),
        "bytes": (good, {"ca_cert_data": ssl.PEM_cert_to_DER_cert(pem)}),
        "a context": (good, {"ssl_context": context_with(path)}),
        "another context": (good, {"ssl_context": context_with(other)}),
        "a wrong name": (named, {"ca_certs": other}),
        "any name": (named, {"ca_certs": other, "assert_hostname": False}),
        "a name": (named, {"ca_certs": other, "assert_hostname": "other.test"}),
        "a server's name": (
            named,
            {"ca_certs": other, "server_hostname": "other.test"},
        ),
    }
    cases: dict[str, Callable[[], object]] = {
        name: partial(asked, files, **options)
        for name, (files, options) in checked.items()
    }
    for name, choice in {"True": True, "False": False, "a file": path}.items():
        cases[f"requests, verify={name}"] = partial(asked_by_requests, good, choice)
    cases["not TLS"] = lambda: tried(
        lambda url: with_urllib3(url.replace("http:", "https:"), True, False), garbage
    )
    return cases


def main() -> int:
    tables = {"faults": faults, "exchanges": exchanges, "tls": tls}
    cases = tables[sys.argv[1]]()
    different = compare(cases)
    print(f"{len(cases) - different} of {len(cases)} alike")  # noqa: T201
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
