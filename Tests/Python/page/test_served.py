# SPDX-License-Identifier: Apache-2.0
"""The page of a real server, from the script to the screen."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect
from serving import Serving, eventually, obstacle, servers

from page.test_access import violations
from page.test_safety import CENSUS, PAYLOADS

if TYPE_CHECKING:
    from page.conftest import Open, Visit

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(obstacle()), reason=obstacle()),
]

Start = Callable[..., Serving]

start = pytest.fixture(servers)


@pytest.fixture(scope="module")
def one() -> Iterator[Serving]:
    """A server for the tests that leave it as it is."""
    server = Serving()
    yield server
    server.close()


def numbers(page: Visit) -> list[int]:
    return [int(found) for found in re.findall(r"Number (\d+)\.", page.answer())]


def test_files_of_an_answer_are_links_and_pictures_are_shown(
    visit: Open, start: Start, tmp_path: Path
) -> None:
    script = tmp_path / "files.py"
    script.write_text(
        """
import amaru, struct, zlib

def chunk(kind, data):
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

@amaru.reply
async def answer(message):
    yield "Two files."
    head = struct.pack(">IIBBBBB", 2, 3, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\\0" + bytes(6)) * 3)
    png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head)
    png += chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    yield amaru.Attachment("plot.png", "image/png", png)
    yield amaru.Attachment("<b>.html", "text/html", b"<script>alert(1)</script>")
    amaru.notice("drawn")
"""
    )
    page = visit(serving=start(script=script))
    page.send("draw")
    page.until("finished")
    for _ in range(2):
        links = page.page.locator(".files a.file")
        expect(links).to_have_count(2)
        assert links.all_inner_texts()[1] == "<b>.html (25 B)"
        page.page.wait_for_function(
            "document.querySelector('.files img').naturalHeight === 3"
        )
        assert page.page.locator(".files img").count() == 1
        expect(page.page.locator(".notices p")).to_have_text("drawn")
        with page.page.expect_download() as download:
            links.nth(1).click()
        assert download.value.path().read_bytes() == b"<script>alert(1)</script>"
        # Once as they come, and once as they were.
        page.page.reload()
        page.until("finished")


def test_twenty_reloads_in_two_tabs_lose_and_repeat_nothing(
    visit: Open, start: Start
) -> None:
    moments = random.Random(1)
    server = start()
    page = visit(serving=server)
    page.send("steps 21")
    server.touch("step0")
    page.page.get_by_text("Number 0.").wait_for()
    tabs = [page, page.again()]
    # Not as soon as the answer begins: Chromium then refuses the next one at times.
    for number in range(1, 21):
        tab = moments.choice(tabs)
        pause = moments.randrange(60)
        if moments.randrange(2):
            server.touch(f"step{number}")
            tab.page.wait_for_timeout(pause)
            tab.page.reload(wait_until="domcontentloaded")
        else:
            tab.page.reload(wait_until="domcontentloaded")
            tab.page.wait_for_timeout(pause)
            server.touch(f"step{number}")
    for tab in tabs:
        tab.until("finished")
        assert numbers(tab) == list(range(21))
        assert tab.page.locator(".turn").count() == 1
    assert server.runs("steps") == 1


class Wire:
    """A network to a server, which can be cut."""

    def __init__(self, port: int, to: int) -> None:
        self._to = to
        self._open: list[socket.socket] = []
        self._is_cut = False
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self._open += [near, far]
            for pair in (near, far), (far, near):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        try:
            while data := here.recv(65536):
                there.sendall(data)
            there.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self, is_cut: bool = True) -> None:
        self._is_cut = is_cut
        while is_cut and self._open:
            one = self._open.pop()
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def close(self) -> None:
        self.cut()
        self._listener.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_a_network_that_was_gone_has_cost_nothing(visit: Open, start: Start) -> None:
    port = free_port()
    server = start("--allow-host", f"localhost:{port}")
    wire = Wire(port, server.port)
    try:
        page = visit(serving=server, port=port)
        page.expected = ["ERR_"]
        page.send("steps 3")
        server.touch("step0")
        page.page.get_by_text("Number 0.").wait_for()
        wire.cut()
        page.page.get_by_text("The connection is lost").wait_for()
        server.touch("step1")
        wire.cut(False)
        page.page.get_by_text("Number 1.").wait_for()
        page.page.get_by_text("The connection is lost").wait_for(state="hidden")
        server.touch("step2")
        page.until("finished")
        assert numbers(page) == [0, 1, 2]
        assert server.runs("steps") == 1
    finally:
        wire.close()


def test_a_server_that_was_killed_leaves_the_part_that_came(
    visit: Open, start: Start, tmp_path: Path
) -> None:
    port = free_port()
    server = start(port=port, HOME=str(tmp_path))
    page = visit(serving=server)
    page.expected = ["ERR_"]
    page.send("steps 2")
    server.touch("step0")
    page.page.get_by_text("Number 0.").wait_for()
    # It is on the disk: nothing else tells when.
    log = tmp_path / ".local/share/amaru/conversations.db-wal"
    eventually(lambda: b"Number 0." in log.read_bytes())
    server.kill()
    page.page.get_by_text("The connection is lost").wait_for()
    again = start(port=port, HOME=str(tmp_path))
    page.until("interrupted")
    for _ in range(2):
        assert numbers(page) == [0]
        assert "Interrupted" in page.page.inner_text(".note")
        assert not page.page.is_visible(".dots")
        page.page.reload()
        page.until("interrupted")
    page.send("say again")
    page.until("finished")
    assert again.runs("say") == 1


def test_stop_reaches_the_script_and_to_close_the_page_does_not(
    visit: Open, start: Start
) -> None:
    server = start()
    page = visit(serving=server)
    page.send("forever ended")
    page.page.get_by_text("xxx").wait_for()
    other = page.again()
    other.page.get_by_text("xxx").wait_for()
    page.page.close()
    before = len(other.answer())
    eventually(lambda: len(other.answer()) > before)
    assert not (server.folder / "ended").exists()
    other.page.click("#stop-button")
    other.until("stopped")
    eventually((server.folder / "ended").exists, within=5)
    kept = other.answer()
    other.page.reload()
    other.until("stopped")
    assert set(kept) == {"x"} and len(other.answer()) >= len(kept)


HOSTILE = [
    *PAYLOADS,
    "[x](JaVaScRiPt:alert(1)) <javascript:alert(1)> [y](data:text/html,<script>)",
    '[x]: javascript:alert(1)\n\n[x] ![x]\n\n<https://a.test/"onclick=alert(1)>',
    "![x][y]\n\n[y]: https://evil.test/?q=secret 'title\"onload=alert(1)'",
    '```js" onload=alert(1)\n</code></pre><script>alert(1)</script>\n```',
    "|a|b|\n|-|-|\n|<img src=x onerror=alert(1)>|`</td>`|",
    "- [ ] <input autofocus onfocus=alert(1)>\n- [x](vbscript:x)",
    "<div\n\nonclick=alert(1)>\n\n</div>\n\n<!-- --><![CDATA[<b>]]><?x ?>",
    "&#106;avascript:alert(1) [x](&#106;avascript:alert(1)) [x](java\tscript:alert(1))",
]
# What a message of the model may be made of.
ALLOWED = set(
    "A BLOCKQUOTE BR BUTTON CODE DEL DIV EM FIGCAPTION FIGURE H3 H4 H5 H6 HR LI OL P"
    " PRE SPAN STRONG TABLE TBODY TD TH THEAD TR UL".split()
)
ATTRIBUTES = set(
    "aria-label class dir href rel role start tabindex target type data-label".split()
)
BUILT = """() => Array.from(document.querySelectorAll('.blocks, .blocks *'))
    .map((one) => [one.tagName, one.getAttributeNames(), one.getAttribute('href')])"""


def stay_texts(page: Visit, texts: list[str]) -> None:
    """Have texts said by user, model, error and tool; none becomes more than text."""
    for word in ("say", "spell", "fail", "call"):
        page.page.click("#new-chat")
        for number, text in enumerate(texts):
            page.send(f"{word} {text}")
            turn = page.page.locator(".turn").nth(number)
            state = "failed" if word == "fail" else "finished"
            expect(turn).to_have_attribute("data-state", state)
        # Once as it came, once as it is kept.
        for _ in range(2):
            for tag, attributes, href in page.page.evaluate(BUILT):
                assert tag in ALLOWED
                assert set(attributes) <= ATTRIBUTES, attributes
                assert href is None or re.match(r"https?:|mailto:", href), href
            found = page.page.evaluate(CENSUS)
            assert not [name for name in found if name.startswith("on")]
            assert {"SCRIPT", "IMG", "IFRAME", "STYLE", "svg"}.isdisjoint(found)
            page.page.reload()
            expect(page.page.locator(".turn")).to_have_count(len(texts))


def test_hostile_texts_stay_texts(visit: Open, one: Serving) -> None:
    stay_texts(visit(serving=one), HOSTILE)


@pytest.mark.timeout(3600)
def test_the_texts_of_a_corpus_stay_texts(visit: Open, one: Serving) -> None:
    corpora = os.environ.get("AMARU_PAYLOADS", "").split()
    if not corpora:
        pytest.skip(
            "needs, in AMARU_PAYLOADS, JSON files of hostile texts, such as the "
            "fixtures of DOMPurify and the list of naughty strings"
        )
    texts = [
        text if isinstance(text, str) else text["payload"]
        for corpus in corpora
        for text in json.loads(Path(corpus).read_text())
    ]
    page = visit(serving=one)
    for start in range(0, len(texts), 40):
        stay_texts(page, texts[start : start + 40])


def test_a_script_that_does_not_parse_is_said_and_recovers(
    visit: Open, start: Start, tmp_path: Path
) -> None:
    script = tmp_path / "chat.py"
    script.write_text("import amaru\n\ndef reply(message:\n")
    server = start(script=script)
    page = visit(serving=server)
    page.expected = ["ERR_"]
    fault = page.page.locator("#fault")
    expect(fault).to_contain_text("SyntaxError")
    expect(fault).to_contain_text("chat.py, line 3")
    assert str(tmp_path) not in fault.inner_text()
    expect(page.page.locator("#send-button")).to_be_disabled()
    page.page.fill("#user-input", "Hello")
    script.write_text(
        "import amaru\n\n@amaru.reply\ndef reply(message):\n    return 'fixed'\n"
    )
    expect(fault).to_be_hidden()
    page.page.press("#user-input", "Enter")
    page.until("finished")
    assert page.answer() == "fixed"


def test_enter_of_a_composition_sends_nothing(visit: Open, one: Serving) -> None:
    page = visit(serving=one)
    before = one.runs("say")
    session = page.page.context.new_cdp_session(page.page)
    page.page.evaluate(
        """() => document.getElementById('user-input').addEventListener('keydown',
            ({ key, isComposing }) => { window.keys = [key, isComposing] })"""
    )

    def key(kind: str, code: int) -> None:
        event = {"type": kind, "key": "Enter", "code": "Enter"}
        session.send("Input.dispatchKeyEvent", event | {"windowsVirtualKeyCode": code})

    page.page.focus("#user-input")
    session.send(
        "Input.imeSetComposition",
        {"text": "say にほん", "selectionStart": 7, "selectionEnd": 7},
    )
    # That of the browser while it composes, and that of the input method.
    for code in (13, 229):
        key("rawKeyDown", code)
        key("keyUp", code)
        assert page.page.evaluate("window.keys") == ["Enter", True]
    assert page.page.locator(".turn").count() == 0
    session.send("Input.insertText", {"text": "say 日本"})
    key("rawKeyDown", 13)
    key("keyUp", 13)
    page.until("finished")
    assert page.answer() == "日本"
    assert one.runs("say") == before + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_real_page(
    visit: Open, start: Start, scheme: str
) -> None:
    server = start()
    page = visit(serving=server, color_scheme=scheme, reduced_motion="reduce")
    assert violations(page) == []
    text = "# T\n\n- [x] a [b](https://c.test)\n\n|d|\n|-|\n|e|\n\n```py\nf = 1\n```\n"
    page.send("say " + text)
    page.until("finished")
    assert violations(page) == []
    page.send("wait go")
    page.page.get_by_text("first").wait_for()
    assert violations(page) == []
    server.touch("go")
    page.until("finished", 2)
    page.send("raise")
    page.until("failed")
    assert violations(page) == []


def test_the_page_takes_five_requests_and_is_painted_before_any_answer(
    visit: Open, one: Serving
) -> None:
    page = visit(serving=one)
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    held: list[Any] = []
    is_open = False

    def hold(route: Any) -> None:
        if is_open:
            route.continue_()
        else:
            held.append(route)

    page.page.route("**/api/**", hold)
    page.page.reload(wait_until="commit")
    page.page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) => {
            if (list.getEntriesByName('first-contentful-paint').length) done()
        }).observe({ type: 'paint', buffered: true }))"""
    )

    def has_asked() -> bool:
        # What the browser tells is read meanwhile.
        page.page.wait_for_timeout(10)
        return bool(held)

    eventually(has_asked)
    is_open = True
    for route in held:
        route.continue_()
    page.page.wait_for_selector("#app")
    page.page.wait_for_load_state("networkidle")
    # The mark of the page comes with it.
    found = [url for url in asked if not url.startswith("data:")]
    assert len(found) <= 5, found


def test_messages_end_with_the_server(visit: Open, start: Start) -> None:
    server = start()
    page = visit(serving=server)
    page.expected = ["ERR_"]
    page.send("wait never")
    page.page.get_by_text("first").wait_for()
    server.signal(signal.SIGTERM)
    page.page.get_by_text(re.compile("The connection is lost|Interrupted")).wait_for()


@pytest.mark.usefixtures("browser")
def test_a_closed_network_is_all_that_the_page_needs() -> None:
    """In a namespace that has this machine only, as the browser itself sees it."""
    import subprocess
    import sys

    apart = ["unshare", "--net"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network can be made here")
    program = Path(__file__).with_name("closed_network.py")
    done = subprocess.run(
        [*apart, sys.executable, program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    hosts = json.loads(done.stdout)
    assert len(hosts) > 5
    assert set(hosts) == {hosts[0]}
