# SPDX-License-Identifier: Apache-2.0
"""Codings of text."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote, unquote

from pyodide.ffi._buffers import TypedArray, kinds
from pyodide.ffi._kinds import JsError

__all__ = [
    "TextDecoder",
    "TextEncoder",
    "atob",
    "btoa",
    "decodeURIComponent",
    "encodeURIComponent",
]


def btoa(text: str, /) -> str:
    """Return a text, whose characters stand for bytes, in Base64."""
    try:
        return base64.b64encode(text.encode("latin-1")).decode("ascii")
    except UnicodeEncodeError as exc:
        raise JsError(
            "InvalidCharacterError", "btoa takes characters up to U+00FF; encode first"
        ) from exc


def atob(text: str, /) -> str:
    """Return the bytes of a text in Base64, as characters."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("latin-1")
    except binascii.Error as exc:
        raise JsError("InvalidCharacterError", f"atob: {exc}") from exc


def encodeURIComponent(text: Any, /) -> str:
    """Return a text as part of a URL."""
    return quote(str(text), safe="!'()*~")


def decodeURIComponent(text: str, /) -> str:
    """Return the text that a part of a URL stands for."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as exc:
        raise JsError("URIError", "URI malformed") from exc


class TextEncoder:
    """Makes bytes of text, in UTF-8."""

    @classmethod
    def new(cls) -> TextEncoder:
        """Return an encoder."""
        return cls()

    def encode(self, text: str = "") -> TypedArray:
        """Return the bytes of a text."""
        return kinds["Uint8Array"](text.encode("utf-8", "replace"))


class TextDecoder:
    """Makes text of bytes."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding = encoding

    @classmethod
    def new(cls, encoding: str = "utf-8") -> TextDecoder:
        """Return a decoder."""
        return cls(encoding)

    def decode(self, data: Any = b"") -> str:
        """Return the text of bytes."""
        text = bytes(memoryview(data)).decode(self.encoding, "replace")
        return text.removeprefix("\ufeff")
