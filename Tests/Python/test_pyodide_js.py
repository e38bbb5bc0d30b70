# SPDX-License-Identifier: Apache-2.0
"""What the module `js` has does what JavaScript's does; the rest says what to use."""

from __future__ import annotations

import asyncio
import gc
import importlib
import math
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from fetch_scripts import ok, stalling
from scripted_server import Serve

import js
from pyodide import ffi
from pyodide.http import set_base


@pytest.fixture(autouse=True)
def default_base() -> Iterator[None]:
    yield
    set_base(None)


# The module


def test_what_needs_a_page_says_so() -> None:
    assert not hasattr(js, "document") and getattr(js, "process", 3) == 3
    with pytest.raises(AttributeError, match="js.document is not available.*no page"):
        _ = js.document
    for statement in ("from js import document", "import js.document.body"):
        with pytest.raises(ImportError, match="js.document.*no page"):
            exec(statement, {})
    with pytest.raises(AttributeError, match="register it with the host"):
        _ = js.someFunctionOfThePage


def test_what_is_registered_comes_first() -> None:
    ffi.register_js_module("js", {"document": {"title": "t"}, "atob": len})
    try:
        module: Any = importlib.import_module("js")
        assert (module.document, module.atob("abc")) == ({"title": "t"}, 3)
        space: dict[str, Any] = {}
        exec("from js import document", space)
        assert space["document"]["title"] == "t"
        assert js.btoa("a") == "YQ=="
    finally:
        ffi.unregister_js_module("js")
    assert not hasattr(js, "document") and js.atob("YQ==") == "a"


def test_the_module_is_its_own_global_object() -> None:
    assert js.globalThis is js and js.self is js
    assert {"fetch", "console"} <= set(dir(js))


def test_the_console_writes_lines(capsys: pytest.CaptureFixture[str]) -> None:
    js.console.log("a", 1, None)
    js.console.info()
    js.console.debug([1])
    js.console.warn("w")
    js.console.error("e", 2)
    js.console.assert_(True, "never")
    js.console.assert_([], "why")
    written = capsys.readouterr()
    assert written.out == "a 1 None\n\n[1]\n"
    assert written.err == "w\ne 2\nAssertion failed: why\n"
    js.console.trace("here")
    assert "Trace: here" in capsys.readouterr().err
    with pytest.raises(AttributeError, match="js.console.table is not available"):
        js.console.table()


# Values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.0, 2.5, None, True]}, '{"a":[1,2,2.5,null,true]}'),
        ([math.nan, math.inf], "[null,null]"),
        ("é\u2028", '"é\u2028"'),
        ((1, {"x": ()}), '[1,{"x":[]}]'),
        (js.JSON.parse('{"b":[{}]}'), '{"b":[{}]}'),
        (js.Date.new(0), '"1970-01-01T00:00:00.000Z"'),
    ],
)
def test_json_is_written_as_in_javascript(value: Any, text: str) -> None:
    assert js.JSON.stringify(value) == text


def test_json_is_read_as_objects_and_arrays() -> None:
    read = js.JSON.parse('{"items": [{"n": 1}], "none": null}')
    assert read.items[0].n == 1 and read.none is None
    assert read.to_py() == {"items": [{"n": 1}], "none": None}
    assert js.JSON.stringify({"a": [1]}, None, 2) == '{\n  "a": [\n    1\n  ]\n}'
    with pytest.raises(ffi.JsException, match="SyntaxError"):
        js.JSON.parse("{")
    with pytest.raises(ffi.JsException, match="TypeError: a object has no form"):
        js.JSON.stringify(object())


def test_objects_and_their_functions() -> None:
    made = js.Object.fromEntries([["a", 1], ("b", 2)])
    assert made.a == 1 and js.Object.keys(made) == ["a", "b"]
    assert js.Object.values({"x": 3}) == [3]
    assert js.Object.entries(made) == [["a", 1], ["b", 2]]
    empty = js.Object.new()
    empty.x = 1
    assert js.Object.assign(empty, {"y": 2}, made) == {"x": 1, "y": 2, "a": 1, "b": 2}
    assert js.Object.fromEntries({1: "a"}) == {"1": "a"}


def test_arrays_maps_and_sets_are_made() -> None:
    assert js.Array.new(2) == [None, None] and js.Array.new(1, 2) == [1, 2]
    assert js.Array.of(3) == [3] and js.Array.isArray([]) and not js.Array.isArray({})
    assert js.Array.from_("ab", str.upper) == ["A", "B"]
    assert js.Map.new([[1, 2]]).get(1) == 2 and js.Set.new([1, 1]).size == 1
    copied = js.structuredClone({"a": [1]})
    assert copied == {"a": [1]}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: js.String(True), "true"),
        (lambda: js.String(1), "1"),
        (lambda: js.Number("1.0"), 1),
        (lambda: js.Number("2.5"), 2.5),
        (lambda: math.isnan(js.Number("x")), True),
        (lambda: js.Boolean(""), False),
        (lambda: js.btoa("é"), "6Q=="),
        (lambda: js.atob("6Q=="), "é"),
        (lambda: js.encodeURIComponent("a b/é~'"), "a%20b%2F%C3%A9~'"),
        (lambda: js.decodeURIComponent("a%20b%2F"), "a b/"),
        (lambda: js.TextEncoder.new().encode("é").to_bytes(), b"\xc3\xa9"),
        (lambda: js.TextDecoder.new().decode(b"\xef\xbb\xbfa"), "a"),
        (lambda: js.TextDecoder.new("utf-16").decode(b"a\0"), "a"),
        (lambda: js.ArrayBuffer.new(2).byteLength, 2),
    ],
)
def test_small_functions(made: Any, expected: Any) -> None:
    assert made() == expected


@pytest.mark.parametrize(
    ("fails", "name"),
    [
        (lambda: js.btoa("€"), "InvalidCharacterError"),
        (lambda: js.atob("?"), "InvalidCharacterError"),
        (lambda: js.decodeURIComponent("%ff"), "URIError"),
        (lambda: js.URL.new("nothing", "also nothing"), "TypeError"),
    ],
)
def test_small_functions_fail_as_in_javascript(fails: Any, name: str) -> None:
    with pytest.raises(ffi.JsException) as caught:
        fails()
    assert caught.value.name == name and caught.value.message  # type: ignore[attr-defined]


def test_errors_can_be_raised_caught_and_pickled() -> None:
    for kind, name in ((js.Error, "Error"), (js.RangeError, "RangeError")):
        error = kind.new("why")
        with pytest.raises(ffi.JsException, match=f"{name}: why"):
            raise error
        again = pickle.loads(pickle.dumps(error))
        assert (again.name, again.message, again.stack) == (name, "why", "")


def test_dates() -> None:
    epoch = js.Date.new(0)
    assert (epoch.getTime(), str(epoch)) == (0, "1970-01-01T00:00:00.000Z")
    assert epoch.to_py() == datetime(1970, 1, 1, tzinfo=UTC)
    assert js.Date.new("2020-02-03T04:05:06.789Z").getTime() == 1580702706789
    assert js.Date.parse("2020-02-03") == 1580688000000
    local = datetime(2020, 2, 3, 4, 5, 6).timestamp() * 1000
    assert js.Date.new(2020, 1, 3, 4, 5, 6).getTime() == local
    before = js.Date.now()
    assert before <= js.Date.new().getTime() <= js.Date.now()
    assert js.performance.now() <= js.performance.now()


def test_urls_have_parts() -> None:
    url = js.URL.new("../x?y=1&y=2#z", "http://host:8080/a/b")
    assert url.href == str(url) == "http://host:8080/x?y=1&y=2#z"
    assert (url.protocol, url.host, url.hostname) == ("http:", "host:8080", "host")
    assert (url.port, url.pathname, url.search, url.hash) == (
        "8080",
        "/x",
        "?y=1&y=2",
        "#z",
    )
    assert url.origin == "http://host:8080"
    assert url.searchParams.getAll("y") == ["1", "2"]
    query = js.URLSearchParams.new({"a": "b c", "d": 1})
    query.append("a", 2)
    assert query.toString() == "a=b+c&d=1&a=2" and query.has("d")
    query.set("a", 3)
    query.delete("d")
    assert (str(query), query.get("a"), query.get("d")) == ("a=3", "3", None)
    assert list(query) == [["a", "3"]]


# Timers and promises


async def test_timers_pass_arguments() -> None:
    calls: list[Any] = []
    ended = asyncio.Event()
    js.clearTimeout(js.setTimeout(calls.append, 0, "never"))
    js.clearTimeout()
    js.queueMicrotask(lambda: calls.append("soon"))
    js.setTimeout(calls.append, 1, "later")

    def tick() -> None:
        calls.append("tick")
        ended.set()

    ticking = js.setInterval(tick, 2)
    await ended.wait()
    js.clearInterval(ticking)
    assert calls == ["soon", "later", "tick"]


async def test_promises() -> None:
    late = js.Promise.new(lambda resolve: js.setTimeout(resolve, 0, "late"))
    assert await late == "late"
    assert await js.Promise.resolve(js.Promise.resolve(1)) == 1
    assert await js.Promise.all([1, asyncio.sleep(0, 2), js.Promise.resolve(3)]) == [
        1,
        2,
        3,
    ]
    with pytest.raises(ffi.JsException, match="Error: no"):
        await js.Promise.all([js.Promise.reject("no"), 1])
    settled = await js.Promise.allSettled([js.Promise.reject("no"), 1])
    assert [each.status for each in settled] == ["rejected", "fulfilled"]
    assert settled[1].value == 1
    assert await js.Promise.any([js.Promise.reject("no"), 1]) == 1
    assert await js.Promise.race([asyncio.Event().wait(), 2]) == 2
    with pytest.raises(ffi.JsException, match="AggregateError"):
        await js.Promise.any([js.Promise.reject("no")])
    with pytest.raises(ZeroDivisionError):
        await js.Promise.new(lambda resolve, reject: 1 / 0)
    with pytest.raises(KeyError):
        await js.Promise.new(lambda resolve, reject: reject(KeyError("k")))
    assert isinstance(js.Promise.resolve(1), ffi.JsPromise)


@pytest.mark.parametrize("method", ["race", "any"])
async def test_what_loses_may_fail_unseen(method: str) -> None:
    reported: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context))
    fails = asyncio.Event()

    async def loser() -> None:
        await fails.wait()
        raise KeyError("unseen")

    assert await getattr(js.Promise, method)([1, loser()]) == 1
    fails.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    assert reported == []


# Fetching


async def test_a_fetch_starts_at_once_and_has_javascripts_names(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(ok('{"a": {"b": [1]}}', Content_Type="application/json", X_One="1"))
    response: Any = await js.fetch(f"{server.origin}/x#part")
    kind: Any = ffi.JsFetchResponse
    assert isinstance(response, kind)
    assert (response.status, response.statusText, response.ok) == (200, "OK", True)
    assert (response.redirected, response.type) == (False, "basic")
    assert response.url == f"{server.origin}/x" and not response.bodyUsed
    assert response.headers.get("X-ONE") == "1" and response.headers.has("x-one")
    copy = response.clone()
    assert (await response.json()).a.b == [1]
    assert response.bodyUsed and (await copy.text()).startswith('{"a"')
    with pytest.raises(ffi.JsException, match="used already"):
        await response.text()
    with pytest.raises(AttributeError, match="async for chunk"):
        _ = response.body


async def test_a_fetch_sends_what_it_is_told(core: ModuleType, serve: Serve) -> None:
    server = serve(ok())
    options = ffi.to_js(
        {"method": "POST", "body": "{}", "headers": {"X-A": "1"}},
        dict_converter=js.Object.fromEntries,
    )
    await js.fetch(server.origin, options)
    headers = js.Headers.new({"x-b": "2"})
    headers.append("x-b", 3)
    headers.set("x-c", 4)
    headers.delete("x-c")
    await js.fetch(js.URL.new(server.origin), method="PUT", body="x", headers=headers)
    request = js.Request.new(f"{server.origin}/r", method="post", body=b"raw")
    assert await (await js.fetch(request)).text() == "hello"
    data = await (await js.fetch(server.origin)).arrayBuffer()
    assert data.to_bytes() == b"hello"
    first, second, third, fourth = server.received
    assert (first.method, first.body, first.headers["x-a"]) == ("POST", b"{}", "1")
    assert (second.method, second.headers["x-b"]) == ("PUT", "2, 3")
    assert "x-c" not in second.headers
    assert (third.method, third.target, third.body) == ("POST", "/r", b"raw")
    assert fourth.method == "GET"


async def test_a_fetcher_may_return_javascripts_response() -> None:
    from pyodide.http import pyfetch

    def fetcher(url: str, options: Any) -> Any:
        headers = {"X-A": "1"}
        return js.Response.new(url, {"status": 404, "headers": headers})

    response = await pyfetch("/x", fetcher=fetcher)
    assert (response.status, response.status_text) == (404, "Not Found")
    assert response.headers["x-a"] == "1" and await response.text() == "/x"
    again = await pyfetch("data:text/plain,abc", fetcher=js.fetch)
    assert await again.bytes() == b"abc"
    assert await js.Response.new(b"\xff").arrayBuffer() == js.Uint8Array.new([255])


async def test_a_fetch_fails_with_an_error_of_javascripts(
    core: ModuleType, serve: Serve
) -> None:
    with pytest.raises(ffi.JsException) as caught:
        await js.fetch("http://127.0.0.1:1/")
    assert caught.value.name == "TypeError"  # type: ignore[attr-defined]
    server = serve(stalling("begin"))
    controller = js.AbortController.new()
    response = await js.fetch(server.origin, signal=controller.signal)
    reading = response.text()
    controller.abort()
    with pytest.raises(ffi.JsException) as caught:
        await reading
    assert caught.value.name == "AbortError"  # type: ignore[attr-defined]
    told = await js.fetch("http://127.0.0.1:1/").then(None, lambda exc: exc.name)
    assert told == "TypeError"
