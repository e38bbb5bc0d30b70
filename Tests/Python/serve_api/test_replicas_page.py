# SPDX-License-Identifier: Apache-2.0
"""The page in a browser, behind a balancer that sends it now here and now there."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import chromium
from serve_api import postgres
from serve_api.nginx import PROGRAM, Nginx
from serving import Serving, eventually, obstacle

if TYPE_CHECKING:
    from playwright.sync_api import Page

WHY = obstacle() or postgres.obstacle() or ("" if PROGRAM else "nginx: not installed")
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(WHY), reason=WHY),
]

# A cookie says which replica gets a request.
_CHOICE = """
map $cookie_replica $replica {{
    default 127.0.0.1:{one};
    other 127.0.0.1:{other};
}}
"""
_LOCATION = """
location / {
    proxy_pass http://$replica;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_buffering off;
    proxy_read_timeout 1h;
}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Front:
    """A browser's page, a balancer, and two replicas."""

    def __init__(self, page: Page, url: str, one: Serving, other: Serving) -> None:
        self.page, self._url, self.one, self.other = page, url, one, other
        self.problems: list[str] = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def use(self, name: str) -> None:
        """Send what comes next to a replica."""
        cookie = {"name": "replica", "value": name, "url": self._url}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def send(self, text: str) -> None:
        self.page.fill("#user-input", text)
        self.page.press("#user-input", "Enter")

    def text(self) -> str:
        """The last answer."""
        return "".join(
            self.page.locator(".turn").last.locator(".block").all_inner_texts()
        )


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """The page, at the first replica."""
    with ExitStack() as stack:
        browser = stack.enter_context(chromium("MAP chat.test 127.0.0.1"))
        database = stack.enter_context(contextmanager(postgres.database)())
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        replicas = []
        for port in (free_port(), free_port()):
            words = ("--store", database.url, "--public-url", url, "--log-requests")
            replicas.append(Serving(*words, port=port))
            stack.callback(replicas[-1].close)
        one, other = replicas
        choice = _CHOICE.format(one=one.port, other=other.port)
        nginx = Nginx(listener, tmp_path, _LOCATION, upstream=choice)
        stack.callback(nginx.close)
        made = Front(browser.new_page(), url, one, other)
        made.page.goto(url)
        made.page.wait_for_selector("#app")
        yield made
        assert made.problems == []


def test_an_answer_goes_on_at_the_other_replica_after_a_reload(
    front: Front, tmp_path: Path
) -> None:
    page, go = front.page, tmp_path / "go"
    front.send(f"wait {go}")
    page.get_by_text("first", exact=True).wait_for()
    assert "GET /app.js" not in front.other.errors
    front.use("other")
    page.reload()
    page.get_by_text("first", exact=True).wait_for()
    assert re.search(r"GET /api/turns/\d+/events 200 ", front.other.errors)
    go.touch()
    page.locator(".turn[data-state=finished]").wait_for()
    assert front.text() == "first second"
    # Back again, and the script has run once.
    front.use("one")
    page.reload()
    page.locator(".turn[data-state=finished]").wait_for()
    assert front.text() == "first second"
    assert page.locator(".turn").count() == 1
    assert (front.one.runs("wait"), front.other.runs("wait")) == (1, 0)


def test_stop_on_the_page_reaches_the_other_replica(
    front: Front, tmp_path: Path
) -> None:
    page, ended = front.page, tmp_path / "ended"
    front.send(f"forever {ended}")
    page.locator(".turn .block").wait_for()
    front.use("other")
    page.reload()
    page.locator(".turn[data-state=running] .block").wait_for()
    page.click("#stop-button")
    page.locator(".turn[data-state=stopped]").wait_for()
    eventually(ended.exists)
    assert "POST /api/turns/" in front.other.errors
    assert front.text().startswith("x")
