# SPDX-License-Identifier: Apache-2.0
"""The event splitter does not care where a stream is torn."""

from __future__ import annotations

import pytest

from amaru.chat.answer import Event, EventSplitter
from amaru.chat.client import Fault

STREAM = (
    "\ufeffdata: one\n\n"
    ": a comment\r\n"
    "event: ping\r\ndata: two\r\ndata: lines\r\n\r\n"
    "data:no space\r\r"
    "id: 7\nretry: 10\ndata: “grün” \N{GRINNING FACE}\n\n"
    "event: nothing\n\n"
    "data\ndata:\n\n"
).encode()
EVENTS = [
    ("", "one"),
    ("ping", "two\nlines"),
    ("", "no space"),
    ("", "“grün” \N{GRINNING FACE}"),
    ("", "\n"),
]


def text(event: Event) -> tuple[str, str]:
    return event[0].decode(), event[1].decode("utf-8", "surrogateescape")


def split(*pieces: bytes) -> list[tuple[str, str]]:
    splitter = EventSplitter()
    events = [event for piece in pieces for event in splitter.feed(piece)]
    return [text(event) for event in events + splitter.close()]


def test_whole() -> None:
    assert split(STREAM) == EVENTS


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_torn_in_two(cut: int) -> None:
    assert split(STREAM[:cut], STREAM[cut:]) == EVENTS


def test_byte_by_byte() -> None:
    assert split(*(bytes([byte]) for byte in STREAM)) == EVENTS


PLAIN = "data: {1}\n\ndata: {“2”}\n\n: no\n\ndata: {3}\ndata: {4}\n\ndata: {5}\n\n"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_plain_events_torn_anywhere(end: str) -> None:
    stream = PLAIN.replace("\n", end).encode()
    for cut in range(len(stream) + 1):
        datas = [data for _, data in split(stream[:cut], stream[cut:])]
        assert datas == ["{1}", "{“2”}", "{3}\n{4}", "{5}"], cut


def test_a_plain_event_does_not_take_the_name_of_the_one_before() -> None:
    stream = b"event: a\ndata: 1\n\ndata: 2\n\nevent: b\ndata: 3\n\n"
    assert split(stream) == [("a", "1"), ("", "2"), ("b", "3")]


def test_a_byte_order_mark_is_only_at_the_start() -> None:
    mark = b"\xef\xbb\xbf"
    assert split(mark + b"data: a\n\n" + mark + b"data: b\n\n") == [("", "a")]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_line_end(end: bytes) -> None:
    assert split(STREAM.replace(b"\r\n", b"\n").replace(b"\n", end)) != []
    assert split(b"data: a" + end + end + b"data: b" + end + end) == [
        ("", "a"),
        ("", "b"),
    ]


def test_empty_pieces_between_return_and_newline() -> None:
    assert split(b"data: a\r", b"", b"\n", b"\r\n") == [("", "a")]


def test_an_event_arrives_with_its_blank_line() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\n") == []
    assert splitter.feed(b"\n") == [(b"", b"a")]


def test_the_end_of_the_stream_ends_an_event() -> None:
    assert split(b"data: [DONE]") == [("", "[DONE]")]


@pytest.mark.parametrize("stream", [b"data: a\xff\n\n", b"data:a\xff\n\n"])
def test_broken_utf8_is_kept_to_be_found(stream: bytes) -> None:
    assert split(stream) == [("", "a\udcff")]


def test_an_event_without_end_is_refused() -> None:
    splitter = EventSplitter(limit=1000)
    with pytest.raises(Fault, match="1000 bytes"):
        for _ in range(20):
            splitter.feed(b"data: " + b"x" * 100)


def test_many_short_lines_are_refused_too() -> None:
    splitter = EventSplitter(limit=1000)
    with pytest.raises(Fault, match="1000 bytes"):
        splitter.feed(b"data:a\n" * 100)


def test_the_limit_is_for_one_event() -> None:
    splitter = EventSplitter(limit=1000)
    for _ in range(50):
        assert splitter.feed(b"data: " + b"x" * 100 + b"\n\n")
