# SPDX-License-Identifier: Apache-2.0
"""Who reads is left alone: place, selection and what was copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from page.conftest import Open, Visit
    from page.stub_answers import Turn

pytestmark = pytest.mark.timeout(300)

# About so many, of which half come while the reader is elsewhere: eight to a line of
# text, three to one of code.
TOKENS = 5000
COUNT = TOKENS // 2 // 8
LINES = "".join(f"Line {n} of a long answer.\n\n" for n in range(COUNT))
LAST = f"Line {COUNT - 1} "
CODE = TOKENS // 2 // 20 // 3
TOP = "Math.round(document.getElementById('chatbox').scrollTop)"
REST = """(() => {
    const box = document.getElementById('chatbox')
    return box.scrollHeight - box.clientHeight - box.scrollTop
})()"""


def long_answer(visit: Open) -> tuple[Visit, Turn]:
    page = visit()
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say(LINES)
    page.page.get_by_text(LAST).wait_for()
    at_end(page)
    return page, turn


def at_end(page: Visit) -> None:
    page.page.locator("#jump").wait_for(state="hidden")
    frames(page)
    assert page.page.evaluate(REST) < 28


def frames(page: Visit, count: int = 4) -> None:
    """Let the page draw."""
    page.page.evaluate(
        "count => new Promise(done => { const next = () =>"
        " count-- ? requestAnimationFrame(next) : done(); next() })",
        count,
    )


def go_on(page: Visit, turn: Turn) -> None:
    for n in range(20):
        turn.say(f"More {n}.\n\n```\n" + f"code {n}\n" * CODE + "```\n\n")
        frames(page, 2)
    page.page.get_by_text("More 19.").wait_for()
    frames(page)


def test_the_end_stays_in_view(visit: Open) -> None:
    page, turn = long_answer(visit)
    go_on(page, turn)
    at_end(page)


@pytest.mark.parametrize("way", ["wheel", "key", "bar", "input"])
def test_a_reader_who_scrolls_up_stays_there(visit: Open, way: str) -> None:
    page, turn = long_answer(visit)
    if way == "wheel":
        page.page.hover("#chatbox")
        page.page.mouse.wheel(0, -300)
    elif way == "key":
        page.page.focus("#chatbox")
        page.page.keyboard.press("ArrowUp")
    elif way == "input":
        page.page.keyboard.press("PageUp")
    else:
        page.page.evaluate("document.getElementById('chatbox').scrollTop -= 300")
    page.page.locator("#chatbox").evaluate(
        "box => new Promise(done => { let top = -1; const look = () => top === box"
        ".scrollTop ? done() : (top = box.scrollTop, setTimeout(look, 150)); look() })"
    )
    before = page.page.evaluate(TOP)
    go_on(page, turn)
    assert page.page.evaluate(TOP) == before
    turn.finish()
    page.until("finished")
    frames(page)
    assert page.page.evaluate(TOP) == before
    page.page.click("#jump")
    at_end(page)
    assert page.page.evaluate("document.activeElement.id") == "user-input"


def test_who_comes_back_to_the_end_follows_again(visit: Open) -> None:
    page, turn = long_answer(visit)
    page.page.hover("#chatbox")
    page.page.mouse.wheel(0, -500)
    page.page.locator("#jump").wait_for()
    page.page.mouse.wheel(0, 5000)
    page.page.locator("#jump").wait_for(state="hidden")
    go_on(page, turn)
    at_end(page)


def test_a_selection_survives_the_answer(visit: Open) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("A finished paragraph.\n\nAn open one")
    page.page.get_by_text("An open one").wait_for()
    page.page.evaluate(
        """() => {
            const blocks = document.querySelectorAll('.block p')
            getSelection().setBaseAndExtent(blocks[0].firstChild, 2,
                blocks[1].firstChild, 7)
        }"""
    )
    turn.say(" that goes on.\n\nAnd others")
    page.page.get_by_text("And others").wait_for()
    turn.say(", to the end.")
    turn.finish()
    page.until("finished")
    selected = page.page.evaluate("getSelection().toString()")
    assert selected == "finished paragraph.\n\nAn open"
    page.page.keyboard.press("Control+C")
    assert page.page.evaluate("navigator.clipboard.readText()") == selected
    # What waited is shown as soon as the selection is gone.
    assert "An open one\n" in page.answer()
    page.page.evaluate("getSelection().removeAllRanges()")
    page.page.get_by_text("An open one that goes on.").wait_for()


def test_a_selection_in_code_survives_what_is_added(visit: Open) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("```swift\nlet a = 1\nlet b")
    page.page.get_by_text("let b").wait_for()
    page.page.evaluate(
        """() => {
            const text = document.querySelector('.block code').firstChild
            getSelection().setBaseAndExtent(text, 4, text, 9)
        }"""
    )
    for n in range(20):
        turn.say(f" = {n}\nlet c{n}")
    turn.say("\n```\n\nEnd")
    turn.finish()
    page.until("finished")
    assert page.page.evaluate("getSelection().toString()") == "a = 1"
    page.page.keyboard.press("Control+C")
    assert page.page.evaluate("navigator.clipboard.readText()") == "a = 1"
    assert "let c19\n" in page.answer()


def test_code_behind_a_selection_is_complete_in_the_end(visit: Open) -> None:
    page = visit()
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("Some words")
    page.page.get_by_text("Some words").wait_for()
    page.page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('.block'))"
    )
    first = '<figure class="code"><figcaption></figcaption><pre tabindex="0"><code>'
    turn.add(("block", {"i": 0, "html": first + "one</code></pre></figure>"}))
    turn.add(("code", {"i": 0, "at": 3, "text": " two"}))
    turn.add(("code", {"i": 0, "at": 7, "text": " three"}))
    turn.add(("notice", {"i": 0, "text": "sent"}))
    page.page.get_by_text("sent").wait_for()
    assert page.answer() == "Some words"
    page.page.evaluate("getSelection().removeAllRanges()")
    page.page.get_by_text("one two three").wait_for()


def test_the_page_changes_thirty_times_a_second_at_most(visit: Open) -> None:
    page = visit()
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("Start")
    page.page.get_by_text("Start", exact=True).wait_for()
    page.page.evaluate(
        """() => {
            window.times = []
            // The time of the frame, whatever else has made it late.
            new MutationObserver(() => window.times.push(document.timeline.currentTime))
                .observe(document.querySelector('.blocks'),
                    { childList: true, subtree: true, characterData: true })
        }"""
    )
    for n in range(400):
        turn.say(f" word{n}")
        if n % 100 == 99:
            page.page.get_by_text(f"word{n}").wait_for()
    turn.say(" End.")
    page.page.get_by_text("End.").wait_for()
    gaps = page.page.evaluate("times.slice(1).map((time, i) => time - times[i])")
    assert len(gaps) > 1
    # What comes within one frame is drawn with it.
    assert all(gap == 0 or gap >= 33 for gap in gaps), gaps
    turn.finish()
    page.until("finished")


@pytest.mark.parametrize("host", ["localhost", "chat.test"])
def test_code_and_messages_can_be_copied(visit: Open, host: str) -> None:
    """Also on plain http, away from this machine, where a page has no clipboard."""
    page = visit(host=host)
    page.expected = ["Cross-Origin-Opener-Policy"]
    assert page.page.evaluate("isSecureContext") == (host == "localhost")
    # What is written goes through either way; what was written is seen here.
    page.page.evaluate(
        """() => {
            window.copied = []
            if (navigator.clipboard) {
                navigator.clipboard.writeText = async (text) => { copied.push(text) }
            }
            document.addEventListener('copy',
                () => copied.push(document.activeElement.value))
        }"""
    )
    page.send("Question\nin two lines")
    turn = page.stub.wait_for_turns(1)
    turn.say("Text\n\n```py\na < b\n```\n\n")
    turn.show(
        '<ol start="3" class="tight"><li><p>a <strong>b</strong></p>'
        "<ul><li><p>c</p><p>d</p></li></ul></li>"
        "<li><p>e</p></li></ol>",
        '<div class="table" tabindex="0"><table><thead><tr><th>h</th>'
        '<th class="right">i</th></tr></thead><tbody><tr><td>a|b</td>'
        '<td class="right">c<br>d</td></tr></tbody></table></div>',
        '<p><a href="https://a.test/b" rel="noopener noreferrer nofollow" '
        'target="_blank">a</a> <span class="host">(a.test)</span> and</p>',
        "<blockquote><p>q</p><p>r</p></blockquote>",
    )
    turn.finish()
    page.until("finished")
    for name in ["Copy the message", "Copy the code", "Copy the answer"]:
        button = page.page.get_by_role("button", name=name)
        button.click()
        expect(button).to_have_text("Copied")
    assert page.page.evaluate("copied") == [
        "Question\nin two lines",
        "a < b\n",
        "Text\n\n```py\na < b\n```\n\n"
        "3. a **b**\n   - c\n\n     d\n4. e\n\n"
        "| h | i |\n| --- | --: |\n| a\\|b | c<br>d |\n\n"
        "[a](https://a.test/b) and\n\n> q\n>\n> r",
    ]
