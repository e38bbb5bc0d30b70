# The HTTP core that the host builds into the interpreter.
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Awaitable
from typing import TypedDict

class TransferError(Exception):
    """A transfer that failed; ``code`` is one of the codes of ``_errors.py``."""

    code: str
    message: str

class Options(TypedDict, total=False):
    """How the connection of a request is made; the rest is as the host has it."""

    verify: bool | str
    """Whether the certificate is checked; ``"no-name"`` for any name."""
    ca_file: str
    ca_dir: str
    ca_certs: list[bytes]
    """The only trusted authorities: a PEM file, a folder of such, DER certificates."""
    cert_file: str
    key_file: str
    key_password: str
    """The certificate that the client shows, and its private key."""
    proxy: str
    """The URL of a proxy, ``""`` for none."""
    uds: str
    """The path of a Unix socket to connect to."""
    sni: str
    """The server's name in the handshake, which its certificate must be for."""
    http2: bool
    """Whether HTTP/2 is offered."""
    target: bytes
    """The request target, in place of the URL's path and query."""
    pool: int
    """The pool that the connection belongs to."""

def open(
    method: str,
    url: str,
    headers: list[bytes],
    body: bytes | None,
    upload: bool,
    timeouts: dict[str, float],
    options: Options | None = None,
) -> int:
    """Start an exchange and return its id. Never blocks.

    ``headers`` is flat: name, value, name, value, in order, duplicates kept.
    ``timeouts`` may hold connect, pool, write and read, in seconds; a missing one
    is no limit. With ``upload`` the body is sent by ``write`` and ``finish``.
    An unknown option, or one of a wrong type, is a TypeError.
    """

def pool(
    max_connections: int | None = None, keepalive_expiry: float | None = None
) -> int:
    """Make a pool of connections with a limit of its own; return its id."""

def close_pool(pool: int) -> None:
    """Forget a pool; exchanges that use it go on."""

def codes() -> list[str]:
    """Every code that a ``TransferError`` may have."""

def in_flight() -> int:
    """The number of exchanges that hold anything."""

def timings(exchange: int) -> dict[str, float]:
    """Seconds since the exchange was opened, for the steps that are known.

    The steps are admitted, connected, request_sent, first_byte and ended.
    """

def head(exchange: int) -> Awaitable[tuple[int, bytes, bytes, list[bytes]]]:
    """Status, reason, version (``b"HTTP/1.1"``) and flat raw headers."""

def read(exchange: int) -> Awaitable[bytes | None]:
    """The next chunk as it arrives, or None at the end."""

def read_chunks(exchange: int) -> Awaitable[list[bytes]]:
    """All chunks that have arrived, as they came, at least one; none at the end."""

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

def read_chunks_blocking(exchange: int) -> list[bytes]:
    """``read_chunks`` for code without a loop: releases the GIL, polls signals."""

def write_blocking(exchange: int, data: bytes) -> bool:
    """``write`` for code without a loop: releases the GIL, polls signals."""

def finish_blocking(exchange: int) -> bool:
    """``finish`` for code without a loop: releases the GIL, polls signals."""

def closed_blocking(exchange: int) -> bool:
    """``closed`` for code without a loop: releases the GIL, polls signals."""
