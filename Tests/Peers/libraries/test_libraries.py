# SPDX-License-Identifier: Apache-2.0
"""Libraries that bring a transport of their own, or stand in for that of another."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import boto3
import httpx
import httpx2
import pytest
import requests
import respx
import trio
import vcr
from botocore.config import Config
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scripted_server import Peer, Server

import _amaru_http


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.scripts = [server.recording(lambda peer: peer.reply("200 OK", "hello"))]
    yield server
    server.close()


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the method and URL of what goes through the host."""
    found: list[str] = []
    original = _amaru_http.open

    def note(method: str, url: str, *rest: Any) -> int:
        found.append(f"{method} {url}")
        return original(method, url, *rest)

    monkeypatch.setattr(_amaru_http, "open", note)
    return found


def test_an_sdk_with_a_transport_of_the_librarys_uses_the_host(
    server: Server, exchanges: list[str]
) -> None:
    client = anthropic.Anthropic(api_key="k", base_url=server.origin, max_retries=0)
    with client, pytest.raises(Exception):  # noqa: B017
        # The server answers nothing that the SDK understands.
        message: Any = {"role": "user", "content": "x"}
        client.messages.create(model="m", max_tokens=1, messages=[message]).content[0]
    assert exchanges == [f"POST {server.origin}/v1/messages"]


def test_boto3_uses_the_host_and_waits_for_no_permission(
    exchanges: list[str],
) -> None:
    server = Server()
    server.scripts = [server.recording(lambda peer: peer.reply("200 OK", ""))]
    client = boto3.client(
        "s3",
        endpoint_url=server.origin,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 0}),
    )
    client.put_object(Bucket="b", Key="k", Body=b"data")
    assert exchanges == [f"PUT {server.origin}/b/k"]
    assert server.received[0].headers["expect"] == "100-continue"
    assert b"data" in server.received[0].body
    server.close()


def test_a_mock_answers_in_place_of_the_host(
    server: Server, exchanges: list[str]
) -> None:
    with respx.mock(assert_all_called=False) as router:
        router.get("http://x.example/").mock(return_value=httpx.Response(207))
        router.route(host="127.0.0.1").pass_through()
        assert httpx.get("http://x.example/").status_code == 207
        assert httpx.get(server.origin).text == "hello"
    assert exchanges == [f"GET {server.origin}/"]


def opened(url: str) -> str:
    with urllib.request.build_opener().open(url) as response:
        body: bytes = response.read()
    return body.decode()


@pytest.mark.parametrize(
    "get",
    [lambda url: httpx.get(url).text, lambda url: requests.get(url).text, opened],
    ids=["httpx", "requests", "urllib"],
)
def test_a_recorder_records_and_plays_back(
    server: Server, exchanges: list[str], tmp_path: Path, get: Callable[[str], str]
) -> None:
    for _ in range(2):
        with vcr.use_cassette(str(tmp_path / "cassette.yaml")):
            assert get(server.origin) == "hello"
    assert len(exchanges) == len(server.received) == 1


def socks(peer: Peer) -> None:
    """Be a SOCKS 5 proxy that wants no password (RFC 1928), for one request."""
    count = peer.file.read(2)[1]
    assert 0 in peer.file.read(count)
    peer.send(b"\x05\x00")
    kind = peer.file.read(4)[3]
    host = peer.file.read(peer.file.read(1)[0] if kind == 3 else 4)
    port = int.from_bytes(peer.file.read(2))
    address = host.decode() if kind == 3 else socket.inet_ntoa(host)
    with socket.create_connection((address, port)) as onward:
        peer.send(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        head = peer.receive_head()
        lines = [f"{head.method} {head.target} HTTP/1.1".encode(), *head.lines]
        onward.sendall(b"\r\n".join([*lines, b"", b""]))
        while data := onward.recv(65536):
            peer.send(data)


@pytest.mark.parametrize(
    "get",
    [
        lambda url, proxy: requests.get(url, proxies={"http": proxy}).text,
        lambda url, proxy: httpx.get(url, proxy=proxy).text,
    ],
    ids=["requests", "httpx"],
)
def test_a_socks_proxy_without_a_password(
    server: Server, exchanges: list[str], get: Callable[[str, str], str]
) -> None:
    proxy = Server(socks)
    url = f"socks5h://127.0.0.1:{proxy.port}"
    assert get(server.origin, url) == "hello"
    assert len(exchanges) == 1
    proxy.close()


@contextmanager
def instrumented() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    yield exporter
    HTTPXClientInstrumentor().uninstrument()


def test_instrumentation_sees_each_request(
    server: Server, exchanges: list[str]
) -> None:
    with instrumented() as exporter:
        httpx.get(server.origin)
    assert [span.name for span in exporter.get_finished_spans()] == ["GET"]
    assert "traceparent" in server.received[0].headers
    assert len(exchanges) == 1


@pytest.mark.parametrize("family", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_trio_sends_reads_and_cancels(
    server: Server, exchanges: list[str], family: Any
) -> None:
    silent = Server(Peer.wait_for_close)

    async def body() -> Any:
        yield b"one "
        yield b"two"

    async def run() -> None:
        async with family.AsyncClient(timeout=None) as client:
            assert (await client.post(server.origin, content=body())).text == "hello"
            async with client.stream("GET", server.origin) as response:
                assert await response.aread() == b"hello"
            with trio.move_on_after(0.2) as scope:
                await client.get(silent.origin)
            assert scope.cancelled_caught

    trio.run(run)
    assert server.received[0].body == b"one two"
    assert len(exchanges) == 3
    silent.close()


@pytest.mark.parametrize("family", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_asyncio_in_a_thread_of_anyio_uses_its_own_loop(
    server: Server, exchanges: list[str], family: Any
) -> None:
    async def get() -> str:
        async with family.AsyncClient() as client:
            text: str = (await client.get(server.origin)).text
            return text

    async def run() -> list[str]:
        return [await get(), await asyncio.to_thread(asyncio.run, get())]

    assert asyncio.run(run()) == ["hello", "hello"]
    assert len(exchanges) == 2
