# SPDX-License-Identifier: Apache-2.0
"""What the transports of both families have in common, with a loop and without."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, ClassVar

from amaru import _bridge
from amaru.transport import _options, _request
from amaru.transport._errors import failure

__all__ = ["Body", "Head", "Transport"]

Head = tuple[bytes, int, bytes, list[tuple[bytes, bytes]]]
"""Version, status, reason and headers: httpcore's order, which its traces show."""


class Body:
    """The part of a response's body that needs no loop: how its exchange ends."""

    family: ClassVar[ModuleType]

    def __init__(
        self,
        core: ModuleType,
        exchange: int,
        steps: Any,
        forget: Callable[[int], None],
        *,
        uploaded: bool,
    ) -> None:
        self._core = core
        self._exchange = exchange
        self._steps = steps
        self._forget = forget
        self._uploaded = uploaded
        self._ended = False
        self._closed = False

    def __del__(self) -> None:
        # A stream that nobody closed. The core's cancel takes no Python lock, so it
        # may run wherever the collector happens to.
        if not self._ended:
            self._cancel()

    def _end(self) -> None:
        # After an early answer the core still waits for the rest of the upload.
        self._settle(abort=not self._uploaded)

    def _cancel(self) -> None:
        # Before any await: a second cancellation of the task would kill the await and
        # leave the transfer running.
        self._settle(abort=True)

    def _settle(self, *, abort: bool) -> None:
        if self._ended:
            return
        self._ended = True
        self._forget(self._exchange)
        if abort:
            self._core.cancel(self._exchange)


class Transport:
    """What a transport knows apart from its exchanges: options, pool, translation.

    It takes the arguments of the family's own transport; `_options` says which of
    them cannot be honoured. `limits` give it a pool of its own, made with its first
    request; without them it shares the host's.

    It follows no redirects, keeps no cookies, repeats nothing, adds no header and
    inflates nothing: all of that is the client's. A response has no `network_stream`.
    """

    family: ClassVar[ModuleType]

    def __init__(
        self, *, limits: Any = None, owner: str | None = None, **options: Any
    ) -> None:
        name = owner or f"{self.family.__name__}.{type(self).__name__}"
        self._options = _options.connection(self.family, name, **options)
        self._limits = _options.limits(limits)
        self._exchanges: set[int] = set()
        self._making_pool = threading.Lock()
        self._close_pool: weakref.finalize[..., Any] | None = None

    def _open(self, core: ModuleType, request: Any) -> tuple[int, bool]:
        """Open an exchange; return it and whether its body must be uploaded."""
        body, upload = _request.body(request, self.family.RequestNotRead)
        try:
            exchange = core.open(
                request.method,
                _request.url(request),
                _request.headers(request),
                body,
                upload,
                _request.timeouts(request),
                _request.options(request, self._with_pool(core)),
            )
        except Exception as exc:
            raise failure(self.family, exc) from exc
        self._exchanges.add(exchange)
        return exchange, upload

    def _head(self, answer: tuple[int, bytes, bytes, list[bytes]], steps: Any) -> Head:
        status, reason, version, flat = answer
        steps.answered(version)
        return version, status, reason, list(zip(flat[::2], flat[1::2], strict=True))

    def _response(self, head: Head, stream: Any) -> Any:
        version, status, reason, headers = head
        return self.family.Response(
            status,
            headers=headers,
            stream=stream,
            extensions={"http_version": version, "reason_phrase": reason},
        )

    def _with_pool(self, core: ModuleType) -> Mapping[str, Any]:
        if self._limits is None:
            return self._options
        with self._making_pool:
            if self._close_pool is None:
                pool = core.pool(*self._limits)
                self._options["pool"] = pool
                self._close_pool = weakref.finalize(self, core.close_pool, pool)
                self._close_pool.atexit = False
        return self._options

    def _abandon(self, core: ModuleType, exchange: int) -> None:
        self._exchanges.discard(exchange)
        core.cancel(exchange)

    def _abandon_all(self) -> tuple[ModuleType | None, list[int]]:
        """Cancel what is in flight and let the pool go; the next request makes one."""
        with self._making_pool:
            if self._close_pool is not None:
                self._close_pool()
                self._close_pool = None
        exchanges = list(self._exchanges)
        if not exchanges:
            return None, []
        core = _bridge.http()
        for exchange in exchanges:
            self._abandon(core, exchange)
        return core, exchanges
