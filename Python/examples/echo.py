# SPDX-License-Identifier: Apache-2.0
"""Says what you say: ``amaru run echo.py``."""

import amaru


@amaru.reply
def answer(message: str) -> str:
    return f"You said: {message}"
