# SPDX-License-Identifier: Apache-2.0
"""Which libraries stand on the host's network, and how they are given back."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import urllib3
from scripted_server import Peer, Server

from amaru import network
from amaru.transport import _tls, async_transport

HERE = Path(__file__).parent
PYTHON = str(HERE.parents[1] / "Python")
Serve = Callable[..., Server]
FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    before = snapshot()
    yield
    network.uninstall()
    assert snapshot() == before


def snapshot() -> list[object]:
    """Return everything that is replaced, and whether it was inherited."""
    clients = [httpx.Client, httpx.AsyncClient, httpx2.Client, httpx2.AsyncClient]
    pools: list[Any] = [urllib3.HTTPConnectionPool, urllib3.HTTPSConnectionPool]
    methods = ["_init_transport", "_init_proxy_transport"]
    loaders = ["load_cert_chain", "load_verify_locations", "set_default_verify_paths"]
    return [
        *(vars(client)[method] for client in clients for method in methods),
        *(pool.ConnectionCls for pool in pools),
        *(vars(ssl.SSLContext).get(name) for name in loaders),
        list(sys.meta_path),
    ]


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


@pytest.mark.parametrize("family", FAMILIES)
async def test_clients_without_a_transport_use_the_host(
    core: Any, serve: Serve, family: Any
) -> None:
    network.install()
    server = serve(ok)
    async with family.AsyncClient() as http:
        assert (await http.get(server.origin)).text == "hello"
    get = asyncio.to_thread(family.get, server.origin)
    assert (await get).text == "hello"
    assert len(core.opened) == 2


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_client_with_a_transport_keeps_it(
    core: Any, serve: Serve, family: Any
) -> None:
    network.install()
    own = family.AsyncHTTPTransport()
    client = family.AsyncClient(transport=own)
    assert client._transport is own
    mock = family.MockTransport(lambda request: family.Response(204))
    assert family.Client(transport=mock).get("http://x/").status_code == 204
    assert core.opened == []


@pytest.mark.parametrize("family", FAMILIES)
def test_positions_and_subclasses_are_understood(core: Any, family: Any) -> None:
    network.install()

    class Mine(family.Client):  # type: ignore[misc]
        pass

    client = Mine()
    transport = client._init_transport(True, None, False)
    assert transport._options == {"proxy": ""}
    assert type(client._transport).__name__ == "AmaruTransport"
    own = family.HTTPTransport()
    given = (True, None, True, True, False, family.Limits(), own)
    assert client._init_transport(*given) is own


def test_pools_of_urllib3_use_the_host(core: Any, serve: Serve) -> None:
    network.install()
    with urllib3.PoolManager() as pools:
        assert pools.request("GET", serve(ok).origin).data == b"hello"
    assert len(core.opened) == 1


def test_what_is_installed_can_be_asked(core: Any) -> None:
    assert not network.installed
    assert list(network.installed) == []
    network.install()
    assert network.installed
    assert list(network.installed) == ["httpx", "httpx2", "urllib3"]
    assert "httpx" in network.installed
    assert repr(network.installed) == "<Adoption installed: httpx, httpx2, urllib3>"
    network.uninstall()
    assert not network.installed
    assert repr(network.installed) == "<Adoption not installed>"


def test_installing_twice_is_undone_once(core: Any) -> None:
    before = snapshot()
    network.install()
    once = snapshot()
    network.install()
    assert snapshot() == once
    network.uninstall()
    network.uninstall()
    assert snapshot() == before


def test_what_others_put_on_top_stays(core: Any) -> None:
    client: Any = httpx.Client
    original = client._init_transport
    network.install()
    ours = client._init_transport
    calls = []

    def theirs(this: Any, *arguments: Any, **options: Any) -> Any:
        calls.append(this)
        return ours(this, *arguments, **options)

    client._init_transport = theirs
    try:
        assert type(httpx.Client()._transport).__name__ == "AmaruTransport"
        network.uninstall()
        assert vars(httpx.Client)["_init_transport"] is theirs
        assert isinstance(httpx.Client()._transport, httpx.HTTPTransport)
        assert len(calls) == 2
    finally:
        client._init_transport = original


def test_a_client_made_before_uninstalling_goes_on(core: Any, serve: Serve) -> None:
    network.install()
    client = httpx.Client()
    network.uninstall()
    assert client.get(serve(ok).origin).text == "hello"
    assert len(core.opened) == 1


def test_outside_the_host_it_says_so() -> None:
    with pytest.raises(RuntimeError, match="_amaru_http"):
        network.install()
    assert not network.installed


LATER = """
import sys
sys.path[:0] = sys.argv[1:]
import loopback_core
sys.modules["_amaru_http"] = loopback_core
from amaru import network
network.install()
assert "httpx" not in sys.modules and list(network.installed) == []
import httpx2, urllib3, httpx
print(*network.installed, type(httpx2.Client()._transport).__module__)
network.uninstall()
print(type(httpx.Client()._transport).__module__.partition(".")[0])
"""


def test_libraries_that_are_imported_later_are_adopted() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", LATER, str(HERE), PYTHON],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split("\n")[:2] == [
        "httpx httpx2 urllib3 amaru.transport._httpx2",
        "httpx",
    ]


LIGHT = """
import sys
sys.path[:0] = sys.argv[1:]
sys.modules["_amaru_http"] = type(sys)("_amaru_http")
import amaru
before = set(sys.modules)
from amaru import network
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
    assert done.stdout.split() == ["amaru.network"]


async def test_tls_is_noted_without_an_import_before_it(core: Any) -> None:
    network.install()
    noted = [name for name, _ in _tls.remembering()]
    assert all(hasattr(vars(ssl.SSLContext)[name], "__wrapped__") for name in noted)
    context = ssl.create_default_context()
    context.load_default_certs()
    assert getattr(context, _tls._NOTE).defaults


async def test_sockets_of_asyncio_are_untouched(core: Any, serve: Serve) -> None:
    network.install()
    server = serve(ok)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read()).endswith(b"hello")
    writer.close()
    assert core.opened == []


def test_a_transport_can_be_made_without_adoption(core: Any) -> None:
    async_transport("httpx", limits=httpx.Limits(max_connections=1))
    assert not network.installed
