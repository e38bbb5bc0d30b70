# SPDX-License-Identifier: Apache-2.0
"""What arrives at a server is what Python's own sockets send it."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import adoption
import httpx
import httpx2
import pytest
import requests
import urllib3
from scripted_server import Peer, Server

from amaru import network


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that keeps its connections, as those do that speak HTTP/1.1."""

    def answer(peer: Peer) -> None:
        while True:
            try:
                server.received.append(peer.receive())
            except ConnectionError:
                return
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    server = Server(answer)
    yield server
    server.close()


def by_requests(method: str, **options: Any) -> Callable[[str], object]:
    return lambda url: requests.request(method, url, timeout=20, **options)


def by_urllib(method: str, data: bytes | None = None) -> Callable[[str], object]:
    def send(url: str) -> object:
        request = urllib.request.Request(url, data, {"Host": "h", "X": "1"})
        request.method = method
        return urllib.request.urlopen(request, timeout=20)

    return send


def through_itself(send: Callable[[str, str], object]) -> Callable[[str], object]:
    """The server is the proxy, which is sent a request for another one."""
    return lambda proxy: send(proxy, "http://virtual.example/path?q=1")


def credentials(proxy: str) -> dict[str, str]:
    return {"http": proxy.replace("//", "//me:secret@")}


def by_httpx(method: str, **options: Any) -> Callable[[str], object]:
    return lambda url: httpx.request(method, url, timeout=20, **options)


@pytest.mark.parametrize(
    "send",
    [
        by_requests("GET"),
        by_requests("POST"),
        by_requests("OPTIONS"),
        by_requests("PUT", data=b"four"),
        by_requests("GET", headers={"Host": "virtual.example", "Connection": "close"}),
        by_requests("DELETE"),
        by_httpx("GET"),
        by_httpx("POST"),
        by_httpx("PUT", content=b"four"),
        lambda url: httpx.put(url, content=iter([b"fo", b"ur"]), timeout=20),
        by_httpx("OPTIONS"),
        by_httpx("PROPFIND"),
        by_httpx("DELETE", headers={"Content-Length": "0"}),
        by_httpx("GET", headers={"X-First": "1", "host": "virtual.example"}),
        by_httpx("POST", headers={"Host": "virtual.example"}, content=b"four"),
        lambda url: httpx2.put(url, headers={"X": "1", "Host": "h"}, content=b"four"),
        lambda url: urllib3.request("PUT", url, headers={"X": "1", "Host": "h"}),
        by_urllib("GET"),
        by_urllib("POST", b"four"),
        through_itself(lambda proxy, url: httpx.get(url, proxy=proxy)),
        through_itself(lambda proxy, url: requests.get(url, proxies={"http": proxy})),
        through_itself(
            lambda proxy, url: requests.get(url, proxies=credentials(proxy))
        ),
        through_itself(
            lambda proxy, url: urllib3.ProxyManager(proxy).request("POST", url)
        ),
    ],
)
def test_a_head_is_what_the_client_sends(
    server: Server, send: Callable[[str], object]
) -> None:
    send(server.origin)
    hosted = server.received.pop()
    adoption.undo()
    try:
        send(server.origin)
    finally:
        network.install()
    own = server.received.pop()
    assert (hosted.method, hosted.target) == (own.method, own.target)
    assert hosted.lines == own.lines
    assert hosted.body == own.body


def test_sessions_share_no_connection(server: Server) -> None:
    with requests.Session() as one, requests.Session() as other:
        for session in (one, other):
            assert session.get(server.origin, timeout=20).text == "hi"
        assert len(server._connections) == 2
