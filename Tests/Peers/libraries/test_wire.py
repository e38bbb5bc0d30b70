# SPDX-License-Identifier: Apache-2.0
"""What arrives at a server is what Python's own sockets send it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import adoption
import httpx
import pytest
import requests
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
    assert sorted(hosted.lines) == sorted(own.lines)
    assert hosted.body == own.body


def test_sessions_share_no_connection(server: Server) -> None:
    with requests.Session() as one, requests.Session() as other:
        for session in (one, other):
            assert session.get(server.origin, timeout=20).text == "hi"
        assert len(server._connections) == 2
