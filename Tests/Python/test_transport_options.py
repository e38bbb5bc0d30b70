# SPDX-License-Identifier: Apache-2.0
"""What clients are told about connections reaches the core, or is refused at once."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from scripted_server import Peer, Server

from amaru import network
from amaru.transport import (
    InsecureConnectionWarning,
    async_transport,
    sync_transport,
)

Serve = Callable[..., Server]
FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]
pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True)
def adopted(core: Any) -> Iterator[None]:
    network.install()
    yield
    network.uninstall()


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


def sent(core: Any, serve: Serve, http: Any) -> dict[str, Any]:
    """Return the options that the core was given for a request of this client."""
    http.get(serve(ok).origin)
    options = dict(core.opened[-1].options)
    options.pop("pool", None)
    return options


@pytest.fixture
def authority() -> str:
    import certifi

    return certifi.where()


def one_certificate(authority: str) -> str:
    text = Path(authority).read_text("ascii")
    end = "-----END CERTIFICATE-----"
    start = text.index("-----BEGIN")
    return text[start : text.index(end) + len(end)] + "\n"


def test_by_default_all_is_as_the_host_has_it(
    family: Any, core: Any, serve: Serve
) -> None:
    assert sent(core, serve, family.Client()) == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"trust_env": False}, {"proxy": ""}),
        ({"http2": True}, {"http2": True}),
        ({"cert": "me.pem"}, {"cert_file": "me.pem"}),
        ({"cert": ("me.pem", "me.key")}, {"cert_file": "me.pem", "key_file": "me.key"}),
        (
            {"cert": ("me.pem", "me.key", "word")},
            {"cert_file": "me.pem", "key_file": "me.key", "key_password": "word"},
        ),
        ({"proxy": "http://p.example:3128/x"}, {"proxy": "http://p.example:3128"}),
        (
            {"proxy": "https://me:p%40ss@p.example"},
            {"proxy": "https://me:p%40ss@p.example"},
        ),
        ({"proxy": "socks5://[::1]:1080"}, {"proxy": "socks5://[::1]:1080"}),
    ],
)
def test_an_option_of_a_client_reaches_the_core(
    family: Any,
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    if "http2" in given:
        # The families ask for the package h2, which our transport does not need.
        monkeypatch.setitem(__import__("sys").modules, "h2", __import__("h11"))
    assert sent(core, serve, family.Client(**given)) == expected


def test_proxies_of_the_environment_are_the_clients(
    family: Any, core: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://p.example:1")
    assert sent(core, serve, family.Client()) == {"proxy": "http://p.example:1"}
    assert sent(core, serve, family.Client(trust_env=False)) == {"proxy": ""}
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert sent(core, serve, family.Client()) == {}


def test_a_file_and_a_folder_of_authorities(
    family: Any, core: Any, serve: Serve, authority: str, tmp_path: Path
) -> None:
    transport = sync_transport(family.__name__, verify=authority)
    client = family.Client(transport=transport)
    assert sent(core, serve, client) == {"ca_file": authority}
    transport = sync_transport(family.__name__, verify=str(tmp_path))
    client = family.Client(transport=transport)
    assert sent(core, serve, client) == {"ca_dir": str(tmp_path)}


def test_the_files_of_a_context_are_remembered(
    family: Any, core: Any, serve: Serve, authority: str
) -> None:
    context = ssl.create_default_context(cafile=authority)
    client = family.Client(verify=context)
    assert sent(core, serve, client) == {"ca_file": authority}


def test_a_default_context_means_the_hosts_authorities(
    family: Any, core: Any, serve: Serve
) -> None:
    client = family.Client(verify=ssl.create_default_context())
    assert sent(core, serve, client) == {}


def test_authorities_in_memory_are_passed_as_der(
    family: Any, core: Any, serve: Serve, authority: str
) -> None:
    pem = one_certificate(authority)
    network.uninstall()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    network.install()
    options = sent(core, serve, family.Client(verify=context))
    held = options.get("ca_certs", [])
    assert held in ([], [ssl.PEM_cert_to_DER_cert(pem)])


def test_a_private_authority_is_added_to_the_systems(
    family: Any, core: Any, serve: Serve, tmp_path: Path
) -> None:
    private = tmp_path / "ca.pem"
    private.write_text(PRIVATE)
    context = ssl.create_default_context()
    context.load_verify_locations(str(private))
    held = sent(core, serve, family.Client(verify=context))["ca_certs"]
    assert ssl.PEM_cert_to_DER_cert(PRIVATE) in held
    alone = ssl.create_default_context(cadata=PRIVATE)
    held = sent(core, serve, family.Client(verify=alone))["ca_certs"]
    assert held == [ssl.PEM_cert_to_DER_cert(PRIVATE)]


def test_a_context_without_names(family: Any, core: Any, serve: Serve) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    client = family.Client(verify=context)
    assert sent(core, serve, client) == {"verify": "no-name"}


def bare_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("verify", [False, bare_context()], ids=["False", "context"])
@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
def test_no_verification_warns_where_the_client_was_made(
    family: Any, core: Any, serve: Serve, verify: Any, kind: str
) -> None:
    name = f"{family.__name__}.{kind} was made with verify=False"
    with pytest.warns(InsecureConnectionWarning, match=name) as caught:
        client = getattr(family, kind)(verify=verify)
    assert {warning.filename for warning in caught} == {__file__}
    if kind == "Client":
        assert sent(core, serve, client) == {"verify": False}


@pytest.mark.parametrize(
    ("given", "exception", "message"),
    [
        ({"local_address": "127.0.0.1"}, ValueError, "local_address"),
        ({"retries": 3}, ValueError, "retries=3"),
        ({"socket_options": [(1, 2, 3)]}, ValueError, "socket_options"),
        ({"http1": False, "http2": True}, ValueError, "http1"),
        ({"verify": 3}, TypeError, "not int"),
        ({"verify": "/no/such/file"}, FileNotFoundError, "/no/such/file"),
        ({"proxy": "ftp://p.example"}, ValueError, "scheme"),
        ({"colour": "red"}, TypeError, "colour"),
    ],
)
@pytest.mark.parametrize("make", [async_transport, sync_transport])
def test_what_cannot_be_honoured_is_refused_at_once(
    family: Any,
    make: Any,
    given: dict[str, Any],
    exception: type[Exception],
    message: str,
) -> None:
    with pytest.raises(exception, match=message):
        make(family.__name__, **given)


def test_headers_for_a_proxy_are_refused(family: Any) -> None:
    proxy = family.Proxy("http://p.example", headers={"X-A": "b"})
    with pytest.raises(ValueError, match="headers"):
        family.Client(proxy=proxy)


def test_limits_are_a_pool_for_the_transport(
    family: Any, core: Any, serve: Serve
) -> None:
    limits = family.Limits(max_connections=7, keepalive_expiry=1.5)
    client = family.Client(limits=limits)
    assert core.pools == {}
    client.get(serve(ok).origin)
    client.get(serve(ok).origin)
    assert list(core.pools.values()) == [(7, 1.5)]
    client.close()
    assert core.pools == {}


def test_the_pool_of_a_client_that_nobody_holds_is_closed(
    family: Any, core: Any, serve: Serve
) -> None:
    client = family.Client()
    client.get(serve(ok).origin)
    assert len(core.pools) == 1
    del client
    gc.collect()
    assert core.pools == {}


def test_a_unix_socket(family: Any, core: Any, serve: Serve) -> None:
    client = family.Client(transport=sync_transport(family.__name__, uds="/run/x"))
    assert sent(core, serve, client) == {"uds": "/run/x"}


def test_extensions_of_a_request(family: Any, core: Any, serve: Serve) -> None:
    server = serve(ok)
    extensions = {"target": b"*", "sni_hostname": "other.example"}
    with family.Client() as client:
        client.options(f"{server.origin}/x", extensions=extensions)
        client.get(server.origin)
    assert server.received[0].target == "*"
    assert core.opened[0].options["sni"] == "other.example"
    assert "sni" not in core.opened[1].options


STEPS = [
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.send_request_body.complete",
    "http11.receive_response_headers.started",
    "http11.receive_response_headers.complete",
    "http11.receive_response_body.started",
    "http11.receive_response_body.complete",
    "http11.response_closed.started",
    "http11.response_closed.complete",
]


@pytest.mark.parametrize("upload", [False, True])
def test_the_steps_are_traced(
    family: Any, core: Any, serve: Serve, upload: bool
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    content = iter([b"x"]) if upload else b"x"
    extensions = {"trace": lambda name, info: seen.append((name, info))}
    with family.Client() as client:
        client.post(serve(ok).origin, content=content, extensions=extensions)
    assert [name for name, _ in seen] == STEPS
    head = dict(seen)["http11.receive_response_headers.complete"]["return_value"]
    assert head[:3] == (b"HTTP/1.1", 200, b"OK")
    assert dict(seen)["http11.send_request_headers.started"]["request"].method == "POST"


def test_the_steps_are_traced_asynchronously(
    family: Any, core: Any, serve: Serve
) -> None:
    seen: list[str] = []

    async def trace(name: str, info: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        seen.append(name)

    async def run() -> None:
        async with family.AsyncClient() as client:
            await client.get(serve(ok).origin, extensions={"trace": trace})

    asyncio.run(run())
    assert seen == STEPS


def test_a_failed_step_is_traced(family: Any, core: Any) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    server = Server(ok)
    server.close()
    extensions = {"trace": lambda name, info: seen.append((name, info))}
    with family.Client() as client, pytest.raises(family.ConnectError):
        client.get(server.origin, extensions=extensions)
    name, info = seen[-1]
    assert name == "http11.receive_response_headers.failed"
    assert isinstance(info["exception"], family.ConnectError)


PRIVATE = """\
-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUXJgLhJwwYfT48i5dV9UxhnUtLHYwCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWUHJpdmF0ZSBUZXN0IEF1dGhvcml0eTAgFw0yNjExMjMwMTMy
NTNaGA8yMTI2MTAzMDAxMzI1M1owITEfMB0GA1UEAwwWUHJpdmF0ZSBUZXN0IEF1
dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG+l45DhEzuillHYE/XS
jbbBf3gxu3oerZ/MSM6dnwDBB1aHWQxNDpH4EuCarMqZg6uJd9EXyt7bDVxRdoY4
7zijUzBRMB0GA1UdDgQWBBQNDeF/P4RXkFG0ABrS6HuRJLtW7jAfBgNVHSMEGDAW
gBQNDeF/P4RXkFG0ABrS6HuRJLtW7jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49
BAMCA0gAMEUCIQDw3/pm/Hgyt/xWi84rI/fYdYPjS5/Sub4JcUSNB+Ls3wIgMvxt
DYO4kqCNlcIMt7N6oJTRJWZy6nBByP49SWHozI4=
-----END CERTIFICATE-----
"""
