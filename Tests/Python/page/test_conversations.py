# SPDX-License-Identifier: Apache-2.0
"""Conversations: found, named, deleted, branched; and the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from page.stub_server import Stub

if TYPE_CHECKING:
    from page.conftest import Open, Visit

pytestmark = pytest.mark.timeout(300)


def stub_with(*titles: str) -> Stub:
    stub = Stub()
    for title in titles:
        conversation = stub.new_conversation(title)
        turn = stub.new_turn(conversation, f"About {title}", None)
        turn.say(f"An answer on {title}.")
        turn.finish()
    return stub


def titles(page: Visit) -> list[str]:
    return page.page.locator("#conversations a").all_text_contents()


def links(page: Visit, *names: str) -> None:
    expect(page.page.locator("#conversations a")).to_have_text(list(names))


def test_the_list_shows_all_the_newest_first(visit: Open) -> None:
    page = visit(stub=stub_with("Rivers", "Mountains"))
    links(page, "Mountains", "Rivers")
    page.page.get_by_role("link", name="Rivers").click()
    page.page.get_by_text("An answer on Rivers.").wait_for()
    expect(page.page.locator("[aria-current=page]")).to_have_text("Rivers")
    assert page.page.title() == "Rivers · Amaru"
    page.page.get_by_role("link", name="Mountains").click()
    page.page.get_by_text("An answer on Mountains.").wait_for()
    page.page.go_back()
    page.page.get_by_text("An answer on Rivers.").wait_for()
    assert page.page.locator(".turn").count() == 1
    page.page.get_by_role("button", name="New chat").click()
    page.page.locator("#empty").wait_for()
    assert page.page.locator(".turn").count() == 0
    page.send("Lakes")
    page.stub.wait_for_turns(3).finish()
    page.until("finished")
    links(page, "Lakes", "Mountains", "Rivers")


def test_search_finds_what_was_asked(visit: Open) -> None:
    page = visit(stub=stub_with("Rivers", "Mountains"))
    page.page.fill("#search", "river")
    links(page, "Rivers")
    page.page.fill("#search", "nothing like it")
    page.page.get_by_text("Nothing found.").wait_for()
    page.page.fill("#search", "")
    links(page, "Mountains", "Rivers")


def test_a_long_list_comes_in_parts(visit: Open) -> None:
    stub = Stub()
    for n in range(95):
        stub.new_conversation(f"Number {n}")
    page = visit(stub=stub)
    every = page.page.locator("#conversations a")
    expect(every).to_have_count(40)
    page.page.click("#more")
    expect(every).to_have_count(80)
    page.page.click("#more")
    expect(every).to_have_count(95)
    expect(page.page.locator("#more")).to_be_hidden()
    assert titles(page) == [f"Number {n}" for n in reversed(range(95))]


def choose(page: Visit, name: str, what: str) -> None:
    """Choose what the menu of a conversation offers."""
    row = page.page.locator("#conversations li", has_text=name)
    row.hover()
    row.get_by_role("button", name=f"Options: {name}").click()
    page.page.get_by_role("button", name=f"{what}: {name}").click()


@pytest.mark.parametrize("is_open", [True, False])
def test_a_conversation_gets_another_name(visit: Open, is_open: bool) -> None:
    page = visit(stub=stub_with("Rivers", "Mountains"))
    if is_open:
        page.page.get_by_role("link", name="Rivers").click()
    choose(page, "Rivers", "Rename")
    field = page.page.get_by_label("Name of the conversation")
    expect(field).to_be_focused()
    field.fill("Not this")
    field.press("Escape")
    links(page, "Mountains", "Rivers")
    choose(page, "Rivers", "Rename")
    field.fill("Streams")
    field.press("Enter")
    links(page, "Mountains", "Streams")
    title = "Streams" if is_open else "New chat"
    expect(page.page.locator("#title")).to_have_text(title)
    names = [one.title for one in page.stub.conversations.values()]
    assert names == ["Streams", "Mountains"]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_conversation_is_deleted_after_a_question(visit: Open, is_open: bool) -> None:
    page = visit(stub=stub_with("Rivers", "Mountains"))
    opened = "Rivers" if is_open else "Mountains"
    page.page.get_by_role("link", name=opened).click()
    page.page.get_by_text(f"An answer on {opened}.").wait_for()
    choose(page, "Rivers", "Delete")
    page.page.get_by_text("Delete “Rivers”? Its messages are lost.").wait_for()
    page.page.get_by_role("button", name="Keep").click()
    options = page.page.get_by_role("button", name="Options: Rivers")
    expect(options).to_be_focused()
    assert len(page.stub.conversations) == 2
    choose(page, "Rivers", "Delete")
    page.page.get_by_role("button", name="Delete", exact=True).click()
    links(page, "Mountains")
    if is_open:
        page.page.locator("#empty").wait_for()
    else:
        assert page.answer() == "An answer on Mountains."
    assert len(page.stub.conversations) == 1


def test_the_menu_of_a_conversation_goes_by_keyboard(visit: Open) -> None:
    page = visit(stub=stub_with("Rivers", "Mountains"))
    keyboard = page.page.keyboard
    page.page.get_by_role("link", name="Rivers").focus()
    keyboard.press("Tab")
    options = page.page.get_by_role("button", name="Options: Rivers")
    expect(options).to_be_focused()
    keyboard.press("Enter")
    rename = page.page.get_by_role("button", name="Rename: Rivers")
    expect(rename).to_be_focused()
    keyboard.press("Tab")
    expect(page.page.get_by_role("button", name="Delete: Rivers")).to_be_focused()
    keyboard.press("Escape")
    expect(rename).to_be_hidden()
    expect(options).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Enter")
    page.page.keyboard.type("Streams")
    keyboard.press("Enter")
    links(page, "Mountains", "Streams")
    streams = page.page.get_by_role("button", name="Options: Streams")
    expect(streams).to_be_focused()


def test_Escape_in_the_menu_stops_no_answer(visit: Open) -> None:
    page = visit()
    page.send("Rivers")
    turn = page.stub.wait_for_turns(1)
    page.until("running")
    page.page.get_by_role("button", name="Options: Rivers").click()
    page.page.get_by_role("button", name="Rename: Rivers").wait_for()
    page.page.keyboard.press("Escape")
    turn.say("Still here")
    page.page.get_by_text("Still here").wait_for()
    assert turn.state == "running"


def test_a_conversation_that_is_gone_opens_a_new_chat(visit: Open) -> None:
    page = visit(stub=stub_with("Rivers"), path="#c=unknown")
    page.expected = ["404"]
    page.page.locator("#alert", has_text="no such thing").wait_for()
    page.page.locator("#empty").wait_for()
    assert page.page.url == page.stub.url


def test_an_edited_message_makes_a_branch(visit: Open) -> None:
    page = visit()
    for n, text in enumerate(["One", "Two"], 1):
        page.send(text)
        page.stub.wait_for_turns(n).say(f"Answer to {text}")
        page.stub.turn.finish()
        page.until("finished", n)
    first = page.page.locator(".turn").first
    first.hover()
    first.get_by_role("button", name="Edit").click()
    field = first.get_by_label("Your message")
    expect(field).to_be_focused()
    field.fill("Uno")
    field.press("Enter")
    turn = page.stub.wait_for_turns(3)
    assert (turn.question, turn.parent) == ("Uno", None)
    turn.say("Respuesta")
    turn.finish()
    page.page.get_by_text("Respuesta").wait_for()
    every = page.page.locator(".turn .you .text")
    expect(every).to_have_text(["Uno"])
    picker = page.page.get_by_role("group", name="Versions of the message")
    expect(picker.locator("span")).to_have_text("2 / 2")
    page.page.get_by_role("button", name="Version before of the message").click()
    expect(every).to_have_text(["One", "Two"])
    expect(picker.locator("span").first).to_have_text("1 / 2")
    page.page.reload()
    expect(every).to_have_text(["One", "Two"])
    page.page.get_by_role("button", name="Next version of the message").click()
    expect(every).to_have_text(["Uno"])


def test_an_answer_can_be_had_again(visit: Open) -> None:
    page = visit()
    for n, text in enumerate(["One", "Two"], 1):
        page.send(text)
        page.stub.wait_for_turns(n).say(f"Answer to {text}")
        page.stub.turn.finish()
        page.until("finished", n)
    last = page.page.locator(".turn").last
    last.get_by_role("button", name="Regenerate").click()
    turn = page.stub.wait_for_turns(3)
    assert (turn.question, turn.parent) == ("Two", page.stub.turns[0].id)
    expect(page.page.locator("#user-input")).to_be_focused()
    turn.say("Another answer")
    turn.finish()
    page.page.get_by_text("Another answer").wait_for()
    answers = page.page.get_by_role("group", name="Versions of the answer")
    expect(answers.locator("span")).to_have_text("2 / 2")
    page.page.get_by_role("button", name="Version before of the answer").click()
    page.page.get_by_text("Answer to Two").wait_for()
    expect(answers.locator("span")).to_have_text("1 / 2")


def test_edits_and_further_answers_are_told_apart(visit: Open) -> None:
    stub = stub_with("Rivers")
    (conversation,) = stub.conversations.values()
    for question, answer in [
        ("About lakes", "Deep"),
        ("About lakes", "Wide"),
        ("About Rivers", "Long"),
    ]:
        turn = stub.new_turn(conversation, question, None)
        turn.say(answer)
        turn.finish()
    page = visit(stub=stub)
    page.page.get_by_role("link", name="Rivers").click()
    places = page.page.locator(".picker span")
    texts = page.page.locator(".you .text, .block p")
    expect(texts).to_have_text(["About Rivers", "Long"])
    expect(places).to_have_text(["1 / 2", "2 / 2"])
    expect(page.page.locator(".you .picker span")).to_have_text("1 / 2")
    page.page.get_by_role("button", name="Next version of the message").click()
    # The newest answer to it.
    expect(texts).to_have_text(["About lakes", "Wide"])
    page.page.get_by_role("button", name="Version before of the answer").click()
    expect(texts).to_have_text(["About lakes", "Deep"])
    expect(places).to_have_text(["2 / 2", "1 / 2"])
    page.page.get_by_role("button", name="Version before of the message").click()
    expect(texts).to_have_text(["About Rivers", "Long"])


def test_an_edit_that_fails_leaves_what_was_there(visit: Open) -> None:
    page = visit(stub=stub_with("Rivers"))
    page.expected = ["429"]
    page.page.get_by_role("link", name="Rivers").click()
    page.page.locator(".turn").hover()
    page.page.get_by_role("button", name="Edit").click()
    page.stub.busy = 5
    page.page.get_by_role("button", name="Send again").click()
    page.page.locator("#alert", has_text="the queue is full").wait_for()
    expect(page.page.locator(".turn")).to_have_count(1)
    assert page.answer() == "An answer on Rivers."


def test_a_token_lets_one_in(visit: Open) -> None:
    page = visit(stub=Stub(token="a-secret-token"), waits_for="#login")
    page.expected = ["401"]
    expect(page.page.get_by_label("Token")).to_be_focused()
    assert not page.page.is_visible("#app")
    page.page.fill("#token", "wrong")
    page.page.keyboard.press("Enter")
    page.page.get_by_text("That token is not accepted.").wait_for()
    page.page.fill("#token", "a-secret-token")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#app")
    page.page.reload()
    page.page.wait_for_selector("#app")


def test_a_link_with_a_token_is_taken_out_of_the_address(visit: Open) -> None:
    page = visit(stub=Stub(token="a/secret token"), path="#t=a%2Fsecret%20token")
    assert page.page.url == page.stub.url
    assert page.page.evaluate("history.length") <= 2
    assert not any("secret" in path for path in page.stub.paths)


def test_a_session_that_ended_asks_for_the_token_again(visit: Open) -> None:
    page = visit(stub=Stub(token="secret"), path="#t=secret")
    page.expected = ["401"]
    page.page.context.clear_cookies()
    page.send("Hello")
    page.page.wait_for_selector("#login")


def test_the_page_works_under_another_path(visit: Open) -> None:
    page = visit(stub=Stub(base="/deep/chat/"))
    page.send("Hello")
    page.stub.wait_for_turns(1).say("Here")
    page.page.get_by_text("Here", exact=True).wait_for()
    page.stub.turn.finish()
    page.until("finished")
