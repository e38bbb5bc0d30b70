# SPDX-License-Identifier: Apache-2.0
"""Framing: codings of bodies, HTTP/1.0, and clients that send no more."""

from __future__ import annotations

import http.client
import json
import socket
from itertools import count

import pytest
from serve_api.test_wire import Wire
from serving import Serving, eventually

names = count()


def ask(
    wire: Wire, served: Serving, model: str, text: str, *, streams: bool, version: str
) -> None:
    messages = [{"role": "user", "content": text}]
    sent = json.dumps({"model": model, "messages": messages, "stream": streams})
    wire.socket.sendall(
        f"POST /v1/chat/completions HTTP/{version}\r\n"
        f"Host: {served.host}:{served.port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(sent)}\r\n\r\n{sent}".encode()
    )


@pytest.mark.parametrize(
    "coding", ["gzip, chunked", "identity, chunked", "GZIP,chunked"]
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/conversations"])
def test_a_body_in_another_coding_is_not_read(
    served: Serving, coding: str, path: str
) -> None:
    with Wire(served) as wire:
        wire.socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {served.host}:{served.port}\r\n"
            f"Content-Type: application/json\r\nTransfer-Encoding: {coding}\r\n"
            "Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n".encode()
        )
        answer = wire.rest()
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert b"transfer_coding" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("streams", [True, False])
def test_an_old_client_reads_to_the_end_of_the_connection(
    served: Serving, model: str, streams: bool
) -> None:
    with Wire(served) as wire:
        ask(wire, served, model, "say hello", streams=streams, version="1.0")
        head, _, rest = wire.rest().partition(b"\r\n\r\n")
    fields = head.lower()
    assert fields.startswith(b"http/1.0 200 ")
    assert b"\r\nconnection: close" in fields
    assert b"transfer-encoding" not in fields
    if streams:
        assert rest.startswith(b"data: ")
        assert rest.endswith(b"data: [DONE]\n\n")
    else:
        assert json.loads(rest)["choices"][0]["message"]["content"] == "hello"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_client_that_still_sends_sees_why_its_body_is_too_large(
    served: Serving, version: str
) -> None:
    size = 40 << 20
    with Wire(served) as wire:
        wire.socket.sendall(
            f"POST /v1/chat/completions HTTP/{version}\r\n"
            f"Host: {served.host}:{served.port}\r\nConnection: close\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {size}\r\n\r\n".encode()
        )
        # All of it: it would not be taken if the server only stopped to read.
        wire.socket.sendall(b" " * size)
        answer = wire.rest()
    assert answer.startswith(f"HTTP/{version} 413 ".encode())
    assert answer.endswith(b"}}")


def test_a_body_is_asked_for_if_the_client_waits_for_that(
    served: Serving, model: str
) -> None:
    messages = [{"role": "user", "content": "say hello"}]
    body = json.dumps({"model": model, "messages": messages})

    def head(length: int) -> bytes:
        return (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {served.host}:{served.port}"
            "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
            f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
        ).encode()

    with Wire(served) as wire:
        wire.socket.sendall(head(len(body)))
        wire.until(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.socket.sendall(body.encode())
        assert wire.rest().startswith(b"HTTP/1.1 200 ")
    # One that is too large is refused at once.
    with Wire(served) as wire:
        wire.socket.sendall(head(1 << 40))
        wire.until(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("field", ["Close", "close, te", "TE, close"])
def test_a_connection_closes_however_that_is_asked_for(
    served: Serving, field: str
) -> None:
    with Wire(served) as wire:
        wire.socket.sendall(
            f"GET /health HTTP/1.1\r\nHost: {served.host}:{served.port}\r\n"
            f"Connection: {field}\r\n\r\n".encode()
        )
        answer = wire.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close" in answer.lower()


@pytest.mark.parametrize("streams", [True, False])
def test_a_client_that_sends_no_more_gets_its_answer(
    served: Serving, model: str, streams: bool
) -> None:
    name = f"half{next(names)}"
    with Wire(served) as wire:
        ask(wire, served, model, f"wait {name}", streams=streams, version="1.1")
        wire.socket.shutdown(socket.SHUT_WR)
        # The server has noticed: it tries whether somebody is there.
        wire.until(b"\n\n" if streams else b"HTTP/1.1 100 Continue\r\n")
        served.touch(name)
        answer = wire.rest()
    assert b"second" in answer
    assert b"[DONE]" in answer if streams else b'"finish_reason":"stop"' in answer


def test_clients_pass_over_what_they_are_tried_with(
    served: Serving, model: str
) -> None:
    name = f"half{next(names)}"
    connection = http.client.HTTPConnection(served.host, served.port, timeout=50)
    messages = [{"role": "user", "content": f"wait {name}"}]
    sent = json.dumps({"model": model, "messages": messages})
    fields = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", sent, fields)
    assert connection.sock is not None
    connection.sock.shutdown(socket.SHUT_WR)
    eventually(lambda: connection.sock.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 100")
    served.touch(name)
    with connection.getresponse() as response:
        assert response.status == 200
        answer = json.load(response)
    assert answer["choices"][0]["message"]["content"] == "first second"
    connection.close()


@pytest.mark.parametrize("streams", [True, False])
def test_a_client_that_goes_later_stops_the_script(
    served: Serving, model: str, streams: bool
) -> None:
    name = f"half{next(names)}"
    with Wire(served) as wire:
        ask(wire, served, model, f"forever {name}", streams=streams, version="1.1")
        wire.socket.shutdown(socket.SHUT_WR)
        wire.until(b'"content":"x"' if streams else b"HTTP/1.1 100 Continue\r\n")
    eventually((served.folder / name).exists)


def test_all_requests_before_the_end_are_answered(served: Serving, model: str) -> None:
    with Wire(served) as wire:
        for number in range(3):
            text = f"say n{number}"
            ask(wire, served, model, text, streams=False, version="1.1")
        wire.socket.shutdown(socket.SHUT_WR)
        answer = wire.rest()
    places = [answer.find(f'"content":"n{number}"'.encode()) for number in range(3)]
    assert places == sorted(places)
    assert -1 not in places
