# SPDX-License-Identifier: Apache-2.0
"""The page and ``/v1`` behind nginx: configured the least, and as documented."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium import chromium
from serve_api.nginx import PROGRAM, Nginx
from serving import ROOT, Serving, eventually, obstacle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed"),
    pytest.mark.skipif(bool(obstacle()), reason=obstacle()),
]

GUIDE = (ROOT / "Sources" / "AmaruServe" / "AmaruServe.docc" / "Serving.md").read_text()
DOCUMENTED = GUIDE.partition("```nginx\n")[2].partition("```")[0]
LOCATIONS = {
    # The server sees its own address as Host.
    "bare": "location /chat/ { proxy_pass http://127.0.0.1:8000/; }",
    "host": "location /chat/ { proxy_pass http://127.0.0.1:8000/;"
    " proxy_set_header Host $http_host; }",
    "documented": DOCUMENTED,
}
TOKEN = "a-token-of-a-good-length"


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """Where nginx listens, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture(scope="module")
def browser(listener: socket.socket) -> Iterator[Browser]:
    """Chromium, which finds nginx under the name in the documentation."""
    rule = f"MAP chat.example 127.0.0.1:{listener.getsockname()[1]}"
    with chromium(rule) as browser:
        yield browser


@dataclass
class Front:
    """A server behind nginx."""

    server: Serving
    nginx: Nginx
    # What browsers open, and how other clients name the host.
    link: str
    host: str
    path: str

    @contextmanager
    def request(
        self, method: str, path: str, body: Any = None, host: str | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request as a program that has the token."""
        fields = {"Host": host or self.host, "Authorization": f"Bearer {TOKEN}"}
        if body is not None:
            fields["Content-Type"] = "application/json"
        with closing(self.nginx.connect()) as connection:
            text = None if body is None else json.dumps(body)
            connection.request(method, self.path + path, text, fields)
            with connection.getresponse() as response:
                yield response

    @contextmanager
    def ask(self, question: str) -> Iterator[http.client.HTTPResponse]:
        """Ask the script as a model; its answer is a stream."""
        with self.request("GET", "v1/models") as found:
            model = json.load(found)["data"][0]["id"]
        messages = [{"role": "user", "content": question}]
        body = {"model": model, "messages": messages, "stream": True}
        with self.request("POST", "v1/chat/completions", body) as answer:
            yield answer


Start = Callable[..., Front]


@pytest.fixture
def front(listener: socket.socket, tmp_path: Path) -> Iterator[Start]:
    """Start a server and nginx in front of it."""
    started: list[Front] = []

    def start(kind: str, path: str, **changes: str) -> Front:
        location = LOCATIONS[kind].replace("/chat/", path)
        for old, new in changes.items():
            assert old in location
            location = re.sub(rf"{old} [^;]*", f"{old} {new}", location)
        # Nothing else gets the port: it is bound here, and may be once more.
        with socket.socket() as reserved:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind(("127.0.0.1", 0))
            port = reserved.getsockname()[1]
            url = f"http://localhost:{listener.getsockname()[1]}{path}"
            if kind == "documented":
                found = re.search(r"--public-url (https:\S+)", GUIDE)
                assert found is not None
                url = found[1].replace("/chat/", path)
            options: list[str] = [] if kind == "bare" else ["--public-url", url]
            if kind == "documented":
                options.append("--open")
                server = Serving(*options, port=port, AMARU_SERVE_TOKEN=TOKEN)
            else:
                server = Serving(*options, port=port)
        link = server.line() if kind == "documented" else url
        nginx = Nginx(
            listener,
            tmp_path,
            location.replace("127.0.0.1:8000", f"127.0.0.1:{port}"),
            tls=url.startswith("https:"),
        )
        front = Front(server, nginx, link, url.split("/")[2], path)
        started.append(front)
        return front

    yield start
    for one in started:
        one.nginx.close()
        one.server.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open pages, each in a browser that has seen nothing."""
    contexts = []

    def start(url: str) -> Page:
        context = browser.new_context(ignore_https_errors=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(100_000)
        page.goto(url)
        return page

    yield start
    for context in contexts:
        context.close()


every_kind = pytest.mark.parametrize("kind", LOCATIONS)
every_path = pytest.mark.parametrize("path", ["/", "/chat/"])


@every_kind
@every_path
def test_the_page_shows_an_answer_as_it_comes(
    front: Start, visit: Callable[[str], Page], kind: str, path: str
) -> None:
    behind = front(kind, path)
    page = visit(behind.link)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.wait_for_selector("#app")
    page.fill("#user-input", "wait go")
    page.press("#user-input", "Enter")
    eventually(lambda: behind.server.runs("wait"))
    page.get_by_text("first", exact=True).wait_for(timeout=10_000)
    # Only now the script goes on: nothing on the way has waited for more.
    behind.server.touch("go")
    page.get_by_text("first second").wait_for()
    page.locator(".turn[data-state=finished]").wait_for()
    page.reload()
    page.get_by_text("first second").wait_for()
    assert errors == []


@every_kind
@every_path
def test_a_model_is_streamed(front: Start, kind: str, path: str) -> None:
    behind = front(kind, path)
    with behind.ask("wait go") as answer:
        assert answer.status == 200
        while b'"content":"first ' not in (line := answer.readline()):
            assert line, "it has ended"
        behind.server.touch("go")
        rest = answer.read()
    assert b'"content":"second' in rest
    assert rest.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("kind", ["host", "documented"])
def test_a_foreign_host_is_refused(front: Start, kind: str) -> None:
    behind = front(kind, "/chat/")
    for path in ("", "app.js", "health", "v1/models"):
        with behind.request("GET", path) as answer:
            assert answer.status == 200
        with behind.request("GET", path, host="evil.test") as answer:
            assert answer.status == 403
    for path in ("api/state", "nothing"):
        with behind.request("GET", path, host="evil.test") as answer:
            assert answer.status == 403


def test_a_link_logs_in_once(front: Start, visit: Callable[[str], Page]) -> None:
    behind = front("documented", "/chat/")
    page = visit(behind.link)
    page.wait_for_selector("#app")
    assert page.url == "https://chat.example/chat/"
    (cookie,) = page.context.cookies()
    assert cookie["name"].startswith("__Host-")
    assert cookie["secure"]
    assert cookie["httpOnly"]
    other = visit(behind.link)
    other.wait_for_selector("#login")
    other.fill("#token", TOKEN)
    other.press("#token", "Enter")
    other.wait_for_selector("#app")


@pytest.mark.skipif(
    "AMARU_SLOW_TESTS" not in os.environ, reason="it takes 60 s: set AMARU_SLOW_TESTS"
)
def test_a_silence_longer_than_the_proxys_patience_is_survived(front: Start) -> None:
    # The server is silent for up to 20 s; three such times are longer than this.
    behind = front("documented", "/chat/", proxy_read_timeout="30s")
    with behind.ask("silent go") as answer:
        assert answer.status == 200
        for _ in range(3):
            while not (line := answer.readline()).startswith(b":"):
                assert line, "the proxy has ended it"
        behind.server.touch("go")
        assert b'"content":"late"' in answer.read()
