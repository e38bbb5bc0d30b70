# SPDX-License-Identifier: Apache-2.0
"""What clients are told about connections reaches the core, or is refused at once."""

from __future__ import annotations

import gc
import socket
import ssl
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import adoption
import httpx
import httpx2
import pytest
from scripted_server import Peer, Serve
from transport_keys import ENCRYPTED_KEY, OWN, OWN_KEY, PRIVATE

from amaru import _bridge, network
from amaru.transport import InsecureConnectionWarning, _tls

FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]
pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True)
def direct(hosted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


def sent(core: Any, serve: Serve, http: Any) -> dict[str, Any]:
    """Return the options that the core was given for a request of this client.

    Without its pool, and without a proxy if it has none.
    """
    http.get(serve(ok).origin)
    options = dict(core.opened[-1].options)
    del options["pool"]
    if not options["proxy"]:
        del options["proxy"]
    return options


@pytest.fixture
def authority() -> str:
    import certifi

    return certifi.where()


@pytest.fixture
def private(tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    file.write_text(PRIVATE)
    return str(file)


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
        ({"trust_env": False}, {}),
        ({"http2": True}, {"http2": True}),
        ({"proxy": "http://p.example:3128/x"}, {"proxy": "http://p.example:3128"}),
        (
            {"proxy": "https://me:p%40ss@p.example"},
            {"proxy": "https://me:p%40ss@p.example"},
        ),
        ({"proxy": "http://[::1]:1080"}, {"proxy": "http://[::1]:1080"}),
        pytest.param(
            {"proxy": "socks5://me:it@[::1]:1080"},
            {"proxy": "socks5://me:it@[::1]:1080"},
            marks=pytest.mark.skipif(
                find_spec("socksio") is None, reason="socksio is not installed"
            ),
        ),
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


@pytest.mark.parametrize("password", [None, "word"])
def test_the_certificate_of_a_client_reaches_the_core(
    family: Any, core: Any, serve: Serve, tmp_path: Path, password: str | None
) -> None:
    chain, key = tmp_path / "me.pem", tmp_path / "me.key"
    chain.write_text(OWN)
    key.write_text(OWN_KEY if password is None else ENCRYPTED_KEY)
    context = ssl.create_default_context()
    context.load_cert_chain(chain, key, password)
    expected = {"cert_file": str(chain), "key_file": str(key)}
    if password:
        expected["key_password"] = password
    assert sent(core, serve, family.Client(verify=context)) == expected


def test_proxies_of_the_environment_are_the_clients(
    family: Any, core: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://p.example:1")
    assert sent(core, serve, family.Client()) == {"proxy": "http://p.example:1"}
    assert sent(core, serve, family.Client(trust_env=False)) == {}
    assert sent(core, serve, family.Client(mounts={"http://": None})) == {}
    transport = family.HTTPTransport()
    assert sent(core, serve, family.Client(transport=transport)) == {}
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert sent(core, serve, family.Client()) == {}


def test_a_file_and_a_folder_of_authorities(
    family: Any, core: Any, serve: Serve, private: str, tmp_path: Path
) -> None:
    context = ssl.create_default_context(cafile=private)
    assert sent(core, serve, family.Client(verify=context)) == {"ca_file": private}
    context = ssl.create_default_context(capath=str(tmp_path))
    client = family.Client(verify=context)
    assert sent(core, serve, client) == {"ca_dir": str(tmp_path)}


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_authorities_of_the_environment_are_the_hosts(
    family: Any,
    core: Any,
    serve: Serve,
    private: str,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    place = private if variable == "SSL_CERT_FILE" else str(Path(private).parent)
    monkeypatch.setenv(variable, place)
    is_file = variable == "SSL_CERT_FILE"
    context = ssl.create_default_context(
        cafile=place if is_file else None, capath=None if is_file else place
    )
    option = "ca_file" if is_file else "ca_dir"
    named = sent(core, serve, family.Client(verify=context))
    assert named == {option: place}, "a script's own choice is not the host's"
    monkeypatch.setattr(_bridge, "AUTHORITIES", frozenset({place}))
    assert sent(core, serve, family.Client(verify=context)) == {}


def test_the_files_of_a_context_are_remembered(
    family: Any, core: Any, serve: Serve, private: str, authority: str
) -> None:
    context = ssl.create_default_context(cafile=authority)
    assert sent(core, serve, family.Client(verify=context)) == {}, "certifi's"
    context.load_verify_locations(private)
    held = sent(core, serve, family.Client(verify=context))["ca_certs"]
    assert ssl.PEM_cert_to_DER_cert(PRIVATE) in held
    assert len(held) > 100


def test_a_default_context_means_the_hosts_authorities_and_reads_none(
    family: Any, core: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tls, "_held", None)
    monkeypatch.setattr(_tls, "_of_system", None)
    client = family.Client(verify=ssl.create_default_context())
    assert sent(core, serve, client) == {}


def test_a_context_without_authorities_trusts_no_server(
    family: Any, core: Any, serve: Serve
) -> None:
    client = family.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    assert sent(core, serve, client) == {"ca_certs": []}


def test_authorities_in_memory_are_passed_as_der(
    family: Any, core: Any, serve: Serve, authority: str
) -> None:
    pem = one_certificate(authority)
    adoption.undo()
    # One that is older than the host's network.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    network.install()
    options = sent(core, serve, family.Client(verify=context))
    held = options.get("ca_certs", [])
    assert held in ([], [ssl.PEM_cert_to_DER_cert(pem)])


def test_a_private_authority_is_added_to_the_systems(
    family: Any, core: Any, serve: Serve, private: str
) -> None:
    context = ssl.create_default_context()
    context.load_verify_locations(private)
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


def newest_only() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def oldest_only() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def without_newest() -> ssl.SSLContext:
    context = ssl.create_default_context()
    with pytest.deprecated_call():
        context.options |= ssl.OP_NO_TLSv1_3
    return context


def few_ciphers() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    return context


def with_revocations() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


@pytest.mark.parametrize(
    ("given", "exception", "message"),
    [
        ({"http1": False, "http2": True}, ValueError, "http1"),
        ({"proxy": "ftp://p.example"}, ValueError, "scheme"),
        ({"colour": "red"}, TypeError, "colour"),
    ],
)
@pytest.mark.parametrize("make", ["Client", "AsyncClient"])
def test_what_cannot_be_honoured_is_refused_at_once(
    family: Any,
    monkeypatch: pytest.MonkeyPatch,
    make: str,
    given: dict[str, Any],
    exception: type[Exception],
    message: str,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "h2", __import__("h11"))
    with pytest.raises(exception, match=message):
        getattr(family, make)(**given)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (newest_only, {"tls_minimum": "TLSv1.3"}),
        (oldest_only, {"tls_maximum": "TLSv1.2"}),
        (without_newest, {"tls_maximum": "TLSv1.2"}),
        (few_ciphers, {"ciphers": "ECDHE-RSA-AES256-GCM-SHA384"}),
    ],
)
def test_versions_and_ciphers_reach_the_core(
    family: Any,
    core: Any,
    serve: Serve,
    context: Callable[[], ssl.SSLContext],
    expected: dict[str, Any],
) -> None:
    assert sent(core, serve, family.Client(verify=context())) == expected


def no_version() -> ssl.SSLContext:
    context = without_newest()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


@pytest.mark.parametrize(
    ("context", "message"),
    [(with_revocations, "revocation"), (no_version, "minimum_version")],
)
def test_what_a_context_asks_in_vain_is_an_error_of_the_connection(
    family: Any, core: Any, context: Callable[[], ssl.SSLContext], message: str
) -> None:
    with family.Client(verify=context()) as http:
        with pytest.raises(family.ConnectError, match=message):
            http.get("https://api.example/")
    assert core.opened == []


def test_authorities_that_a_script_names_in_the_environment_are_trusted(
    family: Any,
    hosted: Any,
    serve: Serve,
    private: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", private)
    client = family.Client(verify=ssl.create_default_context())
    assert sent(hosted, serve, client) == {"ca_file": private}


def test_ciphers_that_libraries_choose_by_default_are_honoured(
    family: Any, core: Any, serve: Serve
) -> None:
    context = ssl.create_default_context()
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!MD5")
    assert sent(core, serve, family.Client(verify=context)) == {}


def test_options_of_sockets_reach_the_core(
    family: Any, core: Any, serve: Serve
) -> None:
    """As SDKs give them, which make the library's own transport."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    transport = family.HTTPTransport(
        socket_options=options, limits=family.Limits(max_connections=7)
    )
    assert sent(core, serve, family.Client(transport=transport)) == {
        "socket_options": [socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1]
    }
    assert [size for size, _ in core.pools.values()] == [7]


def test_an_address_of_this_machine_reaches_the_core(
    family: Any, core: Any, serve: Serve
) -> None:
    transport = family.HTTPTransport(local_address="127.0.0.1")
    expected = {"local_address": "127.0.0.1"}
    assert sent(core, serve, family.Client(transport=transport)) == expected


@pytest.mark.parametrize(("retries", "answered"), [(1, False), (2, True)])
def test_connecting_is_tried_again(
    family: Any,
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    retries: int,
    answered: bool,
) -> None:
    failures, pauses = [1, 1], list[float]()
    original = core.head_blocking

    def head(exchange: int) -> Any:
        if failures and failures.pop():
            raise core.TransferError("connect", "refused (errno 111)")
        return original(exchange)

    monkeypatch.setattr(core, "head_blocking", head)
    monkeypatch.setattr("time.sleep", pauses.append)
    transport = family.HTTPTransport(retries=retries)
    with family.Client(transport=transport) as client:
        if answered:
            assert client.post(serve(ok).origin, content=b"x").text == "hello"
        else:
            with pytest.raises(family.ConnectError):
                client.post(serve(ok).origin, content=b"x")
    # httpcore's own delays.
    assert pauses == [0.0, 0.5][:retries]


def test_headers_for_a_proxy_are_refused(family: Any) -> None:
    proxy = family.Proxy("http://p.example", headers={"X-A": "b"})
    with pytest.raises(ValueError, match="(?i)x-a"):
        family.Client(proxy=proxy)


def test_limits_are_a_pool_for_the_transport(
    family: Any, core: Any, serve: Serve
) -> None:
    limits = family.Limits(max_connections=7, keepalive_expiry=1.5)
    client = family.Client(limits=limits)
    idle = family.Client(limits=family.Limits(max_keepalive_connections=0))
    assert core.pools == {}
    client.get(serve(ok).origin)
    client.get(serve(ok).origin)
    idle.get(serve(ok).origin)
    assert list(core.pools.values()) == [(7, 1.5), (None, 0.0)]
    client.close()
    idle.close()
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
    client = family.Client(transport=family.HTTPTransport(uds="/run/x"))
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
