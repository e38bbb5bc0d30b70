# SPDX-License-Identifier: Apache-2.0
"""The page by keyboard, by ear, in the dark, on small screens and over thin wires."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from page.stub_server import ASSETS, Stub

if TYPE_CHECKING:
    from page.conftest import Open, Visit

pytestmark = pytest.mark.timeout(300)

TABLE = (
    '<div class="table" tabindex="0"><table><thead><tr><th>A</th></tr></thead>'
    "<tbody><tr><td>" + "wide " * 40 + "</td></tr></tbody></table></div>"
)
TASKS = (
    '<ul class="tight"><li class="task"><span class="box" role="img" '
    'aria-label="done">☑</span><p>done</p></li></ul>'
)
LINK = (
    '<p><a href="https://a.test/" rel="noopener noreferrer nofollow" target="_blank">'
    'a link</a> <span class="host">(a.test)</span> <code>code</code></p>'
)


def violations(page: Visit) -> list[str]:
    axe: Any = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    )
    found = axe.Axe().run(page.page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary')}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing(visit: Open, scheme: str, width: int) -> None:
    stub = Stub()
    stub.new_conversation("Another")
    page = visit(
        stub=stub,
        color_scheme=scheme,
        viewport={"width": width, "height": 700},
        # What fades in has less contrast for a moment.
        reduced_motion="reduce",
    )
    expect(page.page.locator("#conversations a")).to_have_count(1)
    assert violations(page) == []
    page.send("A question")
    turn = page.stub.wait_for_turns(1)
    turn.think("Hm")
    turn.say("# Title\n\nText\n\n```swift\n" + "let a = 1 " * 30 + "\n```\n\n")
    turn.show(TABLE, TASKS, LINK, "<blockquote><p>quoted</p></blockquote>")
    turn.add(("notice", {"i": 0, "text": "a notice"}), ("status", {"text": "waiting"}))
    page.page.get_by_text("waiting").wait_for()
    page.send("A message that waits. " * 30)
    page.page.locator("#queue li").wait_for()
    assert violations(page) == []
    stub.fault = {"code": "x", "message": "a fault", "remedy": "fix it"}
    turn.finish("failed", {"code": "x", "message": "no route", "remedy": "look"})
    page.until("failed")
    page.page.reload()
    page.page.locator("#fault").wait_for()
    page.page.locator(".turn").hover()
    page.page.get_by_role("button", name="Edit").click()
    assert violations(page) == []
    if width == 400:
        page.page.click("#menu")
    page.page.get_by_role("button", name="Options").first.click()
    assert violations(page) == []
    page.page.get_by_role("button", name="Delete").click()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_before_one_is_in(visit: Open, scheme: str) -> None:
    page = visit(stub=Stub(token="secret"), waits_for="#login", color_scheme=scheme)
    page.expected = ["401"]
    assert violations(page) == []


def test_a_screen_reader_is_told_of_the_start_and_the_end(visit: Open) -> None:
    page = visit()
    page.page.evaluate(
        """() => {
            window.said = []
            const status = document.getElementById('status')
            new MutationObserver(() => said.push(status.textContent)).observe(
                status, { childList: true, characterData: true, subtree: true })
        }"""
    )
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    for n in range(30):
        turn.say(f"Word {n} ")
    page.page.get_by_text("Word 29").wait_for()
    turn.finish()
    page.until("finished")
    expect(page.page.locator("#status")).to_have_text("Response complete")
    assert page.page.evaluate("said") == ["Generating", "Response complete"]
    log = page.page.locator("#chatbox")
    assert log.get_attribute("role") == "log"
    assert log.get_attribute("aria-live") == "off"


def test_the_whole_way_goes_by_keyboard(visit: Open) -> None:
    page = visit()
    keyboard = page.page.keyboard
    expect(page.page.locator("#user-input")).to_be_focused()
    keyboard.type("First")
    keyboard.press("Shift+Enter")
    keyboard.type("second")
    keyboard.press("Enter")
    turn = page.stub.wait_for_turns(1)
    assert turn.question == "First\nsecond"
    turn.say("Something")
    page.page.get_by_text("Something").wait_for()
    expect(page.page.locator("#user-input")).to_be_focused()
    keyboard.press("Tab")
    expect(page.page.locator("#stop-button")).to_be_focused()
    turn.finish()
    page.until("finished")
    # What had the focus is gone.
    expect(page.page.locator("#user-input")).to_be_focused()
    for name in ["Regenerate", "Copy the answer", "Copy the message", "Edit"]:
        keyboard.press("Shift+Tab")
        button = page.page.get_by_role("button", name=name)
        expect(button).to_be_focused()
        style = button.evaluate("one => getComputedStyle(one).outlineStyle")
        assert style == "solid"
    keyboard.press("Enter")
    keyboard.press("Control+A")
    keyboard.type("Changed")
    keyboard.press("Escape")
    expect(page.page.locator(".you .text")).to_have_text("First\nsecond")
    expect(page.page.get_by_role("button", name="Edit")).to_be_focused()


def test_enter_that_ends_a_composition_sends_nothing(visit: Open) -> None:
    page = visit()
    session = page.page.context.new_cdp_session(page.page)
    session.send(
        "Input.imeSetComposition",
        {"text": "にほん", "selectionStart": 3, "selectionEnd": 3},
    )
    expect(page.page.locator("#user-input")).to_have_value("にほん")
    for event in [
        {"key": "Enter", "isComposing": True},
        {"key": "Enter", "keyCode": 229},
        {"key": "Process", "keyCode": 229},
    ]:
        prevented = page.page.locator("#user-input").evaluate(
            """(input, event) => !input.dispatchEvent(new KeyboardEvent('keydown',
                { ...event, bubbles: true, cancelable: true }))""",
            event,
        )
        assert not prevented
    assert page.stub.posts == 0
    session.send("Input.insertText", {"text": "日本"})
    page.page.keyboard.press("Enter")
    assert page.stub.wait_for_turns(1).question == "日本"
    page.stub.turn.finish()
    page.until("finished")


@pytest.mark.parametrize("size", [(320, 600), (640, 360)])
def test_small_windows_and_large_letters_need_no_sideways_scrolling(
    visit: Open, size: tuple[int, int]
) -> None:
    """The second is a common window at 200 %."""
    width, height = size
    page = visit(viewport={"width": width, "height": height})
    page.send("A question with a_very_long_word_" + "x" * 200)
    turn = page.stub.wait_for_turns(1)
    turn.say(
        "# " + "Title" * 30 + "\n\n" + "y" * 300 + "\n\n```\n" + "z" * 300 + "\n```\n\n"
    )
    turn.show(TABLE, LINK.replace("a.test", "a.test" + "/long" * 60))
    turn.finish("failed", {"code": "x", "message": "w" * 300, "remedy": ""})
    page.until("failed")
    wide = page.page.evaluate(
        """() => [document.documentElement, document.body,
            document.getElementById('chatbox'), document.querySelector('main')]
            .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.id)"""
    )
    assert wide == []
    for name in ["#user-input", "#send-button"]:
        box = page.page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    size_of = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert page.page.locator("#user-input").evaluate(size_of) >= 16
    page.page.click("#menu")
    expect(page.page.get_by_role("button", name="New chat")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(page.page.locator("#sidebar")).not_to_be_in_viewport()
    expect(page.page.locator("#menu")).to_be_focused()


def test_the_page_moves_nothing_for_those_who_ask(visit: Open) -> None:
    page = visit(reduced_motion="reduce")
    page.send("Go")
    turn = page.stub.wait_for_turns(1)
    page.until("running")
    moving = page.page.evaluate("document.getAnimations().length")
    turn.finish()
    page.until("finished")
    assert moving == 0


def test_paper_shows_the_messages_only(visit: Open) -> None:
    page = visit()
    page.send("Go")
    turn = page.stub.wait_for_turns(1)
    turn.say("".join(f"Paragraph {n}\n\n" for n in range(80)))
    turn.finish()
    page.until("finished")
    page.page.emulate_media(media="print")
    for name in ["#sidebar", "#composer", ".tools"]:
        expect(page.page.locator(name).first).to_be_hidden()
    box = page.page.locator(".turn").bounding_box()
    assert box is not None
    assert page.page.evaluate("document.body.scrollHeight") >= box["height"]


def test_the_page_is_small_and_names_no_other_place() -> None:
    files = sorted(path for path in ASSETS.iterdir())
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 40_000
    for path in files:
        text = path.read_text()
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text
