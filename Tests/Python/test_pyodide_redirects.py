# SPDX-License-Identifier: Apache-2.0
"""Redirects are followed as the Fetch standard says."""

from __future__ import annotations

import io
from types import ModuleType

import pytest
from fetch_scripts import ok, redirect
from scripted_server import Serve

from pyodide.http import (
    AbortError,
    pyfetch,
)


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        ("301 x", "POST", "GET"),
        ("302 x", "POST", "GET"),
        ("303 x", "POST", "GET"),
        ("303 x", "PUT", "GET"),
        ("301 x", "PUT", "PUT"),
        ("307 x", "POST", "POST"),
        ("308 x", "POST", "POST"),
    ],
)
async def test_a_redirect_keeps_or_changes_the_method(
    core: ModuleType, serve: Serve, status: str, method: str, expected: str
) -> None:
    server = serve(redirect(status, "../there?x"), ok("end"))
    headers = {"Content-Type": "a/b", "Authorization": "me"}
    response = await pyfetch(
        f"{server.origin}/a/b/c", method=method, body="data", headers=headers
    )
    assert await response.text() == "end"
    assert response.url == f"{server.origin}/a/there?x"
    assert response.redirected
    second = server.received[1]
    assert (second.method, second.target) == (expected, "/a/there?x")
    assert second.body == (b"data" if expected == method else b"")
    assert ("content-type" in second.headers) == (expected == method)
    assert second.headers["authorization"] == "me"


async def test_credentials_stay_behind_at_another_origin(
    core: ModuleType, serve: Serve
) -> None:
    there = serve(ok())
    here = serve(redirect("307 x", f"{there.origin}/x"))
    headers = {"Authorization": "me", "cookie": "a=b", "X-Other": "1"}
    await pyfetch(here.origin, headers=headers)
    received = there.received[0].headers
    assert "authorization" not in received
    assert "cookie" not in received
    assert received["x-other"] == "1"


async def test_a_body_of_pieces_is_sent_again_only_from_a_file(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(redirect("307 x", "/b"), ok())
    await pyfetch(server.origin, method="POST", body=io.BytesIO(b"data"))
    assert [request.body for request in server.received] == [b"data", b"data"]
    server = serve(redirect("307 x", "/b"), ok())
    with pytest.raises(AbortError, match="cannot be sent again"):
        await pyfetch(server.origin, method="POST", body=iter([b"data"]))
    assert not core.exchanges


async def test_twenty_redirects_are_followed_and_no_more(
    core: ModuleType, serve: Serve
) -> None:
    hops = [redirect("302 x", f"/{number}") for number in range(20)]
    response = await pyfetch(serve(*hops, ok("end")).origin)
    assert await response.text() == "end"
    with pytest.raises(AbortError, match="more than 20 times"):
        await pyfetch(serve(redirect("302 x", "/")).origin)
    assert not core.exchanges


async def test_a_redirect_can_be_an_error_or_be_looked_at(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(redirect("302 Found", "/x"))
    with pytest.raises(AbortError, match="redirects to .*/x"):
        await pyfetch(server.origin, redirect="error")
    response = await pyfetch(server.origin, redirect="manual")
    assert (response.status, response.redirected) == (302, False)
    assert response.headers["location"] == "/x"
    del response
    assert not core.exchanges


@pytest.mark.parametrize("location", ["file:///etc/passwd", "data:,x", "http://"])
async def test_a_redirect_leads_to_web_servers_only(
    core: ModuleType, serve: Serve, location: str
) -> None:
    with pytest.raises(AbortError, match="cannot follow the redirect"):
        await pyfetch(serve(redirect("302 x", location)).origin)
    assert not core.exchanges
