# SPDX-License-Identifier: Apache-2.0
"""Relative URLs are relative to a server or to a folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fetch_scripts import ok
from scripted_server import Serve

from pyodide.http import (
    AbortError,
    HttpStatusError,
    XHRNetworkError,
    base,
    open_url,
    pyfetch,
    pyxhr,
    set_base,
)


@pytest.fixture(autouse=True)
def default_base() -> Iterator[None]:
    yield
    set_base(None)


async def test_relative_urls_resolve_against_a_url(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(ok())
    set_base(f"{server.origin}/app/index.html")
    expected = {
        "data.json": "/app/data.json",
        "../up": "/up",
        "%2E%2e/../up": "/up",
        "..\\up": "/up",
        "/root": "/root",
        "\\root": "/root",
        "": "/app/index.html",
        "?q\\r": "/app/index.html?q\\r",
        "#f": "/app/index.html",
        "./a/../b": "/app/b",
        " b\n": "/app/b",
    }
    for reference in expected:
        await pyfetch(reference)
    targets = [request.target for request in server.received]
    assert targets == list(expected.values())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my app"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "secret").write_text("classified")
    (tmp_path / "in").write_text("classified")
    (folder / "a b.json").write_text(json.dumps([1]))
    (folder / "app.tar.gz").write_bytes(b"x" * 300_000)
    (folder / "inner" / "index.html").write_text("<p>")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "outer").symlink_to(tmp_path)
    (folder / "in").symlink_to("a b.json")
    set_base(folder)
    return folder


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("a b.json", "application/json"),
        ("a%20b.json?version=1#x", "application/json"),
        ("/inner/../a b.json", "application/json"),
        ("./in", "application/json"),
        ("app.tar.gz", "application/gzip"),
        ("inner/", "text/html"),
        ("inner", "text/html"),
        ("inner/%2e/index.html/../", "text/html"),
        (" in\n", "application/json"),
        ("\\inner\\index.html", "text/html"),
        ("inner/%2e%2e/in", "application/json"),
        ("../my app/in", "application/json"),
        ("../my%20app/./in?x=../y#../z", "application/json"),
    ],
)
async def test_files_of_a_folder_are_served(
    folder: Path, reference: str, kind: str
) -> None:
    response = await pyfetch(reference)
    assert (response.status, response.headers["content-type"]) == (200, kind)
    length = int(response.headers["content-length"])
    again = await pyfetch(response.url)
    assert len(await response.bytes()) == len(await again.bytes()) == length


@pytest.mark.parametrize(
    "reference",
    [
        "none",
        "",
        "out",
        "outer/secret",
        "..%2fsecret",
        "/etc/passwd",
        "a b.json%00",
        "inner/none/..%2f..%2f",
        "a b.json/x",
        "x" * 300,
    ],
)
async def test_what_is_not_in_the_folder_is_not_found(
    folder: Path, reference: str
) -> None:
    response = await pyfetch(reference)
    assert response.status in (403, 404)
    assert "classified" not in await response.text()
    with pytest.raises(HttpStatusError):
        response.raise_for_status()


@pytest.mark.parametrize(
    "reference",
    [
        "../in",
        "../secret",
        "/../in",
        "/../../in",
        "%2e%2e/in",
        ".%2E/in",
        "..\\in",
        "\\..\\in",
        ".\t./in",
        " ../in",
        "inner/../../in",
        "./../in?x#y",
        "..",
        "../my app.txt",
    ],
)
async def test_what_leads_out_of_the_folder_is_refused(
    folder: Path, reference: str
) -> None:
    own = f"{folder.as_uri()}/"
    for url in (reference, own + reference.lstrip(" /\\")):
        with pytest.raises(AbortError, match="it is not inside") as caught:
            await pyfetch(url)
        assert caught.value.code == "not_allowed" and str(folder) in str(caught.value)
        with pytest.raises(AbortError, match="it is not inside"):
            open_url(url)
        with pytest.raises(XHRNetworkError, match="it is not inside"):
            pyxhr.get(url)


async def test_a_folder_is_no_more_than_its_files(folder: Path) -> None:
    for url in ("file:///etc/passwd", "//host/in", "\\\\host\\in", "/\\host/in"):
        with pytest.raises(AbortError, match="cannot fetch"):
            await pyfetch(url)
    assert (await pyfetch("in", method="POST", body="x")).status == 405
    response = await pyfetch("in", method="HEAD")
    assert (response.headers["content-length"], await response.text()) == ("3", "")
    (await pyfetch("app.tar.gz")).abort()


def test_the_base_is_by_default_the_folder_of_the_script(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_base(None)
    main = SimpleNamespace(__file__=str(folder / "main.py"))
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert base() == folder.resolve()
    del main.__file__
    assert base() == Path.cwd()
    with pytest.raises(ValueError, match="no URL and no folder"):
        set_base(folder / "none")


def test_the_host_may_say_what_the_base_is(
    screen: Any, core: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amaru import _bridge

    monkeypatch.setattr(_bridge, "IN_AMARU", True)
    given = {"fetch_base": "http://HOST:80/app/"}
    monkeypatch.setattr(screen, "settings", lambda: given, raising=False)
    assert base() == "http://host/app/"


@pytest.mark.parametrize(
    ("url", "kind", "body"),
    [
        ("data:,a%20b", "text/plain;charset=US-ASCII", b"a b"),
        ("data:text/html;base64,PHA+", "text/html", b"<p>"),
        ("data:;charset=x,%ff", "text/plain;charset=x", b"\xff"),
    ],
)
async def test_data_urls_hold_their_body(url: str, kind: str, body: bytes) -> None:
    response = await pyfetch(url)
    assert (response.headers["content-type"], await response.bytes()) == (kind, body)
