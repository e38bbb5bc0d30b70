# SPDX-License-Identifier: Apache-2.0
"""The option `integrity`: a body that must have a known hash, or is not given."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from typing import Final

from pyodide.http._errors import AbortError
from pyodide.http._signal import AbortSignal
from pyodide.http._source import Memory, Source
from pyodide.http._stream import Bytes, Stream

__all__ = ["Hashes", "hashes", "verified"]

# From weak to strong; only the strongest that is named counts.
_STRENGTH: Final = ("sha256", "sha384", "sha512")

Hashes = tuple[str, frozenset[bytes]]
"""An algorithm, and the digests of which a body must have one."""


def hashes(text: str) -> Hashes | None:
    """Return what `text` asks for, or None if it is empty.

    The form is https://www.w3.org/TR/SRI/#the-integrity-attribute; what a browser would
    pass over as unknown is refused, since nothing would be checked.
    """
    found: dict[str, set[bytes]] = {}
    for word in text.split():
        name, dash, digest = word.partition("?")[0].partition("-")
        try:
            raw = b64decode(digest + "=" * (-len(digest) % 4), altchars=b"-_")
        except binascii.Error:
            raw = b""
        sizes = {kind: hashlib.new(kind).digest_size for kind in _STRENGTH}
        if not dash or sizes.get(name) != len(raw):
            raise ValueError(
                f"integrity {word!r} is no hash: write sha256-, sha384- or sha512- and "
                "the digest in base64"
            )
        found.setdefault(name, set()).add(raw)
    if not found:
        return None
    name = max(found, key=_STRENGTH.index)
    return name, frozenset(found[name])


async def verified(
    source: Source | None, wanted: Hashes, url: str, signal: AbortSignal
) -> Source:
    """Read all of a body, and return it if it has one of the hashes."""
    data = bytearray()
    async for chunk in Stream(source or Memory(b""), signal, Bytes()):
        data += chunk
    name, digests = wanted
    digest = hashlib.new(name, data).digest()
    if digest not in digests:
        found = b64encode(digest).decode("ascii")
        message = f"the body of {url} is not what integrity says: it is {name}-{found}"
        raise AbortError(message, code="integrity")
    return Memory(bytes(data))
