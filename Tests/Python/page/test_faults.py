# SPDX-License-Identifier: Apache-2.0
"""A script that does not answer, and what is no text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from page.stub_server import Stub

if TYPE_CHECKING:
    from page.conftest import Open, Visit

pytestmark = pytest.mark.timeout(300)

FAULT = {
    "code": "syntax",
    "message": "chat.py, line 3: <b>expected ':'</b>",
    "remedy": "fix it",
}


def broken(page: Visit, text: str) -> None:
    """The page says that nothing answers, and keeps what is typed."""
    fault = page.page.locator("#fault")
    expect(fault).to_have_text("chat.py, line 3: <b>expected ':'</b>: fix it")
    assert fault.get_attribute("role") == "alert"
    expect(page.page.locator("#send-button")).to_be_disabled()
    box = page.page.locator("#user-input")
    expect(box).to_have_attribute("placeholder", "chat.py does not answer.")
    posts = page.stub.posts
    page.page.fill("#user-input", text)
    page.page.press("#user-input", "Enter")
    alert = page.page.locator("#alert")
    expect(alert).to_have_text("chat.py does not answer. Your message stays here.")
    expect(box).to_have_value(text)
    assert page.stub.posts == posts


def test_a_page_of_a_broken_script_says_so_at_once(visit: Open) -> None:
    stub = Stub()
    stub.fault = FAULT
    page = visit(stub=stub)
    # As soon as anything is seen.
    assert page.page.inner_text("#source") == "chat.py does not answer."
    assert page.page.is_disabled("#send-button")
    broken(page, "Hello")
    stub.fault = None
    expect(page.page.locator("#fault")).to_be_hidden()
    expect(page.page.locator("#alert")).to_be_hidden()
    expect(page.page.locator("#source")).to_have_text("chat.py answers on this server.")
    page.page.press("#user-input", "Enter")
    assert stub.wait_for_turns(1).question == "Hello"
    stub.turn.finish()
    page.until("finished")


def test_a_script_that_breaks_at_its_start_is_noticed(visit: Open) -> None:
    stub = Stub()
    stub.ready = False
    page = visit(stub=stub)
    expect(page.page.locator("#source")).to_have_text("chat.py is starting …")
    expect(page.page.locator("#send-button")).to_be_enabled()
    stub.fault = FAULT
    broken(page, "Hello")


def test_a_script_that_ends_in_an_answer_is_noticed(visit: Open) -> None:
    page = visit()
    page.send("First")
    turn = page.stub.wait_for_turns(1)
    page.until("running")
    page.send("Second")
    page.page.locator("#queue li").wait_for()
    page.stub.fault = FAULT
    turn.finish("failed", {"code": "x", "message": "it has ended", "remedy": ""})
    page.until("failed")
    expect(page.page.locator("#user-input")).to_have_value("Second")
    broken(page, "Second")
    page.page.get_by_role("button", name="Regenerate").click()
    expect(page.page.locator("#alert")).to_have_text("chat.py does not answer.")
    expect(page.page.locator(".turn")).to_have_count(1)


def test_what_is_wrong_with_the_server_is_said_and_answers_go_on(visit: Open) -> None:
    page = visit()
    fault = page.page.locator("#fault")
    expect(fault).to_be_hidden()
    warning = {"code": "store", "message": "not kept", "remedy": "free some space"}
    page.stub.warning = warning
    for number in (1, 2):
        page.send("Hello")
        page.stub.wait_for_turns(number).finish()
        page.until("finished", number)
        expect(fault).to_have_text("not kept: free some space")
    page.stub.warning = None
    expect(fault).to_be_hidden()


def test_half_a_character_becomes_one(visit: Open) -> None:
    page = visit()
    page.page.evaluate(
        """() => {
            const box = document.getElementById('user-input')
            box.value = 'a\\ud83d b \\ude00 \\ud83d\\ude00'
            box.form.requestSubmit()
        }"""
    )
    turn = page.stub.wait_for_turns(1)
    assert turn.question == "a\ufffd b \ufffd 😀"
    turn.finish()
    page.until("finished")
    shown = "a\ufffd b \ufffd 😀"
    expect(page.page.locator(".you .text")).to_have_text(shown)
