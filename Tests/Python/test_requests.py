# SPDX-License-Identifier: Apache-2.0
"""requests over the core: sessions, adapters, and what it makes of refusals."""

from __future__ import annotations

import base64
import errno
import gc
import importlib.util
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import adoption
import pytest
import urllib3
from scripted_server import Peer, Serve

# Without the types that it does not ship.
requests: Any = pytest.importorskip("requests")


@pytest.fixture(autouse=True)
def installed(core: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    with adoption.adopted():
        yield


def noting(found: list[Any]) -> Callable[..., int]:
    """Return an `open` of the core that only keeps what it was given."""

    def note(*given: Any) -> int:
        found.append(given)
        return 1

    return note


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


def test_a_session_keeps_cookies_and_follows_redirects(serve: Serve, core: Any) -> None:
    def turn(peer: Peer) -> None:
        peer.reply("302 Found", "", Location="/next", Set_Cookie="a=1")

    server = serve(turn, ok)
    with requests.Session() as session:
        response = session.get(f"{server.origin}/first", timeout=20)
    assert response.text == "hello"
    assert [got.target for got in server.received] == ["/first", "/next"]
    assert server.received[1].headers["cookie"] == "a=1"
    assert [found.status_code for found in response.history] == [302]
    assert len(core.opened) == 2
    assert core.exchanges == {}


def test_lines_are_shown_as_they_arrive(serve: Serve) -> None:
    go_on = threading.Event()

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("one\n")
        assert go_on.wait(20)
        peer.chunk("two\n")
        peer.end()

    with requests.get(serve(answer).origin, stream=True, timeout=20) as response:
        lines = response.iter_lines(chunk_size=1)
        assert next(lines) == b"one"
        go_on.set()
        assert list(lines) == [b"two"]


def test_sessions_have_connections_of_their_own(serve: Serve, core: Any) -> None:
    def kept(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    server = serve(kept)
    with requests.Session() as one, requests.Session() as other:
        for session in (one, one, other):
            assert session.get(server.origin, timeout=20).text == "hello"
        pools = [exchange.options["pool"] for exchange in core.opened]
        assert pools[0] == pools[1] != pools[2]
        assert set(core.pools) == set(pools)
    assert core.pools == {}


def test_a_response_without_a_body_may_name_chunks(serve: Serve) -> None:
    server = serve(
        lambda peer: peer.head("204 No Content", Transfer_Encoding="chunked")
    )
    assert requests.get(server.origin, timeout=20).status_code == 204


def test_a_zone_of_an_address_reaches_the_core(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []
    options(core, monkeypatch)
    monkeypatch.setattr(core, "open", noting(found))
    requests.get("http://[fe80::1%25eth0]:81/x", timeout=20)
    assert [given[1] for given in found] == ["http://[fe80::1%25eth0]:81/x"]


@pytest.mark.parametrize("code", ["local_protocol", "unsupported_protocol", "proxy"])
def test_every_failure_is_one_of_requests(
    core: Any, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def refuse(*arguments: object) -> int:
        raise core.TransferError(code, "what happened")

    monkeypatch.setattr(core, "open", refuse)
    with pytest.raises(requests.RequestException, match="what happened"):
        requests.get("http://api.example/", timeout=20)


def causes(exc: BaseException | None) -> Iterator[BaseException]:
    """Yield what an exception of requests is made of, as those who look for it do."""
    while exc is not None:
        yield exc
        inner = [getattr(exc, "reason", None), *exc.args]
        held = [each for each in inner if isinstance(each, BaseException)]
        exc = exc.__cause__ or (held[0] if held else None)


@pytest.mark.parametrize(
    ("reason", "expected", "number"),
    [
        (("system", 111), ConnectionRefusedError, errno.ECONNREFUSED),
        (("unknown_host",), socket.gaierror, socket.EAI_NONAME),
        (("certificate", 1), ssl.SSLCertVerificationError, 1),
    ],
)
def test_the_cause_of_a_failed_connection_is_that_of_a_socket(
    core: Any,
    monkeypatch: pytest.MonkeyPatch,
    reason: tuple[Any, ...],
    expected: type[OSError],
    number: int,
) -> None:
    def fail(*arguments: object) -> int:
        raise core.TransferError("connect", "no", *reason)

    monkeypatch.setattr(core, "open", fail)
    with pytest.raises(requests.ConnectionError) as caught:
        requests.get("http://127.0.0.1:9/", timeout=20)
    found: list[Any] = [each for each in causes(caught.value)]
    error = next(each for each in found if type(each) is expected)
    assert error.errno == number


def test_what_a_context_of_an_adapter_trusts_reaches_the_core(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = Path(requests.certs.where()).read_text("ascii")
    end = "-----END CERTIFICATE-----"
    first = certificate[certificate.index("-----BEGIN") : certificate.index(end)] + end
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=first)
    context.check_hostname = False

    class Trusting(requests.adapters.HTTPAdapter):  # type: ignore[misc]
        def init_poolmanager(self, *given: Any, **named: Any) -> None:
            super().init_poolmanager(*given, ssl_context=context, **named)

    found = options(core, monkeypatch)
    with requests.Session() as session:
        session.mount("https://", Trusting())
        session.get("https://api.example/", timeout=20)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        session.mount("https://", Trusting())
        session.get("https://api.example/", timeout=20)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        session.mount("https://", Trusting())
        with pytest.raises(requests.exceptions.SSLError, match="revocation"):
            session.get("https://api.example/", timeout=20)
    assert found[1]["tls_maximum"] == "TLSv1.2"
    # Beside certifi's, which requests adds to it. urllib3 checks the name itself.
    assert list(found[0]) == ["ca_certs"]
    assert ssl.PEM_cert_to_DER_cert(first) in found[0]["ca_certs"]
    assert len(found[0]["ca_certs"]) > 100


def test_a_response_that_nobody_reads_is_cancelled(serve: Serve, core: Any) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.wait_for_close()

    response = requests.get(serve(answer).origin, stream=True, timeout=20)
    assert len(core.exchanges) == 1
    del response
    gc.collect()
    assert core.exchanges == {}


def test_a_connection_that_opens_its_own_socket_keeps_it(
    serve: Serve, core: Any
) -> None:
    class Own(urllib3.connection.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.create_connection((self.host, self.port))

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Own

    with Pool("127.0.0.1", serve(ok).port, timeout=20) as pool:
        assert pool.request("GET", "/").data == b"hello"
    assert core.opened == []


@pytest.mark.parametrize("code", ["secret_refused", "not_allowed"])
def test_a_refusal_of_the_host_is_a_connection_error_and_no_retry(
    serve: Serve, core: Any, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    asked = []

    def refuse(*arguments: object) -> int:
        asked.append(arguments)
        raise core.TransferError(code, "the host says no, and why")

    monkeypatch.setattr(core, "open", refuse)
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=5))
        with pytest.raises(requests.ConnectionError, match="says no, and why"):
            session.get("http://127.0.0.1:9/", timeout=20)
    assert len(asked) == 1


def options(core: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record the options of exchanges that are never made."""
    found: list[dict[str, Any]] = []

    def note(*arguments: Any) -> int:
        options = dict(arguments[6])
        del options["pool"]
        if not options["proxy"]:
            del options["proxy"]
        found.append(options)
        return 1

    monkeypatch.setattr(core, "open", note)
    head: tuple[Any, ...] = (204, b"No Content", b"HTTP/1.1", [])
    monkeypatch.setattr(core, "answer_blocking", lambda exchange: (head, []))
    return found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"verify": "/ca.pem"}, {"ca_file": "/ca.pem"}),
        ({"cert": "/me.pem"}, {"cert_file": "/me.pem"}),
        (
            {"cert": ("/me.pem", "/me.key")},
            {"cert_file": "/me.pem", "key_file": "/me.key"},
        ),
        (
            {"proxies": {"https": "http://proxy:3128"}},
            {"proxy": "http://proxy:3128"},
        ),
        (
            {"proxies": {"https": "http://me:p%40ss@proxy:3128"}},
            {"proxy": "http://me:p%40ss@proxy:3128"},
        ),
    ],
)
def test_what_a_request_asks_of_tls_and_proxies_reaches_the_core(
    core: Any,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    monkeypatch.setattr("os.path.exists", lambda path: True)
    found = options(core, monkeypatch)
    requests.get("https://api.example/", timeout=20, **given)
    assert found == [expected]


def test_no_verification_is_named_and_warned_about(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = options(core, monkeypatch)
    with pytest.warns(urllib3.exceptions.InsecureRequestWarning):
        requests.get("https://api.example/", timeout=20, verify=False)
    assert found == [{"verify": False}]


def test_a_forwarding_proxy_gets_its_credentials_by_its_url_only(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[Any, ...]] = []

    def note(*given: Any) -> int:
        found.append(given)
        return 1

    options(core, monkeypatch)
    monkeypatch.setattr(core, "open", note)
    proxies = {"http": "http://me:secret@proxy:3128"}
    requests.get("http://api.example/x?y=z", timeout=20, proxies=proxies)
    _, url, headers, *_ = found[0]
    assert url == "http://api.example/x?y=z"
    assert found[0][6]["proxy"] == "http://me:secret@proxy:3128"
    assert base64.b64encode(b"me:secret") not in b"".join(headers)


DIRECT: dict[str, Callable[[str], Any]] = {
    "trust_env": lambda url: _untrusting().get(url, timeout=20),
    "none": lambda url: requests.get(url, proxies={"http": None}, timeout=20),
    "no_proxy": lambda url: requests.get(url, proxies={"no_proxy": "*"}, timeout=20),
    "a pool": lambda url: urllib3.PoolManager().request("GET", url),
}


def _untrusting() -> Any:
    session = requests.Session()
    session.trust_env = False
    return session


@pytest.mark.parametrize("way", DIRECT)
def test_whether_there_is_a_proxy_is_the_clients_decision(
    core: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    found = options(core, monkeypatch)
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    requests.get("http://api.example/", timeout=20)
    DIRECT[way]("http://api.example/")
    monkeypatch.setenv("no_proxy", "api.example")
    requests.get("http://api.example/", timeout=20)
    assert found == [{"proxy": "http://proxy:3128"}, {}, {}]


def test_a_proxy_is_asked_for_the_callers_host(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []
    options(core, monkeypatch)
    monkeypatch.setattr(core, "open", noting(found))
    requests.get(
        "http://api.example/",
        timeout=20,
        headers={"Host": "virtual.example"},
        proxies={"http": "http://proxy:3128"},
    )
    _, url, headers, *_ = found[0]
    assert url == "http://api.example/"
    assert headers[headers.index(b"Host") + 1] == b"virtual.example"


@pytest.mark.skipif(
    importlib.util.find_spec("socks") is None, reason="PySocks is not installed"
)
def test_a_socks_proxy_is_named_to_the_host(
    core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = options(core, monkeypatch)
    socks = import_module("urllib3.contrib.socks")
    for given, named in [
        ("socks5h://me:s%40cret@proxy:1080", "socks5://me:s%40cret@proxy:1080"),
        ("socks5://proxy:1080", "socks5://proxy:1080"),
    ]:
        proxies = {"http": given, "https": given}
        for scheme in ("https", "http"):
            url = f"{scheme}://api.example/"
            assert requests.get(url, proxies=proxies, timeout=20).status_code == 204
            assert found.pop() == {"proxy": named}
    with socks.SOCKSProxyManager("socks4://proxy:1080") as pool:
        with pytest.raises(ValueError, match="SOCKS 5 only"):
            pool.request("GET", "http://api.example/")
    proxies = {"http": "socks4://proxy:1080"}
    with pytest.raises(requests.ConnectionError, match="SOCKS 5 only"):
        requests.get("http://api.example/", proxies=proxies, timeout=20)
