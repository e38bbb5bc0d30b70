# SPDX-License-Identifier: Apache-2.0
"""The module `_amaru_http` itself, as the host builds it, and who stands on it."""

import ast
import asyncio
import gc
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import adoption
import httpx
import httpx2
import pytest
from scripted_server import Peer, Script

import _amaru_http
from amaru.transport._httpcore._errors import EXCEPTIONS

STUB = Path(__file__).parents[3] / "Python" / "_amaru_http.pyi"
FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the URL of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def released() -> bool:
    """Wait until no exchange holds anything."""
    for _ in range(500):
        gc.collect()
        if _amaru_http.in_flight() == 0:
            return True
        time.sleep(0.01)
    return False


def test_every_code_has_an_exception() -> None:
    assert sorted(EXCEPTIONS) == sorted(_amaru_http.codes())


def test_the_stub_names_what_there_is() -> None:
    tree = ast.parse(STUB.read_text("utf-8"))
    named = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    there = {
        name
        for name in dir(_amaru_http)
        if not name.startswith("_") and name != "TransferError"
    }
    assert there == named


def opened(**options: Any) -> int:
    return _amaru_http.open("GET", "http://127.0.0.1:1/", [], None, False, {}, options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colour": "red"}, 'no option "colour"'),
        ({"verify": 1}, '"verify".*not int'),
        ({"verify": "all"}, '"verify"'),
        ({"ca_file": b"x"}, '"ca_file".*str, not bytes'),
        ({"ca_certs": "x"}, '"ca_certs"'),
        ({"proxy": True}, '"proxy".*str, not bool'),
        ({"http2": "yes"}, '"http2".*bool, not str'),
        ({"target": "x"}, '"target".*bytes, not str'),
        ({"pool": "x"}, '"pool".*int, not str'),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        opened(**options)


def test_a_pool_that_is_closed_is_refused() -> None:
    pool = _amaru_http.pool(1, None)
    _amaru_http.close_pool(pool)
    with pytest.raises(_amaru_http.TransferError) as caught:
        opened(pool=pool)
    assert caught.value.code == "local_protocol"


def test_an_answer_brings_the_body_that_has_arrived(count: Callable[..., Any]) -> None:
    def whole(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    def stalled(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
        peer.wait_for_close()

    def asked(script: Script) -> tuple[int, Any]:
        arguments = count(script).origin + "/", [], None, False, {}
        number = _amaru_http.open("GET", *arguments)
        head, body = _amaru_http.answer_blocking(number)
        assert head == (200, b"OK", b"HTTP/1.1", [b"Content-Length", b"5"])
        return number, body

    assert asked(whole)[1] == [b"hello"]
    assert released()
    number, body = asked(stalled)
    assert body is None
    assert _amaru_http.read_chunks_blocking(number) == [b"hel"]
    _amaru_http.cancel(number)
    assert released()


def test_the_host_has_adopted_the_clients() -> None:
    adopted = {owner.__module__ for owner, _ in adoption.replaced()}
    assert {"httpcore", "httpcore2", "ssl"} <= adopted


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pool_timeout_says_what_to_do(family: Any, silent: str) -> None:
    limits = family.Limits(max_connections=1)
    client = family.Client(limits=limits, timeout=family.Timeout(None, pool=0.05))
    failures: list[Exception] = []

    def hold() -> None:
        try:
            client.get(silent)
        except Exception as exc:
            failures.append(exc)

    holder = threading.Thread(target=hold)
    holder.start()
    while _amaru_http.in_flight() == 0:
        time.sleep(0.001)
    with pytest.raises(family.PoolTimeout, match="close responses"):
        client.get(silent)
    client.close()
    holder.join()
    assert [type(exc) for exc in failures] == [family.ReadError]
    assert released()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_coroutine_that_is_thrown_away_lets_go(family: Any, silent: str) -> None:
    async def run() -> None:
        client = family.AsyncClient(timeout=None)
        request = client.get(silent)
        request.send(None)
        request.close()

    asyncio.run(run())
    assert released()


class Deadline(Exception):
    """What a signal handler of a script raises."""


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 1000


WAITS: dict[str, Callable[[str], Any]] = {
    "httpx": lambda url: httpx.get(url, timeout=60),
    "httpx2": lambda url: httpx2.get(url, timeout=60),
    "upload": lambda url: httpx.post(url, content=endless(), timeout=60),
    "urllib": lambda url: urllib.request.urlopen(url, timeout=60),
}


@pytest.mark.parametrize("name", WAITS)
def test_what_a_signal_handler_raises_ends_a_wait(silent: str, name: str) -> None:
    def expire(*arguments: object) -> None:
        raise Deadline("too late")

    former = signal.signal(signal.SIGALRM, expire)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Deadline, match="too late"):
            WAITS[name](silent)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert released()
