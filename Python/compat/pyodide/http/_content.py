# SPDX-License-Identifier: Apache-2.0
"""Content codings, undone piece by piece, in bounded memory."""

from __future__ import annotations

import zlib
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

from pyodide.http._errors import AbortError
from pyodide.http._headers import Headers

__all__ = ["ACCEPTED", "Decoder", "decoders"]

_PIECE: Final = 256 * 1024
_BROTLI: Final = next((n for n in ("brotli", "brotlicffi") if find_spec(n)), None)

ACCEPTED: Final = "gzip, deflate" + (", br" if _BROTLI else "")
"""What a request says that it understands."""


class Decoder(Protocol):
    """Undoes one coding."""

    def feed(self, data: bytes) -> None:
        """Take more bytes, once `next` has given b""."""

    def next(self) -> bytes:
        """Return decoded bytes of bounded size, or b"" if more are needed."""

    def close(self) -> None:
        """Raise AbortError if the data ended before their end."""


class _Zlib:
    """gzip, and deflate with or without its header, which servers disagree about."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._rest = b""
        self._begun = False
        self._ended = False
        self._stream = self._new()

    def _new(self) -> Any:
        return zlib.decompressobj(31 if self._coding == "gzip" else 15)

    def feed(self, data: bytes) -> None:
        self._rest += data

    def next(self) -> bytes:
        if not self._begun and len(self._rest) < 2:
            # The header, which tells what it is, has two bytes.
            return b""
        while self._rest:
            if self._stream.eof and not self._restart():
                return b""
            if piece := self._step():
                return piece
        # What is inside the stream beyond the last piece's bound.
        return b"" if self._stream.eof or not self._begun else self._step()

    def close(self) -> None:
        if self._begun and not self._stream.eof:
            raise _broken(self._coding, "it ends too early")

    def _restart(self) -> bool:
        """Begin another member of a gzip file; what else follows is let be."""
        if self._coding == "gzip" and self._rest.startswith(b"\x1f"):
            self._stream = self._new()
            return True
        self._rest = b""
        return False

    def _step(self) -> bytes:
        data, self._rest = self._rest, b""
        try:
            piece: bytes = self._stream.decompress(data, _PIECE)
        except zlib.error as exc:
            if self._begun or self._coding == "gzip":
                raise _broken(self._coding, str(exc)) from exc
            self._stream = zlib.decompressobj(-15)
            self._begun = True
            self._rest = data
            return b""
        self._begun = self._begun or bool(data)
        self._rest = self._stream.unconsumed_tail or self._stream.unused_data
        return piece


class _Brotli:
    def __init__(self, module: Any) -> None:
        self._error = module.error
        self._stream = module.Decompressor()
        self._data = b""
        self._begun = False

    def feed(self, data: bytes) -> None:
        self._data += data

    def next(self) -> bytes:
        # It takes a bound since 1.2 only; one piece of input at a time is bound enough.
        data, self._data = self._data[:4096], self._data[4096:]
        while data:
            self._begun = True
            try:
                piece: bytes = self._stream.process(data)
            except self._error as exc:
                raise _broken("br", str(exc) or "it is no Brotli data") from exc
            if piece:
                return piece
            data, self._data = self._data[:4096], self._data[4096:]
        return b""

    def close(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise _broken("br", "it ends too early")


def _broken(coding: str, reason: str) -> AbortError:
    message = f"the body is not valid {coding}: {reason}"
    return AbortError(message, code="remote_protocol")


def decoders(headers: Headers) -> list[Decoder]:
    """Return what undoes the codings of a response, last one first.

    If one of them is unknown the body stays as it is, as in a browser.
    """
    names = [
        name.strip().lower() for name in headers.get("content-encoding", "").split(",")
    ]
    chain: list[Decoder] = []
    for name in reversed(names):
        if name in ("gzip", "x-gzip"):
            chain.append(_Zlib("gzip"))
        elif name == "deflate":
            chain.append(_Zlib("deflate"))
        elif name == "br" and _BROTLI is not None:
            chain.append(_Brotli(import_module(_BROTLI)))
        elif name not in ("", "identity"):
            return []
    return chain
