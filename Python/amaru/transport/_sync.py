# SPDX-License-Identifier: Apache-2.0
"""The transport for code without a loop: each call waits, and lets other threads run.

While one waits the interpreter is free, and signals are looked at ten times a second:
Ctrl-C raises KeyboardInterrupt where the request was made, and ends the exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any, ClassVar

from amaru import _bridge
from amaru.transport._core import Body, Head, Transport
from amaru.transport._errors import failure
from amaru.transport._trace import Steps

__all__ = ["SyncBody", "SyncTransport"]


class SyncBody(Body):
    """The body of a response, read from the core piece by piece as it arrives."""

    def __iter__(self) -> Iterator[bytes]:
        if self._ended:
            return
        read, exchange = self._core.read_chunks_blocking, self._exchange
        try:
            self._steps.tell("receive_response_body.started")
            while chunks := read(exchange):
                yield from chunks
        except Exception as exc:
            self._cancel()
            error = _error(self.family, self._core, exc)
            self._steps.tell("receive_response_body.failed", exception=error)
            raise error from exc
        except BaseException:
            self._cancel()
            raise
        self._end()
        self._steps.tell("receive_response_body.complete", return_value=None)

    def close(self) -> None:
        """Stop the transfer; safe at any time, twice, and from another thread."""
        if self._closed:
            return
        self._closed = True
        if self._ended:
            self._steps.step("response_closed", _nothing)
            return
        self._cancel()
        self._steps.step(
            "response_closed", lambda: _released(self._core, self._exchange)
        )


class SyncTransport(Transport):
    """Sends requests of one family through the core; any thread may use it."""

    body: ClassVar[type[SyncBody]]

    def handle_request(self, request: Any) -> Any:
        """Send `request`; return as soon as the response's headers are there."""
        core = _bridge.http()
        steps = Steps(request)
        exchange: int | None = None
        try:
            steps.tell("send_request_headers.started", request=request)
            exchange, upload = self._open(core, request)
            steps.tell("send_request_headers.complete", return_value=None)
            uploaded = self._send(core, exchange, request, steps) if upload else True
            if not upload:
                steps.step("send_request_body", _nothing, request=request)
            head = self._answer(core, exchange, request, steps)
        except BaseException:
            if exchange is not None:
                self._abandon(core, exchange)
            raise
        forget = self._exchanges.discard
        body = self.body(core, exchange, steps, forget, uploaded=uploaded)
        return self._response(head, body)

    def close(self) -> None:
        """Stop every exchange of this transport and wait for their release."""
        core, exchanges = self._abandon_all()
        if core is not None:
            for exchange in exchanges:
                _released(core, exchange)

    def _answer(
        self, core: ModuleType, exchange: int, request: Any, steps: Steps
    ) -> Head:
        def receive() -> Head:
            return self._head(self._call(core.head_blocking, exchange), steps)

        return steps.step("receive_response_headers", receive, request=request)

    def _send(
        self, core: ModuleType, exchange: int, request: Any, steps: Steps
    ) -> bool:
        return steps.step(
            "send_request_body",
            lambda: self._upload(core, exchange, request.stream),
            request=request,
        )

    def _upload(self, core: ModuleType, exchange: int, stream: Any) -> bool:
        """Send the body; return whether all was sent before an answer came."""
        # The stream is the caller's: what it raises passes unchanged.
        for chunk in stream:
            if "first_byte" in core.timings(exchange):
                return False
            if chunk:
                self._call(core.write_blocking, exchange, bytes(chunk))
        self._call(core.finish_blocking, exchange)
        return True

    def _call(self, wait: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return wait(*arguments)
        except Exception as exc:
            raise _error(self.family, _bridge.http(), exc) from exc


def _error(family: ModuleType, core: ModuleType, exc: Exception) -> BaseException:
    # The host ends the call that Ctrl-C is meant for, in whatever thread; here it is
    # what Ctrl-C is anywhere in Python.
    if isinstance(exc, core.TransferError) and exc.args[0] == "interrupted":
        return KeyboardInterrupt(exc.args[1])
    return failure(family, exc)


def _nothing() -> None:
    """Do a step of which the core tells nothing."""


def _released(core: ModuleType, exchange: int) -> None:
    """Wait until the core has let go of a cancelled exchange."""
    with suppress(Exception):
        core.closed_blocking(exchange)
