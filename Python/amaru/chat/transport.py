# SPDX-License-Identifier: Apache-2.0
"""The chat's transport: a request to the host's network, a response from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amaru import _bridge
from amaru.chat.faults import Fault

if TYPE_CHECKING:
    from types import ModuleType

    from amaru.chat.inflate import Inflater

__all__ = ["Response", "Transport"]


class Response:
    """A response whose body is still arriving.

    As a context manager it aborts the transfer on leaving, unless the body was read to
    its end.
    """

    def __init__(
        self, core: ModuleType, exchange: int, status: int, fields: list[bytes]
    ) -> None:
        texts = [field.decode("latin-1") for field in fields]
        self.status = status
        self.headers = {
            name.lower(): value
            for name, value in zip(texts[::2], texts[1::2], strict=True)
        }
        self._core = core
        self._exchange = exchange
        self._ended = False
        self._inflater: Inflater | None = None
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            from amaru.chat.inflate import Inflater

            self._inflater = Inflater(encoding)

    async def chunks(self) -> list[bytes]:
        """Return the pieces that have arrived, an empty list at the end."""
        inflater = self._inflater
        if inflater is not None and (piece := inflater.piece()):
            return [piece]
        if self._ended:
            return []
        try:
            arrived: list[bytes] = await self._core.read_chunks(self._exchange)
        except Exception as exc:
            raise _fault(exc) from exc
        self._ended = not arrived
        if inflater is None or self._ended:
            return arrived
        inflater.feed(b"".join(arrived))
        return [inflater.piece()]

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            self._ended = True
            self._core.cancel(self._exchange)


class Transport:
    """Sends requests through Swift, which knows the key and where it may go."""

    async def send(
        self,
        method: str,
        url: str,
        fields: list[bytes],
        body: bytes | None,
        timeouts: dict[str, float],
    ) -> Response:
        """Return the response as soon as its head is there; raise `Fault` without.

        `fields` are the header fields, flat: name, value, name, value.
        """
        core = _bridge.http()
        try:
            exchange = core.open(method, url, fields, body, False, timeouts)
            try:
                status, _, _, flat = await core.head(exchange)
                return Response(core, exchange, status, flat)
            except BaseException:
                core.cancel(exchange)
                raise
        except Exception as exc:
            raise _fault(exc) from exc


def _fault(exc: Exception) -> Fault:
    if isinstance(exc, Fault):
        return exc
    if isinstance(exc, _bridge.http().TransferError):
        code, message = exc.args
        return Fault(code, message)
    return Fault("transport", f"{type(exc).__name__}: {exc}")
