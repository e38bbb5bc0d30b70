# SPDX-License-Identifier: Apache-2.0
"""The one exception of the chat: why a turn has no answer, or not all of it."""

from __future__ import annotations

__all__ = ["Fault"]


class Fault(Exception):
    """What went wrong; `failures` says what it means to the user.

    `kind` is a code of the host's network, a row of the table in `failures`, or
    ``"status"`` for a response that refuses the request: `status` is then set, and
    `detail` is the body as it came.
    """

    def __init__(
        self,
        kind: str,
        detail: str = "",
        status: int = 0,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.headers = headers or {}
