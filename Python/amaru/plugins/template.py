# SPDX-License-Identifier: Apache-2.0
"""The text that a new plugin begins with."""

from __future__ import annotations

from typing import Final

__all__ = ["template"]

_TEXT: Final = '''"""{name}: tidies your message and signs the answer."""
from amaru.plugins import hookimpl

@hookimpl
def amaru_message(text, turn):  # before your message is sent
    return text.strip()

@hookimpl
def amaru_answer(text, turn):  # when the answer is complete
    return text + "\\n\\n({name} was here)"
'''


def template(name: str) -> str:
    """Return the text of a working ten-line plugin called `name`."""
    if not name.isidentifier() or name.startswith("_"):
        raise ValueError(
            f"{name!r} cannot name a plugin: use letters, digits and _, "
            "beginning with a letter"
        )
    return _TEXT.format(name=name)
