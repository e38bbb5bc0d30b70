# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the host's HTTP core: real sockets, real HTTP/1.1, no pool.

It keeps the contract of ``_amaru_http.pyi`` and knows nothing of TLS.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import h11


class TransferError(Exception):
    def __init__(
        self,
        code: str,
        message: str,
        reason: str | None = None,
        number: int | None = None,
        origin: str | None = None,
    ) -> None:
        super().__init__(code, message, reason, number, origin)
        self.code = code
        self.message = message
        self.reason = reason
        self.number = number
        self.origin = origin

    def __str__(self) -> str:
        return self.message


Head = tuple[int, bytes, bytes, list[bytes]]


@dataclass
class _Exchange:
    method: str
    url: str
    headers: list[bytes]
    body: bytes | None
    upload: bool
    timeouts: dict[str, float]
    options: dict[str, Any]
    wire: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    opened: asyncio.Task[None] | None = None
    tasks: set[asyncio.Future[Any]] = field(default_factory=set)
    socket: socket.socket | None = None
    cancelled: bool = False

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80

    def request(self) -> h11.Request:
        parts = urlsplit(self.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = self.options.get("target", target)
        pairs = list(zip(self.headers[::2], self.headers[1::2], strict=True))
        # As the host, which puts in what is missing.
        names = {name.lower() for name, _ in pairs}
        if b"host" not in names:
            pairs.insert(0, (b"Host", parts.netloc.encode()))
        if self.body is not None and not names & {
            b"content-length",
            b"transfer-encoding",
        }:
            pairs.append((b"Content-Length", b"%d" % len(self.body)))
        return h11.Request(method=self.method, target=target, headers=pairs)


OPTIONS = {
    *("verify", "ca_file", "ca_dir", "ca_certs", "cert_file", "key_file"),
    *("key_password", "proxy", "uds", "sni", "http2", "target", "pool"),
    *("tls_minimum", "tls_maximum", "ciphers", "local_address", "socket_options"),
}

exchanges: dict[int, _Exchange] = {}
pools: dict[int, tuple[int | None, float | None]] = {}
cancels: list[int] = []
opened: list[_Exchange] = []
warmed: list[bool] = []
_next = 0


def reset() -> None:
    exchanges.clear()
    cancels.clear()
    opened.clear()
    warmed.clear()
    pools.clear()


def open(
    method: str,
    url: str,
    headers: list[bytes],
    body: bytes | None,
    upload: bool,
    timeouts: dict[str, float],
    options: dict[str, Any] | None = None,
) -> int:
    global _next
    if unknown := set(options or ()) - OPTIONS:
        raise TypeError(f'open() has no option "{min(unknown)}"')
    scheme = urlsplit(url).scheme
    if scheme != "http":
        raise TransferError("unsupported_protocol", f"no scheme {scheme!r} here")
    _next += 1
    exchange = _Exchange(
        method, url, headers, body, upload, timeouts, dict(options or {})
    )
    exchanges[_next] = exchange
    opened.append(exchange)
    return _next


def allows_socket(path: str) -> bool:
    return True


def run_option() -> str | None:
    return None


def allow_option() -> str | None:
    return None


def allows(host: str, port: int) -> bool:
    return True


def destination(origin: str) -> str | None:
    return origin


def head(exchange: int) -> Awaitable[Head]:
    return _start(exchange, _head)


def read(exchange: int) -> Awaitable[bytes | None]:
    return _start(exchange, lambda found: _read(exchange, found))


def read_chunks(exchange: int) -> Awaitable[list[bytes]]:
    async def chunks(found: _Exchange) -> list[bytes]:
        chunk = await _read(exchange, found)
        return [] if chunk is None else [chunk]

    return _start(exchange, chunks)


def write(exchange: int, data: bytes) -> Awaitable[None]:
    return _start(exchange, lambda found: _send(found, h11.Data(data=data)))


def finish(exchange: int) -> Awaitable[None]:
    return _start(exchange, lambda found: _send(found, h11.EndOfMessage()))


def cancel(exchange: int) -> None:
    cancels.append(exchange)
    found = exchanges.pop(exchange, None)
    if found is None:
        return
    found.cancelled = True
    for task in [*found.tasks, found.opened]:
        if task is not None:
            task.cancel()
    if found.writer is not None:
        found.writer.transport.abort()
    if found.socket is not None:
        found.socket.close()


async def _nothing() -> None:
    await asyncio.sleep(0)


def closed(exchange: int) -> Awaitable[None]:
    return asyncio.ensure_future(_nothing())


def _find(exchange: int) -> _Exchange:
    if exchange not in exchanges:
        raise TransferError("cancelled", "the exchange has been cancelled")
    return exchanges[exchange]


Work = Callable[[_Exchange], Coroutine[Any, Any, Any]]


def _start(exchange: int, work: Work) -> asyncio.Future[Any]:
    """Start work at once; its future ends with the core's own errors only."""
    found = _find(exchange)
    task = asyncio.ensure_future(work(found))
    result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    found.tasks.add(task)

    def settle(task: asyncio.Future[Any]) -> None:
        found.tasks.discard(task)
        if result.done():
            # Retrieved, or asyncio would report it.
            _ = None if task.cancelled() else task.exception()
        elif task.cancelled():
            result.set_exception(TransferError("cancelled", "cancelled by the core"))
        elif (exc := task.exception()) is not None:
            result.set_exception(exc)
        else:
            result.set_result(task.result())

    task.add_done_callback(settle)
    result.add_done_callback(lambda _: task.cancel())
    return result


async def _connected(exchange: _Exchange) -> None:
    if exchange.opened is None:
        exchange.opened = asyncio.create_task(_connect(exchange))
    await asyncio.shield(exchange.opened)


async def _connect(exchange: _Exchange) -> None:
    host, port = exchange.address
    try:
        async with asyncio.timeout(exchange.timeouts.get("connect")):
            streams = await asyncio.open_connection(host, port)
    except TimeoutError as exc:
        raise TransferError("connect_timeout", f"{host}:{port} timed out") from exc
    except OSError as exc:
        text = os.strerror(exc.errno or 0)
        raise TransferError("connect", text, "system", exc.errno) from exc
    exchange.reader, exchange.writer = streams
    exchange.writer.write(exchange.wire.send(exchange.request()) or b"")
    if not exchange.upload:
        exchange.writer.write(_body(exchange))
    await _drained(exchange)


def _body(exchange: _Exchange) -> bytes:
    data = b""
    if exchange.body is not None:
        data = exchange.wire.send(h11.Data(data=exchange.body)) or b""
    return data + (exchange.wire.send(h11.EndOfMessage()) or b"")


async def _send(exchange: _Exchange, event: Any) -> None:
    await _connected(exchange)
    assert exchange.writer is not None
    exchange.writer.write(exchange.wire.send(event) or b"")
    await _drained(exchange)


async def _drained(exchange: _Exchange) -> None:
    assert exchange.writer is not None
    try:
        async with asyncio.timeout(exchange.timeouts.get("write")):
            await exchange.writer.drain()
    except TimeoutError as exc:
        raise TransferError("write_timeout", "the server takes nothing") from exc
    except OSError as exc:
        raise TransferError("write", str(exc)) from exc


async def _event(exchange: _Exchange) -> Any:
    assert exchange.reader is not None
    while True:
        event = _next_event(exchange)
        if event is not h11.NEED_DATA:
            return event
        try:
            async with asyncio.timeout(exchange.timeouts.get("read")):
                data = await exchange.reader.read(65536)
        except TimeoutError as exc:
            raise TransferError("read_timeout", "the server says nothing") from exc
        except OSError as exc:
            raise TransferError("read", f"connection reset: {exc}") from exc
        exchange.wire.receive_data(data)


def _next_event(exchange: _Exchange) -> Any:
    try:
        event = exchange.wire.next_event()
    except h11.RemoteProtocolError as exc:
        message = str(exc)
        if "ConnectionClosed when role=SERVER and state=SEND_RESPONSE" in message:
            message = "server disconnected without sending a response"
        is_early = "disconnected without" in message or "closed connection" in message
        reason = "early_end" if is_early else None
        raise TransferError("remote_protocol", message, reason) from exc
    if isinstance(event, h11.InformationalResponse):
        return _next_event(exchange)
    if isinstance(event, h11.ConnectionClosed):
        raise TransferError("remote_protocol", "closed without an answer")
    return event


def _as_head(event: Any) -> Head:
    flat = [part for pair in event.headers.raw_items() for part in pair]
    version = b"HTTP/" + event.http_version
    return event.status_code, bytes(event.reason), version, flat


async def _head(exchange: _Exchange) -> Head:
    await _connected(exchange)
    return _as_head(await _event(exchange))


async def _read(number: int, exchange: _Exchange) -> bytes | None:
    event = await _event(exchange)
    if isinstance(event, h11.Data):
        return bytes(event.data)
    assert exchange.writer is not None
    exchange.writer.close()
    exchanges.pop(number, None)
    return None


def _connected_blocking(found: _Exchange) -> socket.socket:
    if found.socket is not None:
        return found.socket
    try:
        found.socket = socket.create_connection(
            found.address, found.timeouts.get("connect")
        )
    except TimeoutError as exc:
        raise TransferError("connect_timeout", "timed out") from exc
    except OSError as exc:
        raise TransferError("connect", str(exc), "system", exc.errno) from exc
    found.socket.settimeout(found.timeouts.get("read"))
    data = found.wire.send(found.request()) or b""
    found.socket.sendall(data if found.upload else data + _body(found))
    return found.socket


def head_blocking(exchange: int) -> Head:
    found = _find(exchange)
    _connected_blocking(found)
    return _as_head(_event_blocking(found))


def answer_blocking(exchange: int) -> tuple[Head, list[bytes] | None]:
    return head_blocking(exchange), None


def _event_blocking(exchange: _Exchange) -> Any:
    assert exchange.socket is not None
    while (event := _next_event(exchange)) is h11.NEED_DATA:
        try:
            exchange.wire.receive_data(exchange.socket.recv(65536))
        except TimeoutError as exc:
            raise TransferError("read_timeout", "the server says nothing") from exc
        except OSError as exc:
            raise TransferError("read", str(exc)) from exc
    return event


def read_blocking(exchange: int) -> bytes | None:
    found = _find(exchange)
    event = _event_blocking(found)
    if isinstance(event, h11.Data):
        return bytes(event.data)
    assert found.socket is not None
    found.socket.close()
    exchanges.pop(exchange, None)
    return None


def read_chunks_blocking(exchange: int) -> list[bytes]:
    chunk = read_blocking(exchange)
    return [] if chunk is None else [chunk]


def write_blocking(exchange: int, data: bytes) -> bool:
    _connected_blocking(_find(exchange)).sendall(
        _find(exchange).wire.send(h11.Data(data=data)) or b""
    )
    return True


def finish_blocking(exchange: int) -> bool:
    _connected_blocking(_find(exchange)).sendall(
        _find(exchange).wire.send(h11.EndOfMessage()) or b""
    )
    return True


def closed_blocking(exchange: int) -> bool:
    return True


def pool(
    max_connections: int | None = None, keepalive_expiry: float | None = None
) -> int:
    global _next
    _next += 1
    pools[_next] = max_connections, keepalive_expiry
    return _next


def close_pool(pool: int) -> None:
    pools.pop(pool, None)


def timings(exchange: int) -> dict[str, float]:
    return {}


def warm_up() -> None:
    warmed.append(True)


def in_flight() -> int:
    return len(exchanges)


def addresses(exchange: int) -> tuple[Any, Any]:
    return None, None


def readable(exchange: int) -> bool:
    return exchange not in exchanges


def limit(exchange: int, operation: str, seconds: float | None) -> None:
    found = exchanges.get(exchange)
    if found is None:
        return
    found.timeouts.pop(operation, None)
    if seconds is not None:
        found.timeouts[operation] = seconds
    if found.socket is not None and operation == "read":
        found.socket.settimeout(seconds)
