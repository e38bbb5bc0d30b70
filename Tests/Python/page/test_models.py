# SPDX-License-Identifier: Apache-2.0
"""The choice of a model, where the server has several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from page.stub_server import Stub

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from page.conftest import Open, Visit

pytestmark = pytest.mark.timeout(300)

LONG = "provider/a-model-with-a-name-that-is-far-longer-than-a-small-window-is-wide"


def stub_with(*models: str) -> Stub:
    stub = Stub()
    stub.models = list(models)
    return stub


def choice(page: Visit) -> Locator:
    return page.page.get_by_label("Model", exact=True)


def answered(page: Visit, count: int) -> None:
    page.stub.wait_for_turns(count).finish()
    page.until("finished", count)


@pytest.mark.parametrize("models", [(), ("one",)])
def test_one_model_is_no_choice(visit: Open, models: tuple[str, ...]) -> None:
    page = visit(stub=stub_with(*models))
    expect(choice(page)).to_be_hidden()
    expect(page.page.locator("#model")).to_have_text("stub-1")
    page.send("hi")
    answered(page, 1)
    assert page.stub.asked == [None]


def test_each_conversation_keeps_its_model(visit: Open) -> None:
    page = visit(stub=stub_with("one", "two", "three"))
    expect(choice(page)).to_have_value("one")
    # By the keyboard alone: it comes behind the box and the button.
    page.page.fill("#user-input", "hi")
    page.page.locator("#user-input").focus()
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Tab")
    expect(choice(page)).to_be_focused()
    page.page.keyboard.press("ArrowDown")
    page.page.press("#user-input", "Enter")
    answered(page, 1)
    # Before anything is sent with it, as after.
    choice(page).select_option("three")
    page.page.reload()
    expect(choice(page)).to_have_value("three")
    page.page.click("#new-chat")
    expect(choice(page)).to_have_value("one")
    page.send("other")
    page.stub.wait_for_turns(2).finish()
    page.until("finished")
    page.page.get_by_role("link", name="hi").click()
    expect(choice(page)).to_have_value("three")
    page.send("more")
    page.stub.wait_for_turns(3).finish()
    page.until("finished", 2)
    assert page.stub.asked == ["two", "one", "three"]
    # What waits is for the model that was chosen when it was sent.
    page.send("slow")
    answer = page.stub.wait_for_turns(4)
    choice(page).select_option("one")
    page.send("waits")
    choice(page).select_option("two")
    answer.finish()
    page.stub.wait_for_turns(5).finish()
    page.until("finished", 4)
    assert page.stub.asked[3:] == ["three", "one"]
    choice(page).select_option("three")
    page.send("again")
    page.stub.wait_for_turns(6).finish()
    page.until("finished", 5)
    # Elsewhere it is the one that has answered.
    other = visit(stub=page.stub, path="#" + page.page.url.partition("#")[2])
    expect(choice(other)).to_have_value("three")


def test_a_model_that_is_gone(visit: Open) -> None:
    page = visit(stub=stub_with("one", "two", "three"))
    choice(page).select_option("two")
    # It asks what is offered when an answer has ended.
    with page.page.expect_response("**/state"):
        page.send("hi")
        answered(page, 1)
    page.stub.models.remove("two")
    # The page does not know yet.
    page.expected.append("404")
    page.send("more")
    alert = page.page.locator("#alert")
    expect(alert).to_have_text("the model two is not offered here")
    expect(page.page.locator("#user-input")).to_have_value("more")
    # Now it does, and sends nothing.
    expect(choice(page)).to_have_attribute("aria-invalid", "true")
    expect(choice(page).locator("option:checked")).to_have_text("Not offered here: two")
    page.page.press("#user-input", "Enter")
    expect(alert).to_contain_text(
        "The model two is not offered here. Choose another one."
    )
    choice(page).select_option("three")
    expect(alert).to_be_hidden()
    expect(choice(page)).to_have_attribute("aria-invalid", "false")
    expect(choice(page).locator("option")).to_have_text(["one", "three"])
    page.page.press("#user-input", "Enter")
    answered(page, 2)
    assert page.stub.asked == ["two", "three"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_the_choice_fits(visit: Open, width: int, scheme: str) -> None:
    page = visit(
        stub=stub_with("one", LONG),
        viewport={"width": width, "height": 640},
        color_scheme=scheme,
    )
    choice(page).select_option(LONG)
    wide = page.page.evaluate("document.documentElement.scrollWidth")
    box = choice(page).bounding_box()
    assert wide == width and box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["height"] >= 24
