# SPDX-License-Identifier: Apache-2.0
"""Requests and their redirects, each hop an exchange of its own."""

from __future__ import annotations

from collections.abc import Iterator

from pyodide.http._answer import Answer
from pyodide.http._content import Decoder, decoders
from pyodide.http._errors import AbortError
from pyodide.http._exchange import Exchange, Head
from pyodide.http._request import MOST_REDIRECTS, Request
from pyodide.http._signal import AbortSignal
from pyodide.http._source import Decoded, Memory, Source

__all__ = ["request", "request_blocking"]

_BODILESS = frozenset({204, 205, 304})


async def request(asked: Request, redirect: str, signal: AbortSignal) -> Answer:
    """Send a request, and those that its redirects ask for."""
    hop: Request | None = asked
    for _ in range(MOST_REDIRECTS + 1):
        assert hop is not None
        exchange = Exchange(hop)
        # Whatever the exchange waits for ends; the listener goes with the exchange.
        signal.addEventListener("abort", _Cancel(exchange))
        try:
            head = await exchange.head()
        except AbortError as exc:
            if signal.aborted:
                raise AbortError(signal.reason) from exc
            raise
        following = _following(hop, head, redirect, exchange)
        if following is None:
            return await _answer(hop, head, exchange, hop is not asked)
        await exchange.discard(head[2])
        hop = following
        signal.throwIfAborted()
    raise _too_many(asked)


def request_blocking(asked: Request) -> tuple[Answer, bytes]:
    """Do the same for code without a loop, and read the body."""
    hop: Request | None = asked
    for _ in range(MOST_REDIRECTS + 1):
        assert hop is not None
        exchange = Exchange(hop)
        head = exchange.head_blocking()
        following = _following(hop, head, "follow", exchange)
        if following is None:
            status, reason, headers = head
            pieces: Iterator[bytes] = iter(exchange.read_blocking, b"")
            if not _is_bodiless(hop, head):
                for decoder in decoders(headers):
                    pieces = _decoded(pieces, decoder)
            body = b"".join(pieces)
            answer = Answer(
                hop.url, status, reason, headers, Memory(b""), hop is not asked
            )
            return answer, body
        exchange.cancel()
        hop = following
    raise _too_many(asked)


class _Cancel:
    """A listener that cancels an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __call__(self, event: object) -> None:
        self._exchange.cancel()


def _following(
    hop: Request, head: Head, redirect: str, exchange: Exchange
) -> Request | None:
    """Return the request that a redirect asks for, if it is to be followed."""
    status, _, headers = head
    if redirect == "manual":
        return None
    try:
        following = hop.redirected(status, headers)
        if following is not None and redirect == "error":
            raise AbortError(
                f"{hop.url} redirects to {following.url}, and the fetch says "
                "redirect='error'",
                code="redirect",
            )
    except AbortError:
        exchange.cancel()
        raise
    return following


async def _answer(
    hop: Request, head: Head, exchange: Exchange, redirected: bool
) -> Answer:
    status, reason, headers = head
    source: Source | None = None
    if _is_bodiless(hop, head):
        # The exchange ends at once, and its connection can be used again.
        await exchange.read()
    else:
        source = exchange
        for decoder in decoders(headers):
            source = Decoded(source, decoder)
    return Answer(hop.url, status, reason, headers, source, redirected)


def _is_bodiless(hop: Request, head: Head) -> bool:
    return hop.method == "HEAD" or head[0] in _BODILESS


def _decoded(pieces: Iterator[bytes], decoder: Decoder) -> Iterator[bytes]:
    for piece in pieces:
        decoder.feed(piece)
        while out := decoder.next():
            yield out
    decoder.close()


def _too_many(asked: Request) -> AbortError:
    message = f"{asked.url} redirects more than {MOST_REDIRECTS} times"
    return AbortError(message, code="redirect")
