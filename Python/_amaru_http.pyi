# Made from the module's description in Swift.
"""The HTTP core of the host."""

import asyncio
import typing

class TransferError(Exception):
    """An exchange that failed. code is one of the core's; reason says what lies
    beneath it, if that is known: "system", "unknown_host", "tls", "certificate",
    "early_end" or "not_recorded"; number is the errno of "system" or the
    verify_code of "certificate"; origin is what the request was for, or None."""
    @property
    def code(self) -> typing.Any: ...
    @property
    def message(self) -> typing.Any: ...
    @property
    def reason(self) -> typing.Any: ...
    @property
    def number(self) -> typing.Any: ...
    @property
    def origin(self) -> typing.Any: ...

def open(method: str, url: str, headers: list[bytes | bytearray] | tuple[bytes | bytearray, ...], body: bytes | bytearray | None, upload: bool, timeouts: dict[str, float], options: dict[str, typing.Any] | None = None) -> int:
    """Starts an exchange and returns its id. Never blocks.

    headers is flat: name, value, name, value, in order, duplicates kept. timeouts may
    hold connect, pool, write and read, in seconds; a missing one is no limit. With
    upload the body is sent by write and finish.

    Options say how the connection is made; an unknown one, or one of a wrong type, is
    a TypeError. verify (bool, or "no-name" for any name), ca_file, ca_dir, ca_certs,
    cert_file, key_file, key_password, proxy (a URL, "" for none), uds, sni, http2,
    target (bytes in place of the path and query), pool, tls_minimum and tls_maximum
    ("TLSv1.2" and the like), ciphers (OpenSSL's names, by colons), local_address,
    socket_options (level, name, value, level, name, value, as numbers)."""

def warm_up() -> None:
    """Gets ready for a first request over TLS, on other threads."""

def cancel(exchange: int) -> None:
    """Aborts an exchange. Synchronous, idempotent, also for an unknown id."""

def closed(exchange: int) -> asyncio.Future[None]:
    """Resolves when everything that the exchange held is released."""

def timings(exchange: int) -> dict[str, float]:
    """Seconds since the exchange was opened, by step: admitted, connected, request_sent, first_byte, ended."""

def in_flight() -> int:
    """The number of exchanges that hold anything."""

def codes() -> list[str]:
    """Every code that a TransferError may have."""

def pool(max_connections: int | None = None, keepalive_expiry: float | None = None, max_keepalive: int | None = None) -> int:
    """Makes a pool of connections with limits of its own; returns its id."""

def close_pool(pool: int) -> None:
    """Forgets a pool; exchanges that use it go on."""

def allow_option() -> str | None:
    """How the user allows one more origin; None if all are allowed."""

def allows(host: str, port: int) -> bool:
    """Whether the user's list names a place; True if there is no list."""

def allows_socket(path: str) -> bool:
    """Whether the user's list names a Unix socket; True if there is no list."""

def run_option() -> str | None:
    """How the user lets programs be started; None if they may be."""

def destination(origin: str) -> str | None:
    """The origin that requests for an origin are sent to; None if there is no network."""

def addresses(exchange: int) -> tuple[typing.Any, ...]:
    """The addresses of the connection, here and at the server: each a host and a port,
    the path of a Unix socket, or None."""

def readable(exchange: int) -> bool:
    """Whether a read would return at once, if only with the end."""

def limit(exchange: int, operation: str, seconds: float | None) -> None:
    """Limits each "read" or "write" that begins after this, once the connection has
    left HTTP; None is no limit, as at first. A read that takes longer is an error
    and nothing more; a write that does ends the exchange."""

def start_tls(exchange: int, options: dict[str, typing.Any], seconds: float | None) -> asyncio.Future[bool | None]:
    """Sets TLS up once the connection has left HTTP. Options are those of open that
    are about TLS; "sni" is the name that must be in the certificate."""

def start_tls_blocking(exchange: int, options: dict[str, typing.Any], seconds: float | None) -> bool:
    """start_tls for code without a loop: releases the GIL, polls signals."""

def head(exchange: int) -> asyncio.Future[tuple[typing.Any, ...]]:
    """Status, reason, version (b"HTTP/1.1") and flat raw headers."""

def read(exchange: int) -> asyncio.Future[bytes | None]:
    """The next chunk as it arrives, or None at the end."""

def read_chunks(exchange: int) -> asyncio.Future[list[bytes]]:
    """All chunks that have arrived, as they came, at least one; none at the end."""

def write(exchange: int, data: bytes | bytearray) -> asyncio.Future[bool | None]:
    """Sends a piece of the body; resolves when there is room for the next one."""

def finish(exchange: int) -> asyncio.Future[None]:
    """Ends the upload."""

def head_blocking(exchange: int) -> tuple[typing.Any, ...]:
    """head for code without a loop: releases the GIL, polls signals."""

def answer_blocking(exchange: int) -> tuple[typing.Any, ...]:
    """What head_blocking returns, and all chunks if they have arrived, else None."""

def read_blocking(exchange: int) -> bytes | None:
    """read for code without a loop: releases the GIL, polls signals."""

def read_chunks_blocking(exchange: int) -> list[bytes]:
    """read_chunks for code without a loop: releases the GIL, polls signals."""

def write_blocking(exchange: int, data: bytes | bytearray) -> bool:
    """write for code without a loop: releases the GIL, polls signals."""

def finish_blocking(exchange: int) -> bool:
    """finish for code without a loop: releases the GIL, polls signals."""

def closed_blocking(exchange: int) -> bool:
    """closed for code without a loop: releases the GIL, polls signals."""
