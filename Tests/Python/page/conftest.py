# SPDX-License-Identifier: Apache-2.0
"""A browser, and what no page may do in any test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from chromium import chromium
from serving import Serving

from page.stub_server import Script, Stub

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Generous: a machine may be busy with other things.
LIMIT = 45_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it."""
    # A name that is no secure context, as a machine's name in a local network.
    with chromium("MAP chat.test 127.0.0.1") as browser:
        yield browser


@dataclass
class Visit:
    """A page, the server behind it, and what went wrong in the page."""

    page: Page
    url: str
    server: Stub | Serving
    problems: list[str] = field(default_factory=list)
    # What a test provokes and the browser reports.
    expected: list[str] = field(default_factory=list)

    @property
    def stub(self) -> Stub:
        """The server that a test plays."""
        assert isinstance(self.server, Stub)
        return self.server

    def watch(self) -> None:
        page = self.page
        origin = self.url.split("/")[2]

        def console(message: Any) -> None:
            if message.type == "error":
                self.problems.append(f"console: {message.text}")

        def request(request: Any) -> None:
            scheme, _, rest = request.url.partition("://")
            if scheme in ("http", "https") and rest.split("/")[0] != origin:
                self.problems.append(f"request: {request.url}")

        def dialog(dialog: Any) -> None:
            self.problems.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("console", console)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", request)
        page.on("dialog", dialog)
        page.set_default_timeout(LIMIT)

    def send(self, text: str) -> None:
        """Type a message and press Enter."""
        self.page.fill("#user-input", text)
        self.page.press("#user-input", "Enter")

    def until(self, state: str, count: int = 1) -> None:
        """Wait for so many turns in a state."""
        turns = self.page.locator(f".turn[data-state={state}]")
        turns.nth(count - 1).wait_for()

    def answer(self, number: int = -1) -> str:
        """The text of an answer's blocks."""
        turn = self.page.locator(".turn").nth(number)
        blocks = turn.locator(".block > :not(figure, button), .block > figure code")
        return "\n".join(blocks.all_text_contents())

    def again(self) -> Visit:
        """Open the same address in another tab."""
        other = Visit(
            self.page.context.new_page(), self.url, self.server, self.problems
        )
        other.watch()
        other.page.goto(self.page.url)
        other.page.wait_for_selector("#app")
        return other


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Open pages, each of a stub of its own, or of a real server."""
    from playwright.sync_api import expect

    expect.set_options(timeout=LIMIT)
    visits: list[Visit] = []
    stubs: list[Stub] = []

    def start(
        script: Script | None = None,
        *,
        stub: Stub | None = None,
        serving: Serving | None = None,
        port: int = 0,
        path: str = "",
        waits_for: str = "#app",
        host: str = "localhost",
        **options: Any,
    ) -> Visit:
        if serving is None:
            stub = stub or Stub(script)
            stub.url = stub.url.replace("localhost", host)
            stubs.append(stub)
        url = stub.url if stub else f"http://{host}:{port or serving_port(serving)}/"
        context = browser.new_context(**options)
        server = stub or serving
        assert server is not None
        visit = Visit(context.new_page(), url, server)
        visit.watch()
        visits.append(visit)
        visit.page.goto(url + path)
        visit.page.wait_for_selector(waits_for)
        return visit

    def serving_port(serving: Serving | None) -> int:
        assert serving is not None
        return serving.port

    yield start
    for one in visits:
        one.page.context.close()
    for stub in stubs:
        stub.close()
    for one in visits:
        found = [
            problem
            for problem in one.problems
            if not any(part in problem for part in one.expected)
        ]
        assert found == []
