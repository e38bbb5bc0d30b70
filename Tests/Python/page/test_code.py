# SPDX-License-Identifier: Apache-2.0
"""Code has colours, and stays the text that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from page.conftest import Open, Visit

pytestmark = pytest.mark.timeout(300)

# What each kind of highlight covers, in the order of the text.
COLOURS = """() => Object.fromEntries(Array.from(CSS.highlights, ([kind, ranges]) =>
    [kind, Array.from(ranges, (range) => range.startContainer.data
        .slice(range.startOffset, range.endOffset))
    ]).filter(([, all]) => all.length))"""
LANGUAGES = {
    "python": (
        "def f(x):\n    return \"a\\\"b\" + 0x1F  # c\n@d\n'''e\nf''' # g",
        {
            "keyword": ["def", "return", "@d"],
            "name": ["f"],
            "string": ['"a\\"b"', "'''e\nf'''"],
            "number": ["0x1F"],
            "comment": ["# c", "# g"],
        },
    ),
    "swift": (
        'let a = f("b") // c\n/* d\n',
        {
            "keyword": ["let"],
            "name": ["f"],
            "string": ['"b"'],
            "comment": ["// c", "/* d\n"],
        },
    ),
    "rust": ("x: &'a str, 'b'", {"string": ["'b'"]}),
    "sh": ('echo "$#" ${#a} # c', {"keyword": ["echo"], "string": ['"$#"']}),
    "SQL": ("SELECT 'a' -- b", {"keyword": ["SELECT"], "string": ["'a'"]}),
    "json": ('{"a": "b"}', {"name": ['"a"'], "string": ['"b"']}),
    "toml": ("[a]\nb = 1", {"keyword": ["[a]"], "name": ["b"], "number": ["1"]}),
    "html": (
        "<a b='c'>it's</a>",
        {"keyword": ["<a", ">", "</a", ">"], "name": ["b"], "string": ["'c'"]},
    ),
    "css": (
        "a { --b: #fff }",
        {"name": ["--b"], "number": ["#fff"]},
    ),
    "diff": ("-a\n+b", {"deleted": ["-a"], "string": ["+b"]}),
    "unknown": ("if 'a' # b", {}),
}


def answer(visit: Open, text: str) -> Visit:
    page = visit()
    page.send("Code")
    turn = page.stub.wait_for_turns(1)
    turn.say(text)
    turn.finish()
    page.until("finished")
    return page


def coloured(page: Visit, kind: str, count: int = 1) -> None:
    page.page.wait_for_function(
        "([kind, count]) => CSS.highlights.get(kind)?.size === count", arg=[kind, count]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_colours(visit: Open, language: str) -> None:
    code, colours = LANGUAGES[language]
    # What follows tells that the first was looked at.
    page = answer(visit, f"```{language}\n{code}\n```\n\n```diff\n-last\n```\n\nEnd")
    coloured(page, "deleted", 2 if language == "diff" else 1)
    found = page.page.evaluate(COLOURS)
    assert "-last" in found["deleted"]
    found["deleted"].remove("-last")
    for kind, texts in colours.items():
        assert [text.strip() for text in found[kind]] == [
            text.strip() for text in texts
        ]
    if not colours:
        assert found == {"deleted": []}
    nodes = page.page.locator(".block code").first.evaluate(
        "code => Array.from(code.childNodes, (node) => node.nodeName)"
    )
    assert nodes == ["#text"]


def test_code_has_colours_once_it_no_longer_grows(visit: Open) -> None:
    page = visit()
    page.send("Code")
    turn = page.stub.wait_for_turns(1)
    turn.say("```swift\nlet a = 1\n")
    page.page.get_by_text("let a").wait_for()
    assert "GET code.js" not in page.stub.paths
    page.page.evaluate(
        """() => {
            const text = document.querySelector('.block code').firstChild
            getSelection().setBaseAndExtent(text, 4, text, 9)
        }"""
    )
    turn.say("let b = 2\n```\n\nMore")
    coloured(page, "keyword", 2)
    assert page.page.evaluate("getSelection().toString()") == "a = 1"
    assert page.page.get_attribute(".turn", "data-state") == "running"
    turn.finish()
    page.until("finished")
    page.page.get_by_role("button", name="New chat").click()
    coloured(page, "keyword", 0)
    page.page.get_by_role("link", name="Code").click()
    coloured(page, "keyword", 2)


def test_long_code_grows_in_pieces(visit: Open) -> None:
    page = visit()
    page.send("Code")
    turn = page.stub.wait_for_turns(1)
    lines = [f"let a{n} = {n} // what is said of it\n" for n in range(600)]
    turn.say("```swift\n")
    for start in range(0, 600, 20):
        turn.say("".join(lines[start : start + 20]))
        page.page.get_by_text(f"let a{start + 19} =").wait_for()
    turn.say("```\n\nEnd")
    turn.finish()
    page.until("finished")
    code = page.page.locator(".block code")
    assert code.locator(".piece").count() > 2
    assert code.text_content() == "".join(lines)
    selected = code.evaluate(
        "code => { getSelection().selectAllChildren(code); return `${getSelection()}` }"
    )
    assert selected.strip() == "".join(lines).strip()
    coloured(page, "comment", 600)
    height = code.evaluate("code => code.offsetHeight")
    # What the server says again changes nothing; a reload has it in one.
    code.evaluate("code => { code.mark = 1 }")
    with page.page.expect_response("**/api/conversations/c*"):
        page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.page.wait_for_load_state("networkidle")
    assert code.evaluate("code => code.mark") == 1
    page.page.reload()
    expect(code).to_have_text("".join(lines))
    assert code.locator(".piece").count() == 0
    assert code.evaluate("code => code.offsetHeight") == height


def test_only_code_in_view_has_colours(visit: Open) -> None:
    lines = "".join(f"Line {n}\n\n" for n in range(200))
    page = answer(visit, f"```js\nlet first\n```\n\n{lines}```js\nlet last\n```\n")
    coloured(page, "keyword")
    assert page.page.evaluate(COLOURS) == {"keyword": ["let"]}
    first = page.page.locator(".block code").first
    assert first.evaluate(
        "code => ![...CSS.highlights.get('keyword')].some("
        "(range) => code.contains(range.startContainer))"
    )
    first.scroll_into_view_if_needed()
    page.page.wait_for_function(
        "code => [...CSS.highlights.get('keyword')].some("
        "(range) => code.contains(range.startContainer))",
        arg=first.element_handle(),
    )


def test_long_code_stays_plain(visit: Open) -> None:
    code = "let a = 1\n" * 5001
    page = answer(visit, f"```js\nlet b\n```\n\n```js\n{code}```\n\n```diff\n-a\n```\n")
    coloured(page, "deleted")
    assert "number" not in page.page.evaluate(COLOURS)


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "</code><h1>out"])
def test_the_text_of_code_stays_text(visit: Open, text: str) -> None:
    page = answer(visit, f"```html\n{text}\n```\n\nEnd")
    page.page.wait_for_function("() => CSS.highlights.get('keyword')?.size > 0")
    assert page.page.locator(".block code *, .block img, .block h1").count() == 0
    assert page.page.text_content(".block code") == f"{text}\n"


def test_a_browser_without_highlights_shows_plain_code(visit: Open) -> None:
    page = visit()
    page.page.add_init_script("delete CSS.highlights; delete window.Highlight")
    page.page.reload()
    page.send("Code")
    turn = page.stub.wait_for_turns(1)
    turn.say("```js\nlet a\n```\n\nEnd")
    turn.finish()
    page.until("finished")
    expect(page.page.locator(".block code")).to_have_text("let a\n")
    assert "GET code.js" not in page.stub.paths
