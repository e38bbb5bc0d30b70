# SPDX-License-Identifier: Apache-2.0
"""What goes wrong below http.client, as python's own sockets would put it."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any

import pytest
from scripted_server import Peer, Serve

Connection = http.client.HTTPConnection

pytestmark = pytest.mark.usefixtures("without_proxies")

# What the core raises, and what of it arrives.
FAILURES: dict[str, tuple[tuple[Any, ...], Any]] = {
    "connect_refused": (
        ("connect", "no", "system", errno.ECONNREFUSED),
        ConnectionRefusedError,
    ),
    "connect_name": (("connect", "unknown", "unknown_host"), socket.gaierror),
    "connect_tls": (("connect", "untrusted", "tls"), ssl.SSLError),
    "connect_certificate": (
        ("connect", "another name", "certificate", 62),
        ssl.SSLCertVerificationError,
    ),
    "connect_timeout": (("connect_timeout", "slow"), TimeoutError),
    "not_allowed": (("not_allowed", "not on the list"), PermissionError),
    "secret_refused": (("secret_refused", "another origin"), PermissionError),
    "read": (("read", "reset", "system", errno.ECONNRESET), ConnectionResetError),
    "read_timeout": (("read_timeout", "slow"), TimeoutError),
    "remote_protocol": (("remote_protocol", "odd"), http.client.BadStatusLine),
    "local_protocol": (("local_protocol", "odd"), http.client.InvalidURL),
    "interrupted": (("interrupted", "by the user"), KeyboardInterrupt),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("opened", [True, False], ids=["urllib", "http.client"])
def test_a_failure_is_that_of_a_socket(
    hosted: Any, monkeypatch: pytest.MonkeyPatch, name: str, opened: bool
) -> None:
    facts, expected = FAILURES[name]
    code, message = facts[:2]

    def fail(*arguments: object) -> None:
        raise hosted.TransferError(*facts)

    monkeypatch.setattr(hosted, "answer_blocking", fail)
    # What urllib wraps is what its sockets would have met in sending.
    is_wrapped = opened and (code.startswith("connect") or expected is PermissionError)
    with pytest.raises(urllib.error.URLError if is_wrapped else expected) as caught:
        if opened:
            urllib.request.build_opener().open("http://127.0.0.1:9/")
        else:
            conn = Connection("127.0.0.1", 9)
            conn.request("GET", "/")
            conn.getresponse()
    exc: Any = caught.value
    reason: Any = exc.reason if is_wrapped else exc
    assert expected is type(reason)
    assert message in str(reason)
    assert isinstance(reason.__cause__, hosted.TransferError)
    if isinstance(reason, TimeoutError):
        assert reason.errno == errno.ETIMEDOUT
    if isinstance(reason, ssl.SSLCertVerificationError):
        assert reason.verify_code == 62


def test_a_limit_set_after_the_head_counts_for_the_body(
    hosted: Any, serve: Serve
) -> None:
    def slow(peer: Peer) -> None:
        peer.head("200 OK", Content_Length="5")
        peer.wait_for_close()

    conn = Connection("127.0.0.1", serve(slow).port, timeout=60)
    conn.request("GET", "/")
    sock = conn.sock
    answer = conn.getresponse()
    sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        answer.read()
    conn.close()
