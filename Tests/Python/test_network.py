# SPDX-License-Identifier: Apache-2.0
"""Which libraries stand on the host's network, and what of them is left alone."""

from __future__ import annotations

import asyncio
import importlib
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import adoption
import certifi
import httpx
import httpx2
import pytest
import urllib3
from scripted_server import Peer, Serve

from amaru import _bridge, network
from amaru.transport import _tls

HERE = Path(__file__).parent
PYTHON = str(HERE.parents[1] / "Python")
FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


@pytest.mark.parametrize("family", FAMILIES)
async def test_clients_use_the_host(hosted: Any, serve: Serve, family: Any) -> None:
    server = serve(ok)
    async with family.AsyncClient() as http:
        assert (await http.get(server.origin)).text == "hello"
    get = asyncio.to_thread(family.get, server.origin)
    assert (await get).text == "hello"
    assert len(hosted.opened) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_a_client_has_the_host_read_the_authorities(hosted: Any, family: Any) -> None:
    """Whoever only imports the library does not wait for them: see `LATER`."""
    assert not hosted.warmed
    family.Client().close()
    assert hosted.warmed


@pytest.mark.parametrize("family", FAMILIES)
async def test_the_librarys_own_transports_use_the_host(
    hosted: Any, serve: Serve, family: Any
) -> None:
    server = serve(ok)
    transport = family.AsyncHTTPTransport()
    async with family.AsyncClient(transport=transport) as http:
        assert (await http.get(server.origin)).text == "hello"
    assert len(hosted.opened) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_subclass_of_a_transport_works_as_with_the_original(
    hosted: Any, serve: Serve, family: Any
) -> None:
    class Marking(family.HTTPTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            request.headers["X-Mark"] = "mine"
            response = super().handle_request(request)
            response.headers["X-Back"] = "too"
            return response

    server = serve(ok)
    with family.Client(transport=Marking(retries=1)) as http:
        assert http.get(server.origin).headers["x-back"] == "too"
    assert server.received[0].headers["x-mark"] == "mine"
    assert len(hosted.opened) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_transport_of_the_scripts_own_class_stays_its_own(
    hosted: Any, family: Any
) -> None:
    class Own(family.BaseTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            return family.Response(204)

    assert family.Client(transport=Own()).get("http://x/").status_code == 204
    mock = family.MockTransport(lambda request: family.Response(205))
    assert family.Client(transport=mock).get("http://x/").status_code == 205
    assert hosted.opened == []


@pytest.mark.parametrize("core_name", ["httpcore", "httpcore2"])
def test_a_pool_with_a_network_of_its_own_keeps_it(hosted: Any, core_name: str) -> None:
    module = pytest.importorskip(core_name)
    backend = module.MockBackend(
        [b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n\r\n", b"hi"]
    )
    with module.ConnectionPool(network_backend=backend) as pool:
        assert pool.request("GET", "http://x.example/").content == b"hi"
    assert hosted.opened == []


@pytest.mark.parametrize("core_name", ["httpcore", "httpcore2"])
def test_a_bare_pool_uses_the_host(hosted: Any, serve: Serve, core_name: str) -> None:
    module = pytest.importorskip(core_name)
    server = serve(ok)
    with module.ConnectionPool() as pool:
        response = pool.request("POST", f"{server.origin}/x", content=b"in")
        assert (response.status, response.content) == (200, b"hello")
        with pool.stream("GET", server.origin) as streamed:
            assert b"".join(streamed.iter_stream()) == b"hello"
    assert server.received[0].body == b"in"
    assert len(hosted.opened) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_who_replaces_a_method_of_a_library_sees_the_requests(
    hosted: Any, serve: Serve, family: Any
) -> None:
    """As mocks, recorders and instrumentation do, at the transport and at the pool."""
    core = importlib.import_module("httpcore" if family is httpx else "httpcore2")
    seen: list[str] = []

    def watch(patch: pytest.MonkeyPatch, owner: Any) -> None:
        original = owner.handle_request

        def handle_request(this: Any, request: Any) -> Any:
            seen.append(owner.__name__)
            return original(this, request)

        patch.setattr(owner, "handle_request", handle_request)

    with family.Client() as client, pytest.MonkeyPatch.context() as patch:
        watch(patch, family.HTTPTransport)
        watch(patch, core.ConnectionPool)
        assert client.get(serve(ok).origin).text == "hello"
    assert seen == ["HTTPTransport", "ConnectionPool"]
    assert len(hosted.opened) == 1


def test_pools_of_urllib3_use_the_host(hosted: Any, serve: Serve) -> None:
    with urllib3.PoolManager() as pools:
        assert pools.request("GET", serve(ok).origin).data == b"hello"
    assert len(hosted.opened) == 1


def test_installing_twice_changes_nothing(hosted: Any) -> None:
    once = adoption.replaced()
    finders = list(sys.meta_path)
    network.install()
    assert adoption.replaced() == once
    assert sys.meta_path == finders


def test_outside_the_host_it_says_so() -> None:
    with pytest.raises(RuntimeError, match="_amaru_http"):
        network.install()
    assert adoption.replaced() == {}


LATER = """
import sys
sys.path[:0] = sys.argv[1:]
import loopback_core
sys.modules["_amaru_http"] = loopback_core
from amaru import _bridge, network
network.install()
assert not {"httpx", "http.client", "urllib3"} & set(sys.modules)
import adoption
import certifi
assert {owner.__name__ for owner, _ in adoption.replaced()} <= {"SSLContext"}
import httpx2, httpcore, httpcore2, urllib.request
assert not loopback_core.warmed
import urllib3
assert loopback_core.warmed
print(*sorted({
    f"{owner.__module__.partition('.')[0]}.{owner.__name__}.{name}"
    for owner, name in adoption.replaced()
    if "__init__" not in name and "SSLContext" not in owner.__name__
}))
"""


def test_libraries_that_are_imported_later_are_adopted() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", LATER, str(HERE), PYTHON],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == [
        "http.HTTPConnection.connect",
        "http.HTTPSConnection.connect",
        "httpcore.AsyncConnectionPool.aclose",
        "httpcore.AsyncConnectionPool.handle_async_request",
        "httpcore.ConnectionPool.close",
        "httpcore.ConnectionPool.handle_request",
        "httpcore2.AsyncConnectionPool.aclose",
        "httpcore2.AsyncConnectionPool.handle_async_request",
        "httpcore2.ConnectionPool.close",
        "httpcore2.ConnectionPool.handle_request",
        "urllib.AbstractHTTPHandler.do_open",
        "urllib3.HTTPConnection.connect",
        "urllib3.HTTPConnection.request",
        "urllib3.HTTPSConnection.connect",
    ]


LIGHT = """
import sys
sys.path[:0] = sys.argv[1:]
sys.modules["_amaru_http"] = type(sys)("_amaru_http")
sys.modules["_amaru_http"].allow_option = lambda: None
import amaru
before = set(sys.modules)
from amaru import _bridge, network
network.install()
print(*sorted(set(sys.modules) - before))
"""


def test_installing_imports_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", LIGHT, PYTHON],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["amaru._tracing", "amaru.network"]


SYNCHRONOUS = """
import sys
sys.path[:0] = sys.argv[1:]
sys.modules["_amaru_http"] = type(sys)("_amaru_http")
sys.modules["_amaru_http"].allow_option = lambda: None
sys.modules["_amaru_http"].allows = lambda host, port: True
sys.modules["_amaru_http"].destination = lambda origin: None
from amaru import _bridge, network
network.install()
import http.client, ssl
ssl.create_default_context()
sys.modules["_amaru_http"].pool = lambda: 1
sys.modules["_amaru_http"].close_pool = lambda pool: None
http.client.HTTPSConnection("x").connect()
print(*{
    "asyncio", "copy", "dataclasses", "inspect", "pathlib", "weakref",
    "httpx", "urllib3", "urllib.request",
} & set(sys.modules))
"""


def test_adopting_imports_no_loop_and_nothing_that_a_script_may_be_called() -> None:
    """A script's folder comes first: one called copy.py would be taken for copy."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", SYNCHRONOUS, PYTHON],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


async def test_what_is_loaded_into_a_context_is_noted(hosted: Any) -> None:
    context = ssl.create_default_context()
    context.load_default_certs()
    assert getattr(context, _tls._NOTE).defaults


async def test_sockets_of_asyncio_are_untouched(hosted: Any, serve: Serve) -> None:
    server = serve(ok)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read()).endswith(b"hello")
    writer.close()
    assert hosted.opened == []


@pytest.mark.parametrize("needs", ["get_ca_certs", "cert_store_stats", "wrap_bio"])
def test_the_usual_authorities_are_loaded_when_they_are_needed(
    hosted: Any, needs: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    plain: Any = super(ssl.SSLContext, context)
    assert not plain.get_ca_certs(), "no client has looked at them"
    if needs == "wrap_bio":
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x")
    else:
        assert getattr(context, needs)()
    assert plain.get_ca_certs()


def test_a_file_of_authorities_that_is_missing_fails_at_once(
    hosted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = str(tmp_path / "missing.pem")
    monkeypatch.setattr(_bridge, "AUTHORITIES", frozenset({place}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(FileNotFoundError):
        context.load_verify_locations(place)
