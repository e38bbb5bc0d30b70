# SPDX-License-Identifier: Apache-2.0
"""A message gets its answer once, whatever happens to the page or its connection."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from page.stub_answers import Turn, blocks

if TYPE_CHECKING:
    from page.conftest import Open, Visit

pytestmark = pytest.mark.timeout(300)

ANSWER = "\n\n".join(
    f"Paragraph {n} of an answer that takes a while, and is told in pieces. 😀"
    if n % 5
    else f"```python\nprint({n})\nprint('{n * n}')\n```"
    for n in range(1, 31)
)
WHOLE = "\n".join(block.text for block in blocks(ANSWER))


def slowly(turn: Turn) -> None:
    """Answer over a few seconds, in pieces of a few characters."""
    for start in range(0, len(ANSWER), 11):
        turn.say(ANSWER[start : start + 11])
        time.sleep(0.02)
    turn.finish()


def expect_whole(visit: Visit) -> None:
    visit.until("finished")
    assert visit.page.locator(".turn").count() == 1
    assert visit.answer() == WHOLE
    assert len(visit.stub.turns) == 1


def test_the_names_of_the_tutorial_are_kept(visit: Open) -> None:
    page = visit()
    page.page.fill("#user-input", "Hello\nthere")
    page.page.click("#send-button")
    page.stub.wait_for_turns(1).say("Hi")
    page.page.wait_for_selector("#chatbox .block")
    page.stub.turn.finish()
    page.until("finished")
    assert page.page.text_content(".you .who") == "You:"
    assert page.page.text_content(".ai .who") == "AI:"
    assert page.page.text_content(".you .text") == "Hello\nthere"
    assert page.stub.turn.question == "Hello\nthere"
    assert page.page.input_value("#user-input") == ""


def test_an_answer_is_shown_as_it_grows(visit: Open) -> None:
    page = visit()
    page.send("Go")
    turn = page.stub.wait_for_turns(1)
    turn.think("Let me ")
    turn.think("see.")
    turn.say("# Title\n\nSome te")
    page.page.get_by_text("Some te", exact=True).wait_for()
    turn.say("xt\n\n```swift\nlet a")
    page.page.locator("figcaption", has_text="swift").wait_for()
    code = page.page.locator(".block code").element_handle()
    turn.say(" = 1\n")
    turn.say("let b = 2\n```\n\nEnd")
    page.page.get_by_text("End", exact=True).wait_for()
    # It has grown in its place.
    assert code.evaluate("node => node.isConnected")
    assert code.text_content() == "let a = 1\nlet b = 2\n"
    assert page.page.text_content(".thought") == "Let me see."
    turn.finish()
    page.until("finished")
    figures = page.page.locator(".figures")
    expect(figures).to_have_text("stub-1 · 12 + 34 tokens · 1.2 s")
    page.page.reload()
    expect(figures).to_have_text("stub-1 · 12 + 34 tokens · 1.2 s")


@pytest.mark.parametrize("seed", range(3))
def test_reloads_in_two_tabs_lose_and_repeat_nothing(visit: Open, seed: int) -> None:
    moments = random.Random(seed)
    page = visit(slowly)
    page.send("Tell me")
    page.stub.wait_for_turns(1)
    page.page.wait_for_url("**/#c=*")
    other = page.again()
    for _ in range(7):
        one = moments.choice([page, other])
        one.page.reload()
        one.page.wait_for_selector(".turn")
        one.page.wait_for_timeout(moments.randrange(200))
    expect_whole(page)
    expect_whole(other)
    assert page.stub.posts == 1


def test_connections_that_are_cut_are_resumed(visit: Open) -> None:
    page = visit(slowly)
    page.stub.cut_every = 40
    page.expected = ["ERR_"]
    page.send("Tell me")
    expect_whole(page)
    followed = f"GET api/turns/{page.stub.turn.id}/events"
    assert page.stub.paths.count(followed) > 3


def test_a_network_that_is_gone_for_a_while_costs_nothing(visit: Open) -> None:
    page = visit()
    page.expected = ["ERR_INTERNET_DISCONNECTED"]
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("Before. ")
    page.page.get_by_text("Before.").wait_for()
    page.page.context.set_offline(True)
    page.stub.cut()
    turn.say("Meanwhile. ")
    page.page.get_by_text("The connection is lost").wait_for()
    page.page.context.set_offline(False)
    page.page.get_by_text("Before. Meanwhile.").wait_for()
    page.page.get_by_text("The connection is lost").wait_for(state="hidden")
    turn.say("After.")
    turn.finish()
    page.until("finished")
    assert page.answer() == "Before. Meanwhile. After."


def test_a_server_that_was_killed_leaves_the_part_that_came(visit: Open) -> None:
    page = visit()
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("Half of")
    page.page.get_by_text("Half of").wait_for()
    page.stub.kill()
    page.until("interrupted")
    assert page.answer() == "Half of"
    assert "Interrupted" in page.page.inner_text(".note")
    assert not page.page.is_visible(".dots")
    page.page.reload()
    page.until("interrupted")
    assert page.answer() == "Half of"
    page.page.get_by_role("button", name="Regenerate").click()
    page.stub.wait_for_turns(2).finish()
    page.until("finished")


def test_a_page_waits_for_a_server_that_starts_again(visit: Open) -> None:
    page = visit()
    page.expected = ["ERR_"]
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("Half of")
    page.page.get_by_text("Half of").wait_for()
    page.stub.kill()
    page.stub.close()
    page.page.get_by_text("The connection is lost").wait_for()
    page.stub.start()
    page.until("interrupted")
    assert page.answer() == "Half of"
    page.send("Again")
    page.stub.wait_for_turns(2).finish()
    page.until("finished")


def test_a_turn_that_ends_before_it_is_followed_is_announced(visit: Open) -> None:
    def at_once(turn: Turn) -> None:
        turn.say("Done already")
        turn.finish()

    page = visit(at_once)
    page.stub.flow.clear()
    page.send("Tell me")
    page.until("finished")
    expect(page.page.locator("#status")).to_have_text("Response complete")
    expect(page.page.locator("#stop-button")).to_be_hidden()
    assert page.answer() == "Done already"
    page.stub.flow.set()


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_stop_keeps_what_came(visit: Open, way: str) -> None:
    page = visit()
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    turn.say("As far as here")
    page.page.get_by_text("As far as here").wait_for()
    if way == "button":
        page.page.click("#stop-button")
    else:
        page.page.keyboard.press(way)
    page.until("stopped")
    assert turn.state == "stopped"
    page.page.reload()
    page.until("stopped")
    assert page.answer() == "As far as here"
    assert page.page.inner_text(".note") == "Stopped."


def test_to_close_the_page_is_not_stop(visit: Open) -> None:
    page = visit()
    page.send("Tell me")
    turn = page.stub.wait_for_turns(1)
    other = page.again()
    other.page.wait_for_selector(".turn[data-state=running]")
    page.page.close()
    turn.say("Still here")
    other.page.get_by_text("Still here").wait_for()
    assert turn.state == "running"
    assert f"POST api/turns/{turn.id}/stop" not in page.stub.paths


@pytest.mark.parametrize("part", [False, True])
def test_a_message_whose_receipt_was_lost_is_taken_once(
    visit: Open, part: bool
) -> None:
    page = visit()
    page.expected = ["ERR_"]
    page.stub.cuts_receipts = part
    page.stub.lose = 1
    page.send("Only once")
    page.stub.wait_for_turns(1).say("Yes")
    page.page.get_by_text("Yes", exact=True).wait_for()
    assert page.stub.posts == 2
    assert len(page.stub.turns) == 1
    page.stub.turn.finish()
    page.until("finished")


def test_two_presses_send_once(visit: Open) -> None:
    page = visit()
    page.page.fill("#user-input", "Once")
    page.page.evaluate(
        "for (let i = 0; i < 3; i++) document.getElementById('send-button').click()"
    )
    page.stub.wait_for_turns(1).finish()
    page.until("finished")
    assert page.stub.posts == 1


def test_a_full_queue_is_waited_for(visit: Open) -> None:
    page = visit()
    page.expected = ["429"]
    page.stub.busy = 2
    page.send("When you can")
    page.page.get_by_text("the queue is full; trying again in 1 s").wait_for()
    page.stub.wait_for_turns(1).say("Now")
    page.stub.turn.finish()
    page.until("finished")
    assert page.answer() == "Now"
    assert not page.page.is_visible(".note")


def test_a_queue_that_stays_full_gives_the_message_back(visit: Open) -> None:
    page = visit()
    page.expected = ["429"]
    page.stub.busy = 5
    page.send("Never")
    page.page.locator("#alert", has_text="the queue is full").wait_for()
    assert page.page.input_value("#user-input") == "Never"
    assert page.page.locator(".turn").count() == 0
    page.page.press("#user-input", "Enter")
    page.stub.wait_for_turns(1).finish()
    page.until("finished")
    assert not page.page.is_visible("#alert")


def test_a_failure_is_no_answer(visit: Open) -> None:
    page = visit()
    page.send("Fail")
    turn = page.stub.wait_for_turns(1)
    turn.say("Part")
    error = {"code": "connection", "message": "no route", "remedy": "look at the cable"}
    turn.finish("failed", error)
    page.until("failed")
    alert = page.page.locator(".turn [role=alert]")
    assert alert.text_content() == "no route: look at the cable"
    assert page.answer() == "Part"
    page.page.reload()
    page.until("failed")
    assert page.page.text_content(".turn .error") == "no route: look at the cable"
    # It has been said.
    assert page.page.locator(".turn [role=alert]").count() == 0


def test_what_is_not_known_any_more_is_shown_as_a_whole(visit: Open) -> None:
    page = visit()
    page.send("Go")
    turn = page.stub.wait_for_turns(1)
    turn.say("One\n\nTwo\n\nThree")
    page.page.get_by_text("Three").wait_for()
    turn.add(
        ("reset", {}),
        ("block", {"i": 0, "html": "<p>Uno</p>"}),
        ("block", {"i": 1, "html": "<p>Dos</p>"}),
        ("notice", {"i": 0, "text": "a notice"}),
        ("notice", {"i": 0, "text": "a notice"}),
    )
    page.page.get_by_text("Dos").wait_for()
    assert page.answer() == "Uno\nDos"
    assert page.page.locator(".notices p").count() == 1
    turn.shown = ["<p>Uno</p>"]
    turn.finish()
    page.until("finished")
    assert page.answer() == "Uno"


def test_a_draft_survives_a_reload(visit: Open) -> None:
    page = visit()
    page.page.fill("#user-input", "Not sent yet")
    page.page.reload()
    expect(page.page.locator("#user-input")).to_have_value("Not sent yet")


def test_two_tabs_show_the_same(visit: Open) -> None:
    page = visit()
    page.send("First")
    page.stub.wait_for_turns(1).finish()
    page.until("finished")
    other = page.again()
    other.until("finished")
    page.send("Second")
    page.stub.wait_for_turns(2).say("To both")
    other.page.get_by_text("To both").wait_for()
    page.stub.turn.finish()
    page.until("finished", 2)
    other.until("finished", 2)
