# The HTTP core that the host builds into the interpreter.
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Awaitable

class TransferError(Exception):
    """A transfer that failed; ``code`` is one of the codes of ``_errors.py``."""

    code: str
    message: str

def open(
    method: str,
    url: str,
    headers: list[bytes],
    body: bytes | None,
    upload: bool,
    timeouts: dict[str, float],
) -> int:
    """Start an exchange and return its id. Never blocks.

    ``headers`` is flat: name, value, name, value, in order, duplicates kept.
    ``timeouts`` may hold connect, pool, write and read, in seconds; a missing one
    is no limit. With ``upload`` the body is sent by ``write`` and ``finish``.
    """

def head(exchange: int) -> Awaitable[tuple[int, bytes, bytes, list[bytes]]]:
    """Status, reason, version (``b"HTTP/1.1"``) and flat raw headers."""

def read(exchange: int) -> Awaitable[bytes | None]:
    """The next chunk as it arrives, or None at the end."""

def write(exchange: int, data: bytes) -> Awaitable[None]:
    """Send a piece of the body; resolves when there is room for the next one."""

def finish(exchange: int) -> Awaitable[None]:
    """End the upload."""

def cancel(exchange: int) -> None:
    """Abort. Synchronous, idempotent, also for an unknown id."""

def closed(exchange: int) -> Awaitable[None]:
    """Resolves when everything that the exchange held is released."""

def head_blocking(exchange: int) -> tuple[int, bytes, bytes, list[bytes]]:
    """``head`` for code without a loop: releases the GIL, polls signals."""

def read_blocking(exchange: int) -> bytes | None:
    """``read`` for code without a loop: releases the GIL, polls signals."""
