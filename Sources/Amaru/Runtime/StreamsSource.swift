// The Python side of the routed streams.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// The standard streams that go where the task says.
    static let streams = Runtime.Part("streams") {
        #"""
        import codecs, io, sys
        from _contextvars import ContextVar

        # None, or a capsule and whether it has a target for stdout, stderr and stdin.
        _route = ContextVar("amaru.streams", default=None)


        class _Streams:
            emit = read = exchange = process_route = None


        def route_streams(emit, read, exchange, process_route):
            _Streams.emit, _Streams.read, _Streams.exchange = emit, read, exchange
            _Streams.process_route = process_route
            sys.stdout = RoutedOutput(sys.stdout, 1)
            sys.stderr = RoutedOutput(sys.stderr, 2)
            sys.stdin = RoutedInput(sys.stdin)
            return _route


        def _target(index):
            for route in (_route.get(), _Streams.process_route):
                if route is not None and route[index]:
                    return route[0]
            return None


        class _Routed(io.TextIOBase):
            """A standard stream that goes where the task's context says, else where it went before."""

            def __init__(self, former, index):
                self._former, self._index = former, index

            def _own(self):
                """The target in Swift; None where the former stream has to serve."""
                target = _target(self._index)
                if target is None and self._former is None:
                    raise RuntimeError(f"lost sys.{self._NAMES[self._index]}")
                return target

            _NAMES = ("", "stdout", "stderr", "stdin")

            @property
            def encoding(self):
                return "utf-8" if self._own() is not None else self._former.encoding

            @property
            def errors(self):
                if self._own() is not None:
                    return "backslashreplace" if self._index == 2 else "strict"
                return self._former.errors

            @property
            def newlines(self):
                return None

            @property
            def name(self):
                if self._own() is not None:
                    return f"<{self._NAMES[self._index]}>"
                return self._former.name

            @property
            def mode(self):
                return "r" if self._index == 3 else "w"

            @property
            def line_buffering(self):
                return self._own() is not None or self._former.line_buffering

            def fileno(self):
                if self._own() is not None:
                    raise io.UnsupportedOperation("fileno: this stream goes to Swift code")
                return self._former.fileno()

            def isatty(self):
                return self._own() is None and self._former.isatty()

            def reconfigure(self, **options):
                if self._own() is None:
                    self._former.reconfigure(**options)

            def close(self):
                # As the process's streams: whoever closes one closes it for all.
                if self._own() is None:
                    self._former.close()

            @property
            def closed(self):
                former = self._former
                return _target(self._index) is None and (former is None or former.closed)

            def __getattr__(self, name):
                # What only a file has, such as `_CHUNK_SIZE`.
                if name.startswith("__") or self._own() is not None:
                    raise AttributeError(
                        f"{type(self).__name__!r} object has no attribute {name!r}")
                return getattr(self._former, name)

            def __repr__(self):
                return f"<{type(self).__name__} name='<{self._NAMES[self._index]}>'>"

            def __del__(self):
                """Leaves the former stream open."""


        class RoutedOutput(_Routed):
            def writable(self):
                return True

            def write(self, text):
                target = self._own()
                if target is None:
                    return self._former.write(text)
                if not isinstance(text, str):
                    kind = type(text).__name__
                    raise TypeError(f"write() argument must be str, not {kind}")
                known = text
                if not text.isascii():
                    # Lone surrogates, by the rule of the stream.
                    known = text.encode("utf-8", self.errors).decode("utf-8")
                if known:
                    _Streams.emit(target, self._index == 2, known)
                return len(text)

            def flush(self):
                if _target(self._index) is None and self._former is not None:
                    self._former.flush()

            @property
            def buffer(self):
                target = self._own()
                if target is None:
                    return self._former.buffer
                return _Bytes(self, target, self._index)


        class _Bytes(io.BufferedIOBase):
            """The bytes below a routed stream."""

            def __init__(self, text, target, index):
                self._text, self._target, self._index = text, target, index

            def writable(self):
                return True

            def write(self, data):
                if isinstance(data, str):
                    raise TypeError("a bytes-like object is required, not 'str'")
                with memoryview(data) as view:
                    count, data = view.nbytes, view.tobytes()
                data = (_Streams.exchange(self._target, self._index, None) or b"") + data
                text, used = codecs.utf_8_decode(data, "replace", False)
                if data[used:]:
                    _Streams.exchange(self._target, self._index, data[used:])
                if text:
                    _Streams.emit(self._target, self._index == 2, text)
                return count

            @property
            def raw(self):
                return self

            def fileno(self):
                return self._text.fileno()


        class RoutedInput(_Routed):
            def __init__(self, former):
                super().__init__(former, 3)

            def readable(self):
                return True

            def _line(self, target):
                """The next line, or what is left of one; empty at the end."""
                rest = _Streams.exchange(target, 3, None)
                if rest:
                    return rest
                line = _Streams.read(target)
                return "" if line is None else line + "\n"

            def _part(self, target, text, size):
                if size is None or size < 0:
                    return text
                if text[size:]:
                    _Streams.exchange(target, 3, text[size:])
                return text[:size]

            def readline(self, size=-1):
                target = self._own()
                if target is None:
                    return self._former.readline(-1 if size is None else size)
                return "" if size == 0 else self._part(target, self._line(target), size)

            def read(self, size=-1):
                target = self._own()
                if target is None:
                    return self._former.read(-1 if size is None else size)
                text = ""
                while size is None or size < 0 or len(text) < size:
                    line = self._line(target)
                    if not line:
                        break
                    text += line
                return self._part(target, text, size)

            def __iter__(self):
                return self

            def __next__(self):
                line = self.readline()
                if not line:
                    raise StopIteration
                return line

            @property
            def buffer(self):
                if self._own() is None:
                    return self._former.buffer
                return io.BufferedReader(_RawInput(self))


        class _RawInput(io.RawIOBase):
            """The bytes below the routed input, a line at a time."""

            def __init__(self, text):
                self._text, self._bytes = text, b""

            def readable(self):
                return True

            def readinto(self, buffer):
                self._bytes = self._bytes or self._text.readline().encode("utf-8")
                count = min(len(buffer), len(self._bytes))
                buffer[:count], self._bytes = self._bytes[:count], self._bytes[count:]
                return count
        """#
    }
}
