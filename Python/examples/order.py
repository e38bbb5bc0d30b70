# SPDX-License-Identifier: Apache-2.0
"""A state machine that takes an order, without a model: ``amaru run order.py``."""

import amaru

MENU = {"tea": 2, "coffee": 3, "cake": 4}
state, order = "choosing", dict[str, int]()


def choosing(message: str) -> tuple[str, str]:
    word = message.strip().lower()
    if word == "done":
        total = sum(MENU[dish] * count for dish, count in order.items())
        return "confirming", f"That is {total} in all. Is that right?"
    if word not in MENU:
        return "choosing", f"We have {', '.join(MENU)}. Say done when that is all."
    order[word] = order.get(word, 0) + 1
    return "choosing", f"One {word}. What else?"


def confirming(message: str) -> tuple[str, str]:
    if message.strip().lower() in ("yes", "y"):
        text = ", ".join(f"{count} {dish}" for dish, count in order.items())
        order.clear()
        return "choosing", f"Coming: {text or 'nothing'}."
    return "choosing", "What shall I change?"


@amaru.reply
def answer(message: str) -> str:
    global state
    state, text = {"choosing": choosing, "confirming": confirming}[state](message)
    return text
