# SPDX-License-Identifier: Apache-2.0
"""`open_url` and `pyxhr` wait for their response, on the loop's thread too."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fetch_scripts import ok, redirect
from scripted_server import Serve

from pyodide.http import (
    AbortError,
    HttpStatusError,
    XHRError,
    XHRNetworkError,
    open_url,
    pyxhr,
    set_base,
)


def test_a_url_opens_as_a_text_file(core: ModuleType, serve: Serve) -> None:
    server = serve(redirect("302 x", "/b"), ok("\ufeffone\nzwei ü\n"))
    file = open_url(f"{server.origin}/a")
    assert file.readlines() == ["one\n", "zwei ü\n"]
    assert [request.target for request in server.received] == ["/a", "/b"]
    assert not core.exchanges


async def test_it_works_inside_a_running_loop(core: ModuleType, serve: Serve) -> None:
    server = serve(ok("text"))
    assert open_url(server.origin).read() == "text"
    assert await asyncio.to_thread(lambda: open_url(server.origin).read()) == "text"


def test_an_error_page_is_not_taken_for_the_text(
    core: ModuleType, serve: Serve
) -> None:
    with pytest.raises(HttpStatusError, match="404 Client Error"):
        open_url(serve(lambda peer: peer.reply("404 NOT FOUND", "no")).origin)
    with pytest.raises(AbortError):
        open_url("http://127.0.0.1:1/")


def test_files_of_the_base_are_opened_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    set_base(tmp_path)
    try:
        assert open_url("a.txt").read() == "text"
        response = pyxhr.get("a.txt")
        assert (response.text, response.headers["Content-Type"]) == (
            "text",
            "text/plain",
        )
        assert pyxhr.get("none").status_code == 404
        assert open_url("data:,x").read() == "x"
    finally:
        set_base(None)


@pytest.mark.parametrize(
    "method", ["get", "post", "put", "delete", "head", "patch", "options"]
)
def test_every_method_is_sent(core: ModuleType, serve: Serve, method: str) -> None:
    body = "" if method == "head" else "done"
    server = serve(ok(body))
    response = getattr(pyxhr, method)(server.origin)
    assert (response.status_code, response.text, response.ok) == (200, body, True)
    assert server.received[0].method == method.upper()


@pytest.mark.parametrize(
    ("arguments", "body", "kind"),
    [
        ({"data": "text"}, b"text", "text/plain;charset=UTF-8"),
        ({"data": b"raw"}, b"raw", None),
        ({"data": {"a": "1 2", "b": [3, 4]}}, b"a=1+2&b=3&b=4", "form"),
        ({"data": [("a", 1), ("a", 2)]}, b"a=1&a=2", "form"),
        ({"json": {"a": [1]}}, b'{"a": [1]}', "application/json"),
        ({"json": 0, "headers": {"content-type": "x/y"}}, b"0", "x/y"),
    ],
)
def test_bodies_are_sent_as_they_are_given(
    core: ModuleType,
    serve: Serve,
    arguments: dict[str, Any],
    body: bytes,
    kind: str | None,
) -> None:
    server = serve(ok())
    pyxhr.post(server.origin, **arguments)
    [request] = server.received
    kind = "application/x-www-form-urlencoded" if kind == "form" else kind
    assert (request.body, request.headers.get("content-type")) == (body, kind)


def test_params_headers_and_auth_are_sent(core: ModuleType, serve: Serve) -> None:
    server = serve(ok())
    pyxhr.get(
        f"{server.origin}/x?a=1#f",
        params={"b": "ä &", "c": [1, 2]},
        headers={"X-A": "1"},
        auth=("me", "pass:wörd"),
    )
    [request] = server.received
    assert request.target == "/x?a=1&b=%C3%A4+%26&c=1&c=2"
    assert request.headers["x-a"] == "1"
    assert request.headers["authorization"] == "Basic bWU6cGFzczp3w7ZyZA=="


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"timeout": 1}, TypeError),
        ({"data": "x", "json": 1}, TypeError),
        ({"headers": {"a": "b\n" * 2}}, ValueError),
    ],
)
def test_what_cannot_be_sent_is_refused(
    core: ModuleType, arguments: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        pyxhr.post("http://127.0.0.1:1/", **arguments)
    assert not core.opened


def test_a_response_has_what_a_script_asks_for(core: ModuleType, serve: Serve) -> None:
    data = gzip.compress(json.dumps({"ü": 1}).encode())
    headers = {"Content_Encoding": "gzip", "X_A": "1", "Content_Type": "text/plain"}
    server = serve(redirect("302 x", "/b"), ok(data, **headers))
    response = pyxhr.get(f"{server.origin}/a")
    assert response.url == f"{server.origin}/b"
    assert response.json() == {"ü": 1}
    assert response.json(parse_int=str) == {"ü": "1"}
    assert response.headers["X-a"] == "1"
    assert isinstance(response.content, bytes)
    response.raise_for_status()


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"\xfc", "ü"),
        ("text/plain; charset=none", b"\xc3\xbc", "ü"),
        ("text/plain", b"\xef\xbb\xbf\xc3\xbc\xff", "ü\ufffd"),
    ],
)
def test_a_text_has_the_charset_that_its_type_names(
    core: ModuleType, serve: Serve, kind: str, data: bytes, text: str
) -> None:
    assert pyxhr.get(serve(ok(data, Content_Type=kind)).origin).text == text


def test_an_error_status_raises_only_when_asked(core: ModuleType, serve: Serve) -> None:
    response = pyxhr.get(serve(lambda peer: peer.reply("500 OH NO", "x")).origin)
    assert (response.ok, response.text) == (False, "x")
    with pytest.raises(HttpStatusError, match="500 Server Error: OH NO for url: http"):
        response.raise_for_status()


@pytest.mark.parametrize("call", [pyxhr.get, pyxhr.post])
def test_a_request_without_a_response_is_a_network_error(
    core: ModuleType, call: Callable[[str], object]
) -> None:
    with pytest.raises(XHRNetworkError) as caught:
        call("http://127.0.0.1:1/")
    assert isinstance(caught.value, XHRError)
    assert isinstance(caught.value, OSError)
    assert caught.value.code == "connect"
    assert not core.exchanges


def test_a_broken_body_is_a_network_error(core: ModuleType, serve: Serve) -> None:
    with pytest.raises(XHRNetworkError, match="not valid gzip"):
        pyxhr.get(serve(ok(b"no gzip", Content_Encoding="gzip")).origin)
    with pytest.raises(XHRNetworkError, match="more than 20 times"):
        pyxhr.get(serve(redirect("302 x", "/")).origin)
