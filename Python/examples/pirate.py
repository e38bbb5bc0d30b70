# SPDX-License-Identifier: Apache-2.0
"""The configured model with a twist, and a memory: ``amaru run pirate.py``."""

from typing import Any

import amaru


@amaru.reply
def answer(message: str, history: list[Any]) -> amaru.Question:
    return amaru.chat(message, history=history, system="Answer like a pirate.")
