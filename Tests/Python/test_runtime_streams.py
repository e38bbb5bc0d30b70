# SPDX-License-Identifier: Apache-2.0
"""The standard streams, which go where the task says."""
# ruff: noqa: T201

from __future__ import annotations

import asyncio
import io
import sys
from array import array
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from runtime_parts import load

# For each stream whether it goes to Swift, as the route of the process.
ROUTED = ("process", True, True, True)
UNROUTED = ("process", False, False, False)


class Swift:
    """The functions of Swift: what they were given, and what they give."""

    def __init__(self) -> None:
        self.written: list[tuple[object, bool, str]] = []
        self.lines: list[str] = []
        self.rests: dict[tuple[object, int], Any] = {}

    def emit(self, target: object, is_error: bool, text: str) -> None:
        self.written.append((target, is_error, text))

    def read(self, target: object) -> str | None:
        return self.lines.pop(0) if self.lines else None

    def exchange(self, target: object, index: int, rest: Any) -> Any:
        former = self.rests.pop((target, index), None)
        self.rests[target, index] = rest
        return former

    def text(self) -> str:
        return "".join(text for _, _, text in self.written)


class Streams:
    """The part after `route_streams`, over files of this test.

    Made in the test: pytest replaces the streams again when the fixtures are there.
    """

    def __init__(self, process: tuple[Any, ...], files: bool = True) -> None:
        self.swift = Swift()
        self.output = io.StringIO() if files else None
        self.input = io.TextIOWrapper(io.BytesIO(b"file\nrest"), "utf-8")
        for name, file in (
            ("stdout", self.output),
            ("stderr", self.output),
            ("stdin", self.input if files else None),
        ):
            setattr(sys, name, file)
        self.runtime: ModuleType = load("streams")
        self.route = self.runtime.route_streams(
            self.swift.emit, self.swift.read, self.swift.exchange, process
        )
        self.out: Any = sys.stdout
        self.err: Any = sys.stderr
        self.inp: Any = sys.stdin


@pytest.fixture(autouse=True)
def former(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in "stdout", "stderr", "stdin":
        monkeypatch.setattr(sys, name, getattr(sys, name))
    yield


def test_output_goes_to_swift() -> None:
    routed = Streams(ROUTED)
    print("hello")
    print("oops", file=sys.stderr)
    assert ("process", False, "hello") in routed.swift.written
    assert ("process", True, "oops") in routed.swift.written
    assert routed.out.write("") == 0 and routed.out.write("ab") == 2


def test_output_without_a_target_goes_where_it_went() -> None:
    unrouted = Streams(UNROUTED)
    print("hello", flush=True)
    assert unrouted.output is not None
    assert unrouted.output.getvalue() == "hello\n"
    assert unrouted.swift.written == []


async def test_a_task_has_a_route_of_its_own() -> None:
    routed = Streams(ROUTED)

    async def write(name: str) -> None:
        routed.route.set((name, True, False, False))
        await asyncio.sleep(0)
        sys.stdout.write(name)
        sys.stderr.write(name)

    await asyncio.gather(write("one"), write("two"))
    assert sorted(routed.swift.written) == [
        ("one", False, "one"),
        ("process", True, "one"),
        ("process", True, "two"),
        ("two", False, "two"),
    ]


@pytest.mark.parametrize("value", [b"bytes", 1, None])
def test_what_is_not_text_is_refused(value: Any) -> None:
    routed = Streams(ROUTED)
    with pytest.raises(TypeError, match="must be str, not"):
        routed.out.write(value)
    assert routed.swift.written == []


def test_lone_surrogates_are_escaped_in_stderr_only() -> None:
    routed = Streams(ROUTED)
    routed.err.write("\ud800")
    assert routed.swift.text() == r"\ud800"
    with pytest.raises(UnicodeEncodeError):
        routed.out.write("\ud800")


def test_bytes_are_decoded_across_pieces() -> None:
    routed = Streams(ROUTED)
    for byte in "ä€\n".encode():
        assert routed.out.buffer.write(bytes([byte])) == 1
    assert routed.swift.text() == "ä€\n"
    routed.out.buffer.write(b"\xff")
    assert routed.swift.text().endswith("\ufffd")
    assert routed.out.buffer.raw.write(array("H", [0x4141])) == 2


def test_bytes_of_the_two_outputs_do_not_mix() -> None:
    routed = Streams(ROUTED)
    routed.out.buffer.write(b"\xc3")
    routed.err.buffer.write(b"x")
    routed.out.buffer.write(b"\xa4")
    assert [text for _, _, text in routed.swift.written] == ["x", "ä"]


def test_text_is_not_bytes() -> None:
    routed = Streams(ROUTED)
    with pytest.raises(TypeError, match="bytes-like"):
        routed.out.buffer.write("text")
    with pytest.raises(TypeError):
        routed.out.buffer.write(1)


def test_a_routed_stream_looks_like_a_text_stream() -> None:
    routed = Streams(ROUTED)
    out, err, inp = routed.out, routed.err, routed.inp
    assert (out.encoding, out.errors, err.errors) == (
        "utf-8",
        "strict",
        "backslashreplace",
    )
    assert (out.name, err.name, inp.name) == ("<stdout>", "<stderr>", "<stdin>")
    assert (out.mode, inp.mode) == ("w", "r")
    assert out.writable() and not out.readable()
    assert inp.readable() and not inp.writable()
    assert out.line_buffering and out.newlines is None
    assert not out.isatty() and not out.closed
    assert repr(out) == "<RoutedOutput name='<stdout>'>"
    with pytest.raises(io.UnsupportedOperation):
        out.fileno()
    with pytest.raises(io.UnsupportedOperation):
        out.buffer.fileno()
    with pytest.raises(AttributeError, match="'RoutedInput' object has no attribute"):
        _ = inp._CHUNK_SIZE


def test_closing_and_flushing_a_routed_stream_does_nothing() -> None:
    routed = Streams(ROUTED)
    routed.out.reconfigure(encoding="ascii")
    routed.out.flush()
    routed.out.close()
    print("still here")
    assert "still here" in routed.swift.text()
    assert routed.out.encoding == "utf-8"


def test_an_unrouted_stream_is_the_file() -> None:
    unrouted = Streams(UNROUTED)
    inp = unrouted.inp
    assert inp.encoding == "utf-8" and inp.errors == "strict"
    assert inp.buffer is unrouted.input.buffer
    assert inp._CHUNK_SIZE > 1
    assert inp.readline() == "file\n" and inp.read() == "rest"
    with pytest.raises(AttributeError):
        _ = inp.no_such_name
    unrouted.out.close()
    assert unrouted.out.closed
    with pytest.raises(ValueError):
        print("closed")


def test_a_stream_that_goes_away_leaves_the_file_open() -> None:
    unrouted = Streams(UNROUTED)
    stream = unrouted.runtime.RoutedOutput(unrouted.output, 1)
    del stream
    assert unrouted.output is not None and not unrouted.output.closed


def test_without_a_file_a_stream_is_lost_unless_it_is_routed() -> None:
    streams = Streams(("process", False, True, False), files=False)
    streams.err.write("error")
    assert streams.swift.text() == "error"
    assert streams.out.closed
    streams.out.flush()
    uses: list[Callable[[], Any]] = [
        lambda: streams.out.write("x"),
        lambda: streams.out.encoding,
        lambda: streams.inp.readline(),
        lambda: streams.out.isatty(),
    ]
    for use in uses:
        with pytest.raises(RuntimeError, match="lost sys.std"):
            use()


def test_input_comes_from_swift() -> None:
    routed = Streams(ROUTED)
    routed.swift.lines = ["first", "", "third"]
    assert input() == "first"
    assert list(sys.stdin) == ["\n", "third\n"]
    assert sys.stdin.readline() == "" and sys.stdin.read() == ""
    with pytest.raises(EOFError):
        input()


def test_parts_of_lines_are_kept() -> None:
    routed = Streams(ROUTED)
    routed.swift.lines = ["abcdef", "gh"]
    assert routed.inp.readline(0) == ""
    assert routed.inp.readline(2) == "ab"
    assert routed.inp.read(2) == "cd"
    assert routed.inp.readline() == "ef\n"
    assert routed.inp.read(None) == "gh\n"


def test_reading_goes_on_across_lines() -> None:
    routed = Streams(ROUTED)
    routed.swift.lines = ["ab", "cd", "ef"]
    assert routed.inp.read(4) == "ab\nc"
    assert routed.inp.read() == "d\nef\n"


def test_input_has_bytes() -> None:
    routed = Streams(ROUTED)
    routed.swift.lines = ["ä", "b"]
    buffer = routed.inp.buffer
    assert buffer.read(1) == b"\xc3"
    assert buffer.readline() == b"\xa4\n"
    assert buffer.read() == b"b\n" and buffer.read() == b""


def test_an_error_of_swift_arrives() -> None:
    routed = Streams(ROUTED)

    def interrupt(target: object) -> str:
        raise KeyboardInterrupt

    routed.runtime._Streams.read = interrupt
    with pytest.raises(KeyboardInterrupt):
        input()
