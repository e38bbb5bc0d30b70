# SPDX-License-Identifier: Apache-2.0
"""What pages of other sites can do in the browser of somebody who runs a server."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from chromium import chromium
from serving import Serving, eventually, obstacle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(obstacle()), reason=obstacle()),
]

TOKEN = "a-token-of-a-good-length"
READ = """
    / /index.html /app.js /code.js /style.css
    /health /metrics /nothing
    /v1/models /v1/nothing /api/state /api/conversations /api/conversations/x
    /api/turns/1/events /api/nothing
""".split()
WRITTEN = """
    /api/login /api/conversations /api/conversations/x/turns /api/turns/1/stop /nothing
    /v1/chat/completions /v1/responses
""".split()
STATUSES = """async ([paths, options]) => {
    const answers = paths.map((path) => fetch(path, options));
    return (await Promise.all(answers)).map((answer) => answer.status);
}"""
SEND = """async ([url, body, options]) => {
    const all = { method: 'POST', body, credentials: 'include', ...options };
    try { await fetch(url, all); } catch { return; }
}"""
# The body of a form: JSON, with what a form adds in a string of it.
SUBMIT = """([url, body]) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.name = 'target';
    document.body.append(frame);
    const form = document.createElement('form');
    const how = { method: 'post', enctype: 'text/plain', target: 'target' };
    Object.assign(form, { action: url, ...how });
    const field = document.createElement('input');
    [field.name, field.value] = [body.slice(0, -1) + ',"rest":"', '"}'];
    form.append(field);
    document.body.append(form);
    frame.onload = done;
    form.submit();
})"""
# The origin of a page in a sandbox is null.
SANDBOX = """([url, body]) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    const call = `fetch(${JSON.stringify(url)}, { method: 'POST', mode: 'no-cors',
        body: ${JSON.stringify(body)} })
        .finally(() => parent.postMessage('over', '*'))`;
    frame.srcdoc = `<script>${call}</` + 'script>';
    window.addEventListener('message', done, { once: true });
    document.body.append(frame);
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for which foreign names resolve to this machine."""
    with chromium("MAP *.test 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browser that has seen nothing."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(100_000)
    yield page
    context.close()


@pytest.fixture(scope="module")
def foreign() -> Iterator[int]:
    """The port of another site, with an empty page."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = b"<!DOCTYPE html><title>Foreign</title><body>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_name_that_is_made_to_resolve_here_is_of_no_use(
    page: Page, everywhere: bool
) -> None:
    server = (
        Serving("--host", "0.0.0.0", AMARU_SERVE_TOKEN=TOKEN)
        if everywhere
        else Serving()
    )
    try:
        # The browser reaches it, under a name of its own.
        there = page.goto(f"http://127.0.0.1:{server.port}/")
        assert there is not None
        assert there.status == 200
        for path in READ:
            answer = page.goto(f"http://evil.test:{server.port}{path}")
            assert answer is not None
            assert answer.status == 403, path
        # Now it is a page of this origin that asks, even with the token.
        key = {"Authorization": f"Bearer {TOKEN}"}
        asked = page.evaluate(STATUSES, [READ, {"headers": key}])
        assert asked == [403] * len(READ)
        options = {
            "method": "POST",
            "body": "{}",
            "headers": key | {"Content-Type": "application/json"},
        }
        assert page.evaluate(STATUSES, [WRITTEN, options]) == [403] * len(WRITTEN)
        assert page.context.cookies() == []
    finally:
        server.close()


@pytest.mark.parametrize("host", ["other.test", "127.0.0.1", "localhost"])
def test_a_page_of_another_origin_starts_no_turn(
    page: Page, foreign: int, host: str
) -> None:
    server = Serving("--log-requests")
    own = f"http://127.0.0.1:{server.port}"
    try:
        # The way it is done right, with a conversation whose name the others know.
        page.goto(own)
        page.wait_for_selector("#app")
        identifier = page.evaluate(
            """async () => {
                const headers = { 'content-type': 'application/json' };
                const options = { method: 'POST', headers, body: '{}' };
                return (await (await fetch('/api/conversations', options)).json()).id;
            }"""
        )
        turns = f"{own}/api/conversations/{identifier}/turns"
        body = '{"message":"say own","request":"1"}'
        json_type = {"headers": {"Content-Type": "application/json"}}
        page.evaluate(SEND, [turns, body, json_type])
        eventually(lambda: server.runs("say") == 1)

        chat = f"{own}/v1/chat/completions"
        completion = (
            '{"model":"served_script","messages":[{"role":"user","content":"say it"}]}'
        )
        page.evaluate(SEND, [chat, completion, json_type])
        eventually(lambda: server.runs("say") == 2)

        def refused() -> int:
            lines = server.errors.splitlines()
            return sum(" POST /" in line and " 403 " in line for line in lines)

        count = 0
        for url, text in (
            (turns, '{"message":"say foreign","request":"2"}'),
            (f"{own}/api/conversations", "{}"),
            (chat, completion),
        ):
            page.goto(f"http://{host}:{foreign}/")
            page.evaluate(SEND, [url, text, {"mode": "no-cors"}])
            page.evaluate(SUBMIT, [url, text.replace("{}", '{"a":1}')])
            page.evaluate(SANDBOX, [url, text])
            count += 3
            # Each has come as far as the server.
            assert refused() == count, server.errors
            # The browser asks first whether it may send JSON.
            page.evaluate(SEND, [url, text, json_type])
        assert refused() == count

        page.goto(own)
        state = page.evaluate(
            """async (id) => {
                const ask = async (path) => (await fetch('/api/' + path)).json();
                const { conversations } = await ask('conversations');
                const { turns } = await ask('conversations/' + id);
                return [conversations.length, turns.length];
            }""",
            identifier,
        )
        assert state == [1, 1]
        assert server.runs("say") == 2
    finally:
        server.close()
