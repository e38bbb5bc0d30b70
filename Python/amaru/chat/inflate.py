# SPDX-License-Identifier: Apache-2.0
"""A body that came compressed although none was asked for; imported only then."""

from __future__ import annotations

import zlib
from typing import Final

from amaru.chat.faults import Fault

__all__ = ["Inflater"]

_PIECE: Final = 64 * 1024


class Inflater:
    """Unpacks in pieces of bounded size: a megabyte of gzip may hold a gigabyte."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._packed = b""

    def feed(self, packed: bytes) -> None:
        """Take what has arrived, once `piece` has returned nothing."""
        self._packed = packed

    def piece(self) -> bytes:
        """Return the next piece; empty if more has to arrive first."""
        if self._encoding not in ("gzip", "x-gzip", "deflate"):
            raise Fault("decoding", f"it is compressed with {self._encoding}")
        try:
            piece = self._stream.decompress(self._packed, _PIECE)
        except zlib.error as exc:
            raise Fault("decoding", str(exc)) from exc
        self._packed = self._stream.unconsumed_tail
        return piece
