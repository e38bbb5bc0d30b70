# SPDX-License-Identifier: Apache-2.0
"""A request to the host's network, which knows the key, and the response from it."""

from __future__ import annotations

import asyncio
from typing import Any

from amaru import _bridge

__all__ = ["Fault", "Response", "send"]

_PIECE = 64 * 1024


class Fault(Exception):
    """Why a turn has no answer, or not all of it; `failures` says what it means.

    `kind` is a code of the host's network, a row of the table in `failures`, or
    ``"status"`` for a response that refuses the request: `status` is then set, and
    `detail` is the body as it came. `reason` and `number` are those of the network's
    TransferError.
    """

    def __init__(
        self,
        kind: str,
        detail: str = "",
        status: int = 0,
        headers: dict[str, str] | None = None,
        reason: str | None = None,
        number: int | None = None,
    ) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.headers = headers or {}
        self.reason = reason
        self.number = number


class Response:
    """A response whose body is still arriving.

    As a context manager it aborts the transfer on leaving, unless the body was read to
    its end.
    """

    def __init__(
        self, core: Any, exchange: int, status: int, fields: list[bytes]
    ) -> None:
        texts = [field.decode("latin-1") for field in fields]
        names = [name.lower() for name in texts[::2]]
        self.status = status
        self.headers = dict(zip(names, texts[1::2], strict=True))
        self._core = core
        self._exchange = exchange
        self._ended = False
        self._encoding = self.headers.get("content-encoding", "").strip().lower()
        self._is_packed = self._encoding not in ("", "identity")
        self._packed = b""
        self._inflater: Any = None

    async def read(self) -> bytes | None:
        """Return the bytes that have arrived, which may be none; None at the end."""
        if self._is_packed and (piece := self._unpacked(self._packed)):
            return piece
        if self._ended:
            return None
        try:
            arrived: list[bytes] = await self._core.read_chunks(self._exchange)
        except Exception as exc:
            raise _fault(exc) from exc
        self._ended = not arrived
        if self._ended:
            return None
        body = b"".join(arrived)
        return self._unpacked(body) if self._is_packed else body

    async def rest(self, seconds: float) -> bytes:
        """Return what still arrives in a time, at most 64 KiB; faults end it early."""
        body = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while len(body) < _PIECE and (arrived := await self.read()) is not None:
                    body += arrived
                    # Reading what is there already does not let the loop run.
                    await asyncio.sleep(0)
        except (Fault, TimeoutError):
            pass
        return bytes(body[:_PIECE])

    def _unpacked(self, packed: bytes) -> bytes:
        """Unpack one piece of bounded size: a megabyte of gzip may hold a gigabyte."""
        # Imported here: no server is asked to compress, so few do.
        import zlib

        if self._encoding not in ("gzip", "x-gzip", "deflate"):
            raise Fault("decoding", f"it is compressed with {self._encoding}")
        if self._inflater is None:
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            piece: bytes = self._inflater.decompress(packed, _PIECE)
        except zlib.error as exc:
            raise Fault("decoding", str(exc)) from exc
        self._packed = self._inflater.unconsumed_tail
        return piece

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            self._ended = True
            self._core.cancel(self._exchange)


async def send(
    method: str,
    url: str,
    fields: list[bytes],
    body: bytes | None,
    timeouts: dict[str, float],
) -> Response:
    """Return the response as soon as its head has arrived; raise `Fault` if none does.

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
    if isinstance(exc, _bridge.http().TransferError):
        return Fault(exc.code, exc.message, reason=exc.reason, number=exc.number)
    return Fault("transport", f"{type(exc).__name__}: {exc}")
