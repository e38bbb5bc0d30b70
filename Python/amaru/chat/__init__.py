# SPDX-License-Identifier: Apache-2.0
"""Conversations with a model; the package is also a function, `amaru.chat`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from amaru.chat.conversation import Conversation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amaru._pieces import Attachment
    from amaru.chat.asking import Message, Question

__all__ = ["Conversation"]


class _Callable(ModuleType):
    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        # What help(amaru.chat) shows is the function's.
        import inspect

        parts = (inspect.getdoc(self.__call__) or "").partition("\n")
        return f"{parts[0]}\n\namaru.chat{inspect.signature(self)}{''.join(parts[1:])}"

    def __call__(
        self,
        message: str | Iterable[Message],
        *,
        history: Iterable[Message] | None = None,
        system: str | None = None,
        model: str | None = None,
        attachments: Iterable[Attachment] = (),
        schema: Any = None,
        **options: Any,
    ) -> Question:
        """Ask the configured model.

        ::

            answer = await amaru.chat("Who was Amaru?", system="Be brief.")
            async for piece in amaru.chat("Tell me more.", history=messages):
                print(piece, end="")

        `message` is a text, or the whole conversation as messages; `history` is what
        was said before. `schema` is a JSON schema that the answer must fit; further
        names are fields of the request, such as ``temperature`` or ``tools``. What goes
        wrong is raised as `amaru.ChatError`.
        """
        from amaru.chat.asking import Question

        return Question(
            message,
            history=history,
            system=system,
            model=model,
            attachments=attachments,
            schema=schema,
            **options,
        )


# There is no other way to have the package and the function under one name.
sys.modules[__name__].__class__ = _Callable
