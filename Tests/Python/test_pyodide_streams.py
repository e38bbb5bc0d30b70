# SPDX-License-Identifier: Apache-2.0
"""Bodies come as they arrive, with their codings undone."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from fetch_scripts import ok, stalling, streaming
from scripted_server import Peer, Serve

from pyodide.http import (
    AbortError,
    BodyUsedError,
    FetchResponse,
    pyfetch,
)
from pyodide.http._stream import Events, Lines

# Content codings


def deflated(data: bytes, bits: int) -> bytes:
    stream = zlib.compressobj(wbits=bits)
    return stream.compress(data) + stream.flush()


TEXT = b"to and fro " * 100_000


def gzipped(data: bytes) -> bytes:
    """The same bytes each time: they are part of a test's name."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzipped(TEXT)),
        ("x-gzip", gzipped(TEXT[:1000]) + gzipped(TEXT[1000:])),
        ("deflate", deflated(TEXT, 15)),
        ("deflate", deflated(TEXT, -15)),
        ("deflate, gzip", gzipped(deflated(TEXT, 15))),
        ("identity", TEXT),
    ],
)
async def test_codings_are_undone(
    core: ModuleType, serve: Serve, coding: str, data: bytes
) -> None:
    pieces = [data[:1], data[1:11], data[11:500], data[500:]]

    def script(peer: Peer) -> None:
        peer.head(Content_Encoding=coding, Transfer_Encoding="chunked")
        for piece in filter(None, pieces):
            peer.chunk(piece)
        peer.end()

    response = await pyfetch(serve(script).origin)
    sizes = []
    body = bytearray()
    async for chunk in response:
        sizes.append(len(chunk))
        body += chunk
    assert body == TEXT
    assert max(sizes) <= 256 * 1024 or coding == "identity"


async def test_brotli_is_undone_where_its_package_is(
    core: ModuleType, serve: Serve
) -> None:
    brotli = pytest.importorskip("brotli")
    data = brotli.compress(TEXT)
    server = serve(
        ok(data, Content_Encoding="br"), ok(data[:-4], Content_Encoding="br")
    )
    assert await (await pyfetch(server.origin)).bytes() == TEXT
    assert server.received[0].headers["accept-encoding"] == "gzip, deflate, br"
    with pytest.raises(AbortError, match="not valid br: it ends too early"):
        await (await pyfetch(server.origin)).bytes()


@pytest.mark.parametrize(
    "data", [b"no gzip at all", gzipped(TEXT)[:-20], gzipped(TEXT)[:-4]]
)
async def test_a_broken_coding_is_an_error(
    core: ModuleType, serve: Serve, data: bytes
) -> None:
    response = await pyfetch(serve(ok(data, Content_Encoding="gzip")).origin)
    with pytest.raises(AbortError, match="not valid gzip"):
        await response.bytes()


async def test_an_unknown_coding_is_left_alone(core: ModuleType, serve: Serve) -> None:
    response = await pyfetch(serve(ok(b"\1\2", Content_Encoding="own")).origin)
    assert await response.bytes() == b"\1\2"


# Streams


async def test_bytes_come_as_they_arrive(core: ModuleType, serve: Serve) -> None:
    response = await pyfetch(serve(streaming(b"a", b"bc")).origin)
    assert b"".join([chunk async for chunk in response]) == b"abc"


async def test_lines_end_in_every_way_and_across_pieces(
    core: ModuleType, serve: Serve
) -> None:
    text = "\ufeffone\ntwo\r\n\nth\u00e9\rend".encode()
    for cut in range(1, len(text)):
        source = FetchResponse("x", text)
        source._source = Pieces(text[:cut], text[cut:])
        lines = [line async for line in source.lines()]
        assert lines == ["one", "two", "", "thé", "end"]


class Pieces:
    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.cancelled = 0

    async def read(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def cancel(self) -> None:
        self.cancelled += 1


async def test_events_are_those_of_the_standard(core: ModuleType, serve: Serve) -> None:
    text = (
        ": comment\ndata: one\ndata:two\nid: 7\n\n"
        "event: more\r\ndata:  x\r\nretry: 250\r\n\r\n"
        "event: dropped\n\nid: a\0b\nretry: x\ndata\n\ndata: cut off"
    )
    response = await pyfetch(serve(streaming(text)).origin)
    events = [(e.data, e.event, e.id, e.retry) async for e in response.events()]
    assert events == [
        ("one\ntwo", "message", "7", None),
        (" x", "more", "7", 250),
        ("", "message", "7", 250),
    ]


@pytest.mark.parametrize("reader", [aiter, FetchResponse.lines, FetchResponse.events])
async def test_leaving_a_loop_cancels_the_exchange(
    core: ModuleType, serve: Serve, reader: Callable[[FetchResponse], Any]
) -> None:
    response = await pyfetch(serve(stalling("data: 1\n\n")).origin)
    async for _ in reader(response):
        break
    assert not core.exchanges
    with pytest.raises(BodyUsedError):
        await response.text()


@pytest.mark.parametrize(
    ("splitter", "text"),
    [(Lines(10), b"x" * 11), (Events(20), b"data: 123456789\n" * 3)],
)
def test_no_line_or_event_fills_the_memory(splitter: Any, text: bytes) -> None:
    with pytest.raises(AbortError, match="is longer than .0 characters"):
        splitter.feed(text)


async def test_a_stream_can_be_closed(core: ModuleType, serve: Serve) -> None:
    response = await pyfetch(serve(stalling("a\nb\n")).origin)
    async with response.lines() as lines:
        assert await anext(lines) == "a"
    assert not core.exchanges
    assert [line async for line in lines] == []
