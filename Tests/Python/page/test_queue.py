# SPDX-License-Identifier: Apache-2.0
"""What is sent while an answer comes waits for its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect
from serving import eventually

from page.stub_server import Stub

if TYPE_CHECKING:
    from page.conftest import Open, Visit
    from page.stub_answers import Turn

pytestmark = pytest.mark.timeout(300)


def answering(visit: Open, stub: Stub | None = None) -> tuple[Visit, Turn]:
    page = visit(stub=stub)
    page.send("First")
    turn = page.stub.wait_for_turns(1)
    turn.say("An answer")
    page.page.get_by_text("An answer", exact=True).wait_for()
    return page, turn


def waiting(page: Visit, *messages: str) -> None:
    expect(page.page.locator("#queue .waits")).to_have_text(list(messages))


def box(page: Visit, text: str) -> None:
    expect(page.page.locator("#user-input")).to_have_value(text)


def test_messages_are_sent_one_by_one_when_answers_end(visit: Open) -> None:
    page, turn = answering(visit)
    expect(page.page.locator("#send-button")).to_be_hidden()
    page.send("Second")
    page.page.fill("#user-input", "Third")
    page.page.click("#send-button")
    waiting(page, "Second", "Third")
    box(page, "")
    assert page.stub.posts == 1
    page.page.fill("#user-input", "A draft")
    turn.finish()
    second = page.stub.wait_for_turns(2)
    assert (second.question, second.parent) == ("Second", turn.id)
    waiting(page, "Third")
    second.finish()
    third = page.stub.wait_for_turns(3)
    assert (third.question, third.parent) == ("Third", second.id)
    third.finish()
    page.until("finished", 3)
    expect(page.page.locator("#queue")).to_be_hidden()
    box(page, "A draft")
    assert page.stub.posts == 3


def test_what_the_server_said_before_a_message_takes_nothing_away(visit: Open) -> None:
    page, turn = answering(visit)
    turn.finish()
    page.until("finished")
    late = threading.Event()
    page.stub.delays.append(late)
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    eventually(lambda: not page.stub.delays)
    page.send("Second")
    page.stub.wait_for_turns(2).finish()
    page.until("finished", 2)
    with page.page.expect_event("requestfinished"):
        late.set()
    page.page.evaluate("new Promise(done => setTimeout(done, 200))")
    assert page.page.locator(".turn").count() == 2


def test_a_message_is_taken_back_into_the_box(visit: Open) -> None:
    page, turn = answering(visit)
    page.send("Second")
    page.send("Third")
    page.page.get_by_role("button", name="Take back: Second").click()
    box(page, "Second")
    expect(page.page.locator("#user-input")).to_be_focused()
    waiting(page, "Third")
    page.page.get_by_role("button", name="Take back: Third").click()
    box(page, "Third\n\nSecond")
    turn.finish()
    page.until("finished")
    page.page.reload()
    page.until("finished")
    box(page, "Third\n\nSecond")
    assert page.stub.posts == 1


@pytest.mark.parametrize("end", ["Stop", "stopped", "failed", "interrupted"])
def test_an_answer_without_its_end_gives_all_back(visit: Open, end: str) -> None:
    page, turn = answering(visit)
    page.send("Second")
    page.send("Third")
    page.page.fill("#user-input", "Fourth")
    waiting(page, "Second", "Third")
    if end == "Stop":
        page.page.keyboard.press("Escape")
    elif end == "interrupted":
        page.stub.kill()
    else:
        turn.finish(end, {"code": "x", "message": "why", "remedy": ""})
    page.until("stopped" if end == "Stop" else end)
    box(page, "Second\n\nThird\n\nFourth")
    waiting(page)
    page.page.reload()
    box(page, "Second\n\nThird\n\nFourth")
    assert page.stub.posts == 1


@pytest.mark.parametrize("ends", ["after", "meanwhile"])
def test_what_waits_survives_a_reload(visit: Open, ends: str) -> None:
    page, turn = answering(visit)
    page.send("Second")
    page.page.wait_for_url("**/#c=*")
    if ends == "meanwhile":
        address = page.page.url
        page.page.goto("about:blank")
        turn.finish()
        page.page.goto(address)
    else:
        page.page.reload()
        waiting(page, "Second")
        assert page.stub.posts == 1
        turn.finish()
    assert page.stub.wait_for_turns(2).question == "Second"
    page.stub.turn.finish()
    page.until("finished", 2)
    page.page.reload()
    page.until("finished", 2)
    waiting(page)
    assert page.stub.posts == 2


def test_a_lost_receipt_sends_nothing_twice(visit: Open) -> None:
    page, turn = answering(visit)
    page.expected = ["ERR_"]
    page.send("Second")
    page.send("Third")
    page.stub.lose = 1
    turn.finish()
    page.stub.wait_for_turns(2)
    page.page.reload()
    page.page.locator(".turn").nth(1).wait_for()
    waiting(page, "Third")
    page.stub.turn.finish()
    assert page.stub.wait_for_turns(3).question == "Third"
    page.stub.turn.finish()
    page.until("finished", 3)
    assert len(page.stub.turns) == 3


def test_what_waits_stays_with_its_conversation(visit: Open) -> None:
    stub = Stub()
    stub.new_turn(stub.new_conversation("Rivers"), "About rivers", None).finish()
    page = visit(stub=stub)
    page.send("First")
    turn = stub.wait_for_turns(2)
    page.until("running")
    page.send("Second")
    page.page.get_by_role("link", name="Rivers").click()
    expect(page.page.locator("#title")).to_have_text("Rivers")
    waiting(page)
    turn.finish()
    page.page.get_by_role("link", name="First").click()
    assert stub.wait_for_turns(3).question == "Second"
    stub.turn.finish()
    page.until("finished", 2)


def test_messages_of_two_conversations_do_not_hold_each_other_up(visit: Open) -> None:
    stub = Stub()
    stub.new_turn(stub.new_conversation("Rivers"), "About rivers", None).finish()
    page = visit(stub=stub)
    page.expected = ["429"]
    stub.busy = 1
    page.send("First")
    page.page.get_by_text("the queue is full; trying again").wait_for()
    page.page.get_by_role("link", name="Rivers").click()
    expect(page.page.locator("#title")).to_have_text("Rivers")
    page.send("Second")
    waiting(page, "Second")
    questions = {stub.wait_for_turns(2).question, stub.wait_for_turns(3).question}
    assert questions == {"First", "Second"}
    waiting(page)


def test_what_is_about_to_be_taken_back_keeps_the_focus(visit: Open) -> None:
    page, turn = answering(visit)
    page.send("Second")
    button = page.page.get_by_role("button", name="Take back: Second")
    button.focus()
    with page.page.expect_response("**/api/conversations/c*"):
        page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    turn.say(" goes on")
    page.page.get_by_text("An answer goes on").wait_for()
    expect(button).to_be_focused()


def test_a_message_that_is_refused_goes_before_what_waits(visit: Open) -> None:
    page, turn = answering(visit)
    page.expected = ["429"]
    page.send("Second")
    page.send("Third")
    page.stub.busy = 5
    turn.finish()
    page.page.locator("#alert", has_text="the queue is full").wait_for()
    box(page, "Second\n\nThird")
    waiting(page)
    expect(page.page.locator(".turn")).to_have_count(1)


def test_so_many_messages_wait_and_no_more(visit: Open) -> None:
    page, turn = answering(visit)
    for n in range(20):
        page.send(f"Number {n}")
    page.send("One more")
    page.page.locator("#alert", has_text="Too many messages are waiting.").wait_for()
    box(page, "One more")
    expect(page.page.locator("#queue li")).to_have_count(20)


def test_who_reads_above_stays_there_when_a_message_is_sent(visit: Open) -> None:
    page, turn = answering(visit)
    turn.say("".join(f"\n\nLine {n}" for n in range(60)))
    page.page.get_by_text("Line 59").wait_for()
    page.send("Second")
    page.page.hover("#chatbox")
    page.page.mouse.wheel(0, -400)
    page.page.locator("#jump").wait_for()
    turn.finish()
    page.stub.wait_for_turns(2).say("More")
    page.page.get_by_text("More", exact=True).wait_for()
    expect(page.page.locator("#jump")).to_be_visible()


def test_an_answer_that_has_ended_does_not_run_again(visit: Open) -> None:
    """The server's word from before the end may come behind it."""
    page, turn = answering(visit)
    page.page.wait_for_url("**/#c=*")
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append((route, route.fetch()))

    page.page.route("**/api/conversations/c*", hold)
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    while not held:
        page.page.wait_for_timeout(10)
    turn.finish()
    page.until("finished")
    page.page.evaluate(
        """() => {
            window.states = []
            const turn = document.querySelector('.turn')
            new MutationObserver(() => states.push(turn.dataset.state))
                .observe(turn, { attributes: true })
        }"""
    )
    with page.page.expect_response("**/api/conversations/c*"):
        for route, response in held:
            route.fulfill(response=response)
    page.page.unroute("**/api/conversations/c*")
    page.page.wait_for_load_state("networkidle")
    page.page.evaluate("new Promise(done => requestAnimationFrame(() => done()))")
    assert "running" not in page.page.evaluate("states")
