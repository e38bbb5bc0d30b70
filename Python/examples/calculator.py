# SPDX-License-Identifier: Apache-2.0
"""Gives the model a tool, a calculator: ``amaru run calculator.py``."""

import json
from fractions import Fraction
from typing import Any

import amaru

NUMBER, OPERATOR = {"type": "number"}, {"enum": ["+", "-", "*", "/"]}
GIVEN = {"left": NUMBER, "operator": OPERATOR, "right": NUMBER}
TOOL = {
    "name": "calculate",
    "description": "Calculates with two numbers, exactly.",
    "parameters": {"type": "object", "properties": GIVEN, "required": list(GIVEN)},
}


def calculate(left: float, operator: str, right: float) -> str:
    a, b = Fraction(str(left)), Fraction(str(right))
    return str({"+": a + b, "-": a - b, "*": a * b, "/": b and a / b}[operator])


@amaru.reply
async def answer(message: str, history: list[Any]) -> str:
    messages = [*history, {"role": "user", "content": message}]
    for _ in range(10):
        question = amaru.chat(messages, tools=[{"type": "function", "function": TOOL}])
        text = await question
        if not question.tool_calls:
            return text
        messages.append(question.reply)
        for call in question.tool_calls:
            try:
                value = calculate(**json.loads(call.arguments))
            except (TypeError, ValueError, KeyError) as fault:
                value = f"error: {fault!r}"
            messages.append({"role": "tool", "tool_call_id": call.id, "content": value})
    return "That took too many steps."
