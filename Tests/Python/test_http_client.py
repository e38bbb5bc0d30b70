# SPDX-License-Identifier: Apache-2.0
"""`http.client` over the core, and `urllib.request`: as with their own sockets."""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import adoption
import pytest
from scripted_server import Peer, Serve, Server

Connection = http.client.HTTPConnection

pytestmark = pytest.mark.usefixtures("without_proxies")


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello", X_A="1")


def chunks(peer: Peer) -> None:
    peer.start_stream("text/plain")
    for piece in ("one", "two", "three"):
        peer.chunk(piece)
    peer.end()


def endless(peer: Peer) -> None:
    peer.head("200 OK")
    peer.send(b"until the end")


def short(peer: Peer) -> None:
    peer.head("200 OK", Content_Length="10")
    peer.send(b"four")


def leaving(peer: Peer) -> None:
    pass


def plain_get(conn: Connection) -> object:
    conn.request("GET", "/a?b=c", headers={"X-Mine": "yes"})
    response = conn.getresponse()
    return response.status, response.reason, response.getheader("x-a"), response.read()


def step_by_step(conn: Connection) -> object:
    conn.putrequest("POST", "/x", skip_accept_encoding=True)
    conn.putheader("Content-Length", "6")
    conn.putheader("X-Mine", "a")
    conn.endheaders()
    conn.send(b"one")
    conn.send(b"two")
    return conn.getresponse().read()


def chunked_upload(conn: Connection) -> object:
    pieces = iter([b"one", b"two"])
    conn.request("PUT", "/up", pieces, encode_chunked=True)
    return conn.getresponse().read()


def framed_by_the_caller(conn: Connection) -> object:
    conn.putrequest("POST", "/x")
    conn.putheader("Transfer-Encoding", "chunked")
    conn.endheaders()
    conn.send(b"3\r\none\r\n")
    conn.send(b"0\r\n\r\n")
    return conn.getresponse().read()


def file_upload(conn: Connection) -> object:
    conn.request("POST", "/", io.BytesIO(b"x" * 3_000_000), {"Content-Length": 3000000})
    return conn.getresponse().read()


def text(conn: Connection) -> object:
    conn.request("POST", "/", "h\xe9")
    return conn.getresponse().read()


def bodiless(conn: Connection) -> object:
    return [_asked(conn, method) for method in ("DELETE", "OPTIONS", "PROPFIND")][0]


def _asked(conn: Connection, method: str) -> object:
    conn.request(method, "/")
    return conn.getresponse().read()


def in_pieces(conn: Connection) -> object:
    conn.request("GET", "/")
    response = conn.getresponse()
    buffer = bytearray(4)
    assert response.fp is not None
    return (
        response.read(2),
        response.readinto(buffer),
        bytes(buffer),
        response.peek(1)[:1] if response.chunked else b"",
        response.read1(3),
        response.read(),
        response.isclosed(),
    )


def lines(conn: Connection) -> object:
    conn.request("GET", "/")
    return list(conn.getresponse())


def head(conn: Connection) -> object:
    conn.request("HEAD", "/")
    response = conn.getresponse()
    return response.getheader("content-length"), response.read(), response.length


def twice(conn: Connection) -> object:
    return plain_get(conn), plain_get(conn)


def too_early(conn: Connection) -> object:
    return conn.getresponse()


def outcome(action: Callable[[Connection], object], server: Server) -> object:
    conn = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        return action(conn)
    except Exception as exc:
        return type(exc), str(exc)
    finally:
        conn.close()


CASES: dict[str, tuple[Callable[[Connection], object], Any]] = {
    "a request": (plain_get, ok),
    "steps": (step_by_step, ok),
    "an upload in chunks": (chunked_upload, ok),
    "chunks of the caller's": (framed_by_the_caller, ok),
    "a file": (file_upload, ok),
    "text": (text, ok),
    "no body": (bodiless, ok),
    "pieces": (in_pieces, ok),
    "pieces of chunks": (in_pieces, chunks),
    "lines": (lines, chunks),
    "only a head": (head, lambda peer: peer.head("200 OK", Content_Length="5")),
    "a body until the end": (plain_get, endless),
    "a body cut short": (plain_get, short),
    "two requests": (twice, ok),
    "no answer": (plain_get, leaving),
    "an answer without a request": (too_early, ok),
}


@pytest.mark.parametrize("name", CASES)
def test_a_connection_is_as_with_its_own_socket(
    core: Any, serve: Serve, name: str
) -> None:
    action, answer = CASES[name]
    own = serve(answer)
    expected = outcome(action, own)
    assert core.opened == []
    with adoption.adopted():
        hosted = serve(answer)
        assert outcome(action, hosted) == expected
    assert len(core.opened) == len(hosted.received)
    for mine, theirs in zip(hosted.received, own.received, strict=True):
        assert (mine.method, mine.target) == (theirs.method, theirs.target)
        assert mine.body == theirs.body
        port = str(own.port).encode(), str(hosted.port).encode()
        assert sorted(mine.lines) == sorted(
            line.replace(*port) for line in theirs.lines
        )


def test_a_response_without_a_body_may_name_chunks(hosted: Any, serve: Serve) -> None:
    """Whether its server sends the last one, which it must not, or leaves it out."""

    def nothing(peer: Peer) -> None:
        peer.head("204 No Content", Transfer_Encoding="chunked")

    conn = Connection("127.0.0.1", serve(nothing).port)
    assert plain_get(conn) == (204, "No Content", None, b"")


def test_closing_a_connection_closes_those_of_the_host(
    hosted: Any, serve: Serve
) -> None:
    server = serve(ok)
    connections = [Connection("127.0.0.1", server.port) for _ in range(2)]
    for conn in connections:
        conn.request("GET", "/")
        conn.getresponse().read()
    # The answers say that the server closes, and so http.client has closed already.
    assert hosted.pools == {}
    used = [exchange.options["pool"] for exchange in hosted.opened]
    assert len(set(used)) == 2
    conn = Connection("127.0.0.1", server.port)
    conn.connect()
    assert len(hosted.pools) == 1
    del conn
    assert hosted.pools == {}


def test_the_timeout_of_a_connection_is_that_of_each_step(
    hosted: Any, serve: Serve
) -> None:
    server = serve(ok)
    for timeout in (7, None):
        conn = Connection("127.0.0.1", server.port, timeout=timeout)
        plain_get(conn)
    limits = {"connect": 7.0, "read": 7.0, "write": 7.0}
    assert [exchange.timeouts for exchange in hosted.opened] == [limits, {}]


def test_what_is_sent_and_received_is_shown_to_whoever_debugs(
    hosted: Any, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    conn = Connection("127.0.0.1", serve(ok).port)
    conn.set_debuglevel(1)
    plain_get(conn)
    shown = capsys.readouterr().out
    assert "send: b'GET /a?b=c HTTP/1.1" in shown
    assert "reply: 'HTTP/1.1 200 OK" in shown
    assert "header: X-A: 1" in shown


class OfItsOwn(Connection):
    """Opens its socket itself, as those for Unix sockets do."""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.host, self.port))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def given_another_opener(port: int) -> Connection:
    conn = Connection("127.0.0.1", port)
    opener = lambda *arguments: socket.create_connection(*arguments)  # noqa: E731
    conn._create_connection = opener  # type: ignore[attr-defined]
    return conn


@pytest.mark.parametrize(
    "make",
    [
        lambda port: OfItsOwn("127.0.0.1", port),
        given_another_opener,
        lambda port: Connection("127.0.0.1", port, source_address=("", free_port())),
    ],
    ids=["connect", "_create_connection", "source_address"],
)
def test_a_connection_that_opens_its_own_socket_keeps_it(
    hosted: Any, serve: Serve, make: Callable[[int], Connection]
) -> None:
    assert b"hello" in plain_get(make(serve(ok).port))  # type: ignore[operator]
    assert hosted.opened == []


@pytest.fixture
def asked(hosted: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Note the exchanges that are opened, and answer each without a network."""
    found: list[tuple[Any, ...]] = []

    def note(*arguments: Any) -> int:
        found.append(arguments)
        return 1

    monkeypatch.setattr(hosted, "open", note)
    head: tuple[Any, ...] = (200, b"OK", b"HTTP/1.1", [b"Content-Length", b"0"])
    monkeypatch.setattr(hosted, "answer_blocking", lambda exchange: (head, []))
    return found


@pytest.mark.parametrize(
    ("host", "target", "url"),
    [
        ("api.example", "/x", "https://api.example/x"),
        ("api.example:8443", "/x", "https://api.example:8443/x"),
        ("[::1]:443", "/", "https://[::1]/"),
        ("[fe80::1%eth0]:81", "/x", "https://[fe80::1%25eth0]:81/x"),
        ("api.example", "*", "https://api.example/"),
        ("api.example", "/?to=http://a/b", "https://api.example/?to=http://a/b"),
    ],
)
def test_an_address_reaches_the_core(
    asked: list[tuple[Any, ...]], host: str, target: str, url: str
) -> None:
    conn = http.client.HTTPSConnection(host)
    conn.request("OPTIONS", target)
    assert conn.getresponse().status == 200
    assert asked[0][:2] == ("OPTIONS", url)
    assert asked[0][6].get("target") == (b"*" if target == "*" else None)
    assert asked[0][6]["proxy"] == ""


def test_what_a_context_says_reaches_the_core(asked: list[tuple[Any, ...]]) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    for given in (None, context, ssl._create_unverified_context()):
        conn = http.client.HTTPSConnection("api.example", context=given)
        conn.request("GET", "/")
    for arguments in asked:
        arguments[6].pop("pool")
    # Nothing is sent before an answer is asked for.
    assert asked == []
    for given in (None, context, ssl._create_unverified_context()):
        conn = http.client.HTTPSConnection("api.example", context=given)
        conn.request("GET", "/")
        conn.getresponse()
    assert [arguments[6].get("verify") for arguments in asked] == [
        None,
        "no-name",
        False,
    ]
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    conn = http.client.HTTPSConnection("api.example", context=context)
    with pytest.raises(ssl.SSLError, match="revocation"):
        conn.request("GET", "/")


def test_an_address_of_this_machine_reaches_the_core(
    asked: list[tuple[Any, ...]],
) -> None:
    conn = Connection("api.example", source_address=("127.0.0.1", 0))
    conn.request("GET", "/")
    conn.getresponse()
    assert asked[0][6]["local_address"] == "127.0.0.1"


def test_a_connect_without_a_request_connects(hosted: Any, serve: Serve) -> None:
    port = serve(leaving, ok).port
    conn = Connection("127.0.0.1", port, timeout=20)
    conn.connect()
    assert conn.sock.getpeername() == ("127.0.0.1", port)
    assert hosted.opened == []
    assert b"hello" in plain_get(conn)  # type: ignore[operator]


def test_a_connect_where_nothing_listens_is_refused(hosted: Any) -> None:
    conn = Connection("127.0.0.1", free_port(), timeout=20)
    with pytest.raises(ConnectionRefusedError):
        conn.connect()
    assert conn.sock is None


def test_a_connect_reaches_nothing_while_a_recording_is_played(
    hosted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted, "destination", lambda origin: None)
    Connection("127.0.0.1", free_port()).connect()


def test_a_connect_goes_where_the_host_sends_requests(
    hosted: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = serve(leaving).origin
    monkeypatch.setattr(hosted, "destination", lambda asked: origin)
    Connection("api.example", timeout=20).connect()


def test_a_connect_to_a_place_that_is_not_allowed_is_refused(
    hosted: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted, "allows", lambda host, port: False)
    with pytest.raises(PermissionError, match="not allowed"):
        Connection("127.0.0.1", serve(leaving).port).connect()


@pytest.mark.parametrize("secure", [True, False])
def test_a_tunnel_is_a_proxy_of_the_host(
    asked: list[tuple[Any, ...]], secure: bool
) -> None:
    kind = http.client.HTTPSConnection if secure else Connection
    conn = kind("proxy.example", 3128)
    credentials = base64.b64encode(b"me:p@ss").decode()
    headers = {"Proxy-Authorization": f"Basic {credentials}"}
    conn.set_tunnel("api.example", 8000, headers)
    conn.request("GET", "/x")
    conn.getresponse()
    scheme = "https" if secure else "http"
    assert asked[0][1] == f"{scheme}://api.example:8000/x"
    assert asked[0][6]["proxy"] == "http://me:p%40ss@proxy.example:3128"
    assert asked[0][2][asked[0][2].index(b"Host") + 1] == b"api.example:8000"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_opener_names_its_proxy(asked: list[tuple[Any, ...]], scheme: str) -> None:
    proxies = urllib.request.ProxyHandler({scheme: "http://me:it@proxy.example:3128"})
    opener = urllib.request.build_opener(proxies)
    with opener.open(f"{scheme}://api.example/x") as response:
        assert response.status == 200
    assert asked[0][1] == f"{scheme}://api.example/x"
    assert asked[0][6]["proxy"] == "http://me:it@proxy.example:3128"
    assert b"Proxy-authorization" not in asked[0][2]


def test_an_opener_reads_the_environment_as_ever(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "direct.example")
    opener = urllib.request.build_opener()
    for host in ("api.example", "direct.example"):
        opener.open(f"http://{host}/").close()
    named = [arguments[6]["proxy"] for arguments in asked]
    assert named == ["http://proxy.example:3128", ""]


def test_urllib_reads_answers_and_errors(hosted: Any, serve: Serve) -> None:
    def redirect(peer: Peer) -> None:
        peer.reply("302 Found", "", Location="/next")

    def refuse(peer: Peer) -> None:
        peer.reply("404 Not Found", json.dumps({"no": 1}))

    server = serve(redirect, ok, refuse)
    with urllib.request.urlopen(f"{server.origin}/first", b"data") as response:
        assert (response.status, response.read()) == (200, b"hello")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(server.origin)
    assert json.load(caught.value) == {"no": 1}
    caught.value.close()
    assert [got.target for got in server.received] == ["/first", "/next", "/"]
    assert len(hosted.opened) == 3
