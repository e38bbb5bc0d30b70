# SPDX-License-Identifier: Apache-2.0
"""What tmux shows of the command, against screens that somebody has looked at.

With AMARU_RECORD_TRANSCRIPTS=1 the screens are written instead: look at each change.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scripted_server import Peer, whole
from terminal.conftest import Start

if TYPE_CHECKING:
    from tmux import Terminal

SCREENS = Path(__file__).parent / "screens"

ANSWER = """\
# Sorting in *Python*

Use `sorted`, see [the manual](https://docs.python.org/3/howto/sorting.html) or \
https://python.org: it returns a **new** list, ~~never~~ always in a stable order.

1. Make a list
   - with names
   - with numbers, of which there may be as many as you like
2. Sort it:

   ```python
   names.sort(key=str.lower)
   ```

- [x] tested
- [ ] documented

> Quoted words that are long enough for a second row on a narrow terminal.

| Method | In place | Cost |
|:-------|:--------:|-----:|
| `sorted(list)` | no | n log n |
| `list.sort()` | yes | n log n, and no copy of the list is made |

The end.
"""

CODE = """\
Run **this**:

```python
def longest(words: list[str]) -> str:
    \"\"\"Return the longest of some words, of which there has to be one.\"\"\"
    return max(words, key=len)
```

The end.
"""

WIDE = """\
## 日本語の見出し

表と**太字**、絵文字 🍊 と 👍、それから普通の文章がこの行の終わりまで続きます。

- 一つ目の項目はとても長いので、狭い端末では折り返されるはずです。
- 한국어 e\u0301te\u0301 naïve

| 名前 | 値 |
|---|---:|
| りんご | 1 |
| ミカン 🍊 | 22 |

The end.
"""


def pieces(text: str, size: int = 7) -> Callable[[Peer], None]:
    """Answer with a text, a few letters at a time."""
    return whole(*(text[at : at + size] for at in range(0, len(text), size)))


def check(terminal: Terminal, name: str) -> None:
    """Compare what is shown, and has scrolled off, with a screen that is kept."""
    shown = terminal.show(scrolled=True)
    for pattern, word in (
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME"),
        (r"\b(?=[a-z]*\d)[2-9a-z]{10}\b", "ID"),
    ):
        shown = re.sub(pattern, word, shown)
    shown = shown.rstrip() + "\n"
    file = SCREENS / f"{name}.txt"
    if "AMARU_RECORD_TRANSCRIPTS" in os.environ:
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown)
    assert shown == file.read_text()


def ask(terminal: Terminal, question: str, *expected: str) -> None:
    """Send a line, and wait for what is expected and the next prompt."""
    terminal.type(question)
    terminal.press("Enter")
    terminal.wait(*expected, "\n>\n")


def leave(terminal: Terminal) -> None:
    terminal.press("C-d")
    assert terminal.status() == 0


def test_first_start(start: Start) -> None:
    terminal = start("chat", answers=(whole("Good ", "*evening*."),))
    terminal.wait(">")
    ask(terminal, "Hello?", "evening")
    leave(terminal)
    check(terminal, "first-start")


def test_paste_of_several_lines(start: Start) -> None:
    terminal = start("chat", answers=(whole("Two lines."),))
    terminal.wait(">")
    terminal.paste("first\nsecond\n")
    terminal.wait("second")
    ask(terminal, "third", "Two lines.")
    check(terminal, "paste")


def test_interrupts_at_the_prompt(start: Start) -> None:
    terminal = start("chat", answers=(whole("never"),))
    terminal.wait(">")
    terminal.type("draft")
    terminal.wait("> draft")
    terminal.press("C-c")
    terminal.wait("^C", "\n>")
    terminal.press("C-c")
    terminal.wait("Ctrl-D ends the chat.")
    leave(terminal)
    check(terminal, "interrupts-at-the-prompt")


def test_interrupts_in_an_answer(start: Start) -> None:
    def half(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("The first *half*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
        peer.wait_for_close()

    terminal = start("chat", answers=(half, whole("Another.")))
    terminal.wait(">")
    terminal.type("Go on.")
    terminal.press("Enter")
    terminal.wait("half", "table, 1 row")
    terminal.press("C-c")
    terminal.wait("─┼─", "\n>\n")
    terminal.type("draft")
    terminal.wait("> draft")
    terminal.press("C-c")
    terminal.wait("> draft^C\n>\n")
    ask(terminal, "And now?", "Another.")
    check(terminal, "interrupts-in-an-answer")


SLOW = """\
import asyncio
import amaru

@amaru.reply
async def reply(message):
    try:
        yield "Half."
        await asyncio.sleep(50)
    finally:
        await asyncio.sleep(0.2)
"""


def test_interrupt_while_an_answer_is_being_stopped(start: Start, folder: Path) -> None:
    (folder / "slow.py").write_text(SLOW)
    terminal = start("run", "--no-key", "slow.py")
    terminal.wait(">")
    for number in range(3):
        terminal.type(f"Question {number}")
        terminal.press("Enter")
        half = f"> Question {number}\nHalf.\n"
        terminal.wait(half)
        terminal.press("C-c")
        terminal.wait(f"{half}(stopped)\n>\n")
        terminal.press("C-c")
        terminal.wait(f"{half}(stopped)\n> ^C\namaru: Ctrl-D ends the chat.\n>\n")
    leave(terminal)


def test_draft_in_a_window_that_is_widened(start: Start) -> None:
    answer, rest = halves(f"{'An answer of many words. ' * 6}\nThe end.", "words. \n")
    terminal = start("chat", "--plain", columns=40, answers=(answer,))
    terminal.wait(">")
    terminal.type("Go on.")
    terminal.press("Enter")
    terminal.wait("of many")
    terminal.type("a draft that takes two rows in this window")
    terminal.wait("> a draft that takes two rows in this wi\nndow")
    terminal.resize(80, 24)
    terminal.wait("> a draft that takes two rows in this window")
    rest.set()
    terminal.wait("The end.\n> a draft")
    check(terminal, "draft-40-80")


def test_warning_of_a_trace(start: Start) -> None:
    options = ("--trace-http", "/dev/full", "--plain")
    terminal = start("chat", *options, answers=(whole("One ", "line."), whole("Two.")))
    terminal.wait(">")
    ask(terminal, "Go on.", "/dev/full is not complete")
    ask(terminal, "And now?", "Two.")
    leave(terminal)
    lines = terminal.show(scrolled=True).split("\n")
    # On a line of its own, before the answer or behind it.
    lines.remove("amaru: /dev/full is not complete: No space left on device")
    shown = [line for line in lines if line]
    assert shown == ["> Go on.", "One line.", "> And now?", "Two.", ">"]


def halves(text: str, at: str) -> tuple[Callable[[Peer], None], threading.Event]:
    """Answer with a text up to a part of it, and with the rest after an event."""
    rest = threading.Event()
    first = text[: text.index(at)]

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta(first)
        assert rest.wait(50)
        peer.delta(text[len(first) :], "stop")
        peer.event("[DONE]")
        peer.end()

    return answer, rest


def test_resize_in_a_table(start: Start) -> None:
    answer, rest = halves(WIDE, "| りんご")
    terminal = start("Table?", columns=60, answers=(answer,))
    terminal.wait("table, 0 rows")
    terminal.resize(30, 24)
    rest.set()
    assert terminal.status() == 0
    check(terminal, "resize-60-30")


def test_table_in_the_first_row(start: Start) -> None:
    answer, rest = halves("| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end.\n", "| 1")
    terminal = start("Table?", answers=(answer,))
    terminal.wait("table, 0 rows")
    rest.set()
    assert terminal.status() == 0
    check(terminal, "first-row")


def test_code(start: Start) -> None:
    terminal = start("Code?", answers=(pieces(CODE),))
    assert terminal.status() == 0
    check(terminal, "code")


def test_wide_letters(start: Start) -> None:
    terminal = start("Wide?", columns=40, answers=(pieces(WIDE),))
    assert terminal.status() == 0
    check(terminal, "wide")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_answer(start: Start, columns: int) -> None:
    terminal = start("Sort?", columns=columns, answers=(pieces(ANSWER),))
    assert terminal.status() == 0
    check(terminal, f"answer-{columns}")


def test_no_colors(start: Start) -> None:
    color = re.compile(r"\x1b\[(?:\d+;)*[34][0-8](?:;\d+)*m")
    variables: dict[str, str]
    for variables in ({}, {"NO_COLOR": "1"}):
        terminal = start("Sort?", answers=(pieces(ANSWER),), environment=variables)
        assert terminal.status() == 0
        assert bool(color.search(terminal.show(with_styles=True))) == (not variables)
        check(terminal, "answer-80")
        terminal.end()


def busy(peer: Peer) -> None:
    """Ask the client to come again in three seconds."""
    error = '{"error": {"message": "slow down"}}'
    kind = "application/json"
    peer.reply("429 Busy", error, Content_Type=kind, Retry_After="3")


def test_countdown(start: Start) -> None:
    terminal = start("Now?", answers=(busy, whole("Now.")))
    for seconds in (3, 2, 1):
        terminal.wait_written(f"trying again in {seconds} s (1 of 2)")
    assert terminal.status() == 0
    check(terminal, "countdown")


def test_plain(start: Start) -> None:
    answers = (pieces(CODE), busy, whole("Now."))
    terminal = start("chat", "--plain", answers=answers)
    terminal.wait(">")
    ask(terminal, "Code?", "The end.")
    ask(terminal, "Now?", "Now.")
    leave(terminal)
    # No text is written over another.
    assert terminal.written.count("trying again") == 1
    check(terminal, "plain")


def test_history_picker(start: Start) -> None:
    for question in ("One?", "Two?"):
        terminal = start(question, answers=(whole(f"*{question}* Well."),))
        assert terminal.status() == 0
        terminal.end()
    terminal = start("history", "show")
    terminal.wait("  2  ", "> 1  ", "Which?")
    terminal.press("Up", "Enter")
    assert terminal.status() == 0
    check(terminal, "picker")


def test_attachments(start: Start, folder: Path) -> None:
    (folder / "p.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(4))
    answers = (whole("A **picture**."), whole("The same."))
    terminal = start("chat", "-a", "p.png", answers=answers)
    terminal.wait(">")
    ask(terminal, "What is it?", "picture")
    ask(terminal, "And @p.png?", "The same.")
    leave(terminal)
    check(terminal, "attachments")


def test_structured_answer(start: Start) -> None:
    schema = '{"type": "object", "required": ["city"]}'
    answers = (whole('{"city": ', '"Cusco"}'), whole('{"town": "Cusco"}'))
    terminal = start("Where?", "--schema", schema, answers=answers[:1])
    assert terminal.status() == 0
    check(terminal, "structured")
    terminal.end()
    terminal = start("Where?", "--schema", schema, answers=answers[1:])
    assert terminal.status() == 1
    check(terminal, "structured-wrong")
