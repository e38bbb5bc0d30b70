# SPDX-License-Identifier: Apache-2.0
"""A pool of httpcore, as the host keeps it: its options, and its exchanges."""

from __future__ import annotations

import ssl
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import Any, Final

from amaru import _bridge
from amaru.transport._httpcore import _options, _waits
from amaru.transport._httpcore._errors import failure
from amaru.transport._httpcore._exchange import Exchange, released
from amaru.transport._httpcore._trace import Steps

__all__ = ["Pool"]

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
# WebSockets begin as HTTP (RFC 6455 §3).
_SCHEMES: Final = {b"ws": "http", b"wss": "https"}
_CLIENTS: Final = {"httpcore": "httpx", "httpcore2": "httpx2"}


class Pool:
    """Sends requests through the core; any thread and any loop may use it.

    It holds nothing of an event loop: every awaitable belongs to the loop that asked
    for it. The core's pool is made with the first request.
    """

    def __init__(self, module: ModuleType, given: Mapping[str, Any]) -> None:
        self._module = module
        self._refusal: str | None = None
        self._options: dict[str, Any] = {}
        try:
            self._options = _options.connection(module, given)
        except ssl.SSLError as exc:
            # Met by the handshake, as far as a client knows.
            self._refusal = str(exc.args[-1])
        self._limits = _options.limits(given)
        self._retries: int = given.get("retries", 0)
        self._exchanges: set[int] = set()
        self._making_pool = threading.Lock()
        self._close_pool: weakref.finalize[..., Any] | None = None

    def handle(self, request: Any) -> Any:
        """Send `request`; return as soon as the response's headers are there."""
        return _waits.run(self._handle(request, _waits.here))

    async def handle_async(self, request: Any) -> Any:
        """Send `request`; return as soon as the response's headers are there."""
        return await self._handle(request, _waits.of_the_loop())

    def close(self) -> None:
        """Stop every exchange of this pool and wait for their release."""
        _waits.run(self._close(_waits.here))

    async def aclose(self) -> None:
        """Stop every exchange of this pool and wait for their release."""
        await self._close(_waits.of_the_loop())

    async def _handle(self, request: Any, wait: _waits.Wait) -> Any:
        if self._refusal is not None:
            raise self._module.ConnectError(self._refusal)
        body, upload = await self._body(request, wait)
        delays = _delays()
        for left in range(self._retries, -1, -1):
            try:
                return await self._exchange(request, body, upload, wait)
            except (self._module.ConnectError, self._module.ConnectTimeout):
                # A body that is read already cannot be sent again.
                if upload or not left:
                    raise
            await _waits.pause(wait, next(delays))
        raise AssertionError("the last try returns or raises")

    async def _exchange(
        self, request: Any, body: bytes | None, upload: bool, wait: _waits.Wait
    ) -> Any:
        core = _bridge.http()
        steps = Steps(request)
        await steps.tell("send_request_headers.started", request=request)
        number = self._open(core, request, body, upload)
        forget = self._exchanges.discard
        exchange = Exchange(core, self._module, number, wait, steps, forget)
        try:
            await steps.tell("send_request_headers.complete", return_value=None)
            return await exchange.answer(request, upload=upload)
        except BaseException:
            exchange.settle(abort=True)
            if wait is not _waits.here:
                await exchange.released()
            raise

    def _open(
        self, core: ModuleType, request: Any, body: bytes | None, upload: bool
    ) -> int:
        given = request.extensions.get("timeout", {})
        timeouts = {name: float(s) for name, s in given.items() if s is not None}
        url, options = _address(request, self._with_pool(core))
        # As h11 sends them, and so httpcore: Host first.
        fields = sorted(request.headers, key=lambda pair: pair[0].lower() != b"host")
        headers = [part for pair in fields for part in pair]
        method = request.method.decode("ascii")
        try:
            number: int = core.open(
                method, url, headers, body, upload, timeouts, options
            )
        except Exception as exc:
            error = failure(self._module, exc)
            raise error from error.__cause__
        self._exchanges.add(number)
        return number

    async def _body(self, request: Any, wait: _waits.Wait) -> tuple[bytes | None, bool]:
        """Return the body that is in memory, or None and whether it must be streamed.

        A request without a body is told from one with an empty body by its framing.
        """
        framing = _FRAMING & {name.lower() for name, _ in request.headers}
        stream: Any = request.stream
        if isinstance(stream, self._in_memory):
            pieces: Any = stream
            content = b"".join(pieces)
            return (content if content or framing else None), False
        if framing:
            return None, True

        async def is_empty(chunk: Any) -> bool:
            return not chunk

        if not await _waits.each(stream, wait, is_empty):
            # What h11 says of it.
            message = "Too much data for declared Content-Length"
            raise self._module.LocalProtocolError(message)
        return None, False

    @cached_property
    def _in_memory(self) -> tuple[type, ...]:
        """The classes of bodies that are there as a whole: the core's, the client's."""
        own = type(self._module.Request("GET", "http://localhost/").stream)
        client = sys.modules.get(_CLIENTS.get(self._module.__name__, ""))
        return (own,) if client is None else (own, client.ByteStream)

    def _with_pool(self, core: ModuleType) -> Mapping[str, Any]:
        with self._making_pool:
            if self._close_pool is None:
                pool = core.pool(*self._limits)
                self._options["pool"] = pool
                self._close_pool = weakref.finalize(self, core.close_pool, pool)
                self._close_pool.atexit = False
        return self._options

    async def _close(self, wait: _waits.Wait) -> None:
        with self._making_pool:
            if self._close_pool is not None:
                self._close_pool()
                self._close_pool = None
        core = _bridge.http() if self._exchanges else None
        for number in list(self._exchanges):
            assert core is not None
            self._exchanges.discard(number)
            core.cancel(number)
            await released(wait, core, number)


def _delays() -> Iterator[float]:
    """Yield httpcore's own delays before it connects again."""
    yield 0.0
    delay = 0.5
    while True:
        yield delay
        delay *= 2


def _address(request: Any, options: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the URL exactly as escaped by the client, and all of its options.

    A request says by `target` what follows the method, in place of its URL's path,
    and by `sni_hostname` which name is sent in the TLS handshake and must be in the
    certificate.
    """
    url, added = request.url, dict[str, Any]()
    host = url.host.decode("ascii")
    place = f"[{host}]" if ":" in host else host
    port = "" if url.port is None else f":{url.port}"
    target = request.extensions.get("target", url.target)
    if not target.startswith(b"/"):
        added["target"] = bytes(target)
        target = b"/"
    if (name := request.extensions.get("sni_hostname")) is not None:
        added["sni"] = name.decode("ascii") if isinstance(name, bytes) else str(name)
    scheme = _SCHEMES.get(url.scheme) or url.scheme.decode("ascii")
    text = f"{scheme}://{place}{port}{target.decode('ascii')}"
    return text, {**options, **added} if added else options
