# SPDX-License-Identifier: Apache-2.0
"""What a fetch can fail with; all of it is an OSError, as in Pyodide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

__all__ = ["AbortError", "BodyUsedError", "HttpStatusError", "translated"]


class AbortError(OSError):
    """A fetch that was aborted, or that failed before or inside its body.

    `code` is ``"aborted"`` for the former; for the latter one of the core's codes, such
    as ``"connect"`` or ``"not_allowed"``.
    """

    def __init__(self, reason: object = None, *, code: str = "aborted") -> None:
        super().__init__("the fetch was aborted" if reason is None else str(reason))
        self.reason = reason
        self.code = code


class BodyUsedError(OSError):
    """A body that was to be read a second time."""

    def __init__(self) -> None:
        super().__init__(
            "the body of this response has been used already; "
            "call clone() first to read it twice"
        )


class HttpStatusError(OSError):
    """A response whose status is an error, from 400 to 599."""

    def __init__(self, status: int, status_text: str, url: str) -> None:
        kind = {4: "Client Error", 5: "Server Error"}.get(
            status // 100, "Invalid error code not between 400 and 599"
        )
        super().__init__(f"{status} {kind}: {status_text} for url: {url}")
        self.status = status
        self.status_text = status_text
        self.url = url

    def __reduce__(self) -> tuple[type[HttpStatusError], tuple[int, str, str]]:
        # The arguments of the exception itself are its text.
        return HttpStatusError, (self.status, self.status_text, self.url)


@contextmanager
def translated(core: ModuleType) -> Iterator[None]:
    """Raise the failures of the core as AbortError."""
    try:
        yield
    except core.TransferError as exc:
        raise AbortError(exc.message, code=exc.code) from exc
