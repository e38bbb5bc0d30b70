# SPDX-License-Identifier: Apache-2.0
"""A console like python's own, for a program that has lines: it returns futures."""

from __future__ import annotations
import __future__

import ast
import asyncio
import codeop
import io
import platform
import rlcompleter
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import IO, Any, Final, Literal, cast

from pyodide._last import remember
from pyodide._missing import missing
from pyodide.code import CodeRunner

__all__ = ["BANNER", "Console", "ConsoleFuture", "PyodideConsole", "repr_shorten"]

BANNER: Final = (
    f"Python {platform.python_version()} ({', '.join(platform.python_build())}) "
    f"on {sys.platform}\n"
    'Type "help", "copyright", "credits" or "license" for more information.'
)

_FUTURE_FLAGS: Final = sum(
    getattr(__future__, name).compiler_flag for name in __future__.all_feature_names
)


class ConsoleFuture(asyncio.Future[Any]):
    """What comes of a line: the value of its expression, or its exception."""

    syntax_check: Literal["incomplete", "syntax-error", "complete"] = "complete"
    """``incomplete`` if more lines are needed; the result is None then."""
    formatted_error: str | None = None
    """The traceback of the exception, without the console's own frames."""


class _Writer(io.TextIOBase):
    """A stream that hands what is written to a function."""

    def __init__(self, write: Callable[[str], Any], like: IO[str] | None) -> None:
        self._write, self._like = write, like

    def write(self, text: str) -> int:
        self._write(text)
        return len(text)

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    @property
    def name(self) -> str:
        return getattr(self._like, "name", "")

    def isatty(self) -> bool:
        # A console shows it, whatever the program's own stream is.
        return True


class _Reader(io.TextIOBase):
    """A stream that asks a function for more text; it returns "" at the end."""

    def __init__(self, read: Callable[[int], str]) -> None:
        self._read, self._rest = read, ""

    def readable(self) -> bool:
        return True

    @property
    def name(self) -> str:
        return "<stdin>"

    def isatty(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def read(self, size: int | None = -1) -> str:
        wanted = -1 if size is None else size
        while wanted < 0 or len(self._rest) < wanted:
            if not self._more(wanted):
                break
        return self._take(len(self._rest) if wanted < 0 else wanted)

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        wanted = -1 if size is None else size
        while "\n" not in self._rest and (wanted < 0 or len(self._rest) < wanted):
            if not self._more(wanted):
                break
        end = self._rest.find("\n") + 1 or len(self._rest)
        return self._take(end if wanted < 0 else min(end, wanted))

    def _more(self, size: int) -> bool:
        text = self._read(size)
        self._rest += text
        return bool(text)

    def _take(self, size: int) -> str:
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


class Console:
    """Runs lines as they come, with ``await`` at their top level.

    What they print goes to the callbacks while they run, or always if
    `persistent_stream_redirection` is set, until `persistent_restore_streams`. The
    value of an expression is the result of its future; printing it, and keeping it
    under ``_``, is up to the caller.
    """

    completer_word_break_characters = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?"
    """What a word that is to be completed does not contain."""

    def __init__(
        self,
        globals: dict[str, Any] | None = None,
        *,
        stdin_callback: Callable[[int], str] | None = None,
        stdout_callback: Callable[[str], Any] | None = None,
        stderr_callback: Callable[[str], Any] | None = None,
        persistent_stream_redirection: bool = False,
        filename: str = "<console>",
        dont_inherit: bool = False,
        optimize: int = -1,
    ) -> None:
        names = {"__name__": "__console__", "__doc__": None}
        self.globals: dict[str, Any] = names if globals is None else globals
        self.stdin_callback = stdin_callback
        self.stdout_callback = stdout_callback
        self.stderr_callback = stderr_callback
        self.filename = filename
        self.buffer: list[str] = []
        """The lines of a statement that is not complete."""
        self._options = {"dont_inherit": dont_inherit, "optimize": optimize}
        self._compiler = codeop.CommandCompiler()
        self._compiler.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._completer = rlcompleter.Completer(self.globals)
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        # It keeps what a line has left of its input.
        self._reader = stdin_callback and _Reader(stdin_callback)
        self._redirection: ExitStack | None = None
        if persistent_stream_redirection:
            self.persistent_redirect_streams()

    # Streams

    def persistent_redirect_streams(self) -> None:
        """Redirect the standard streams until `persistent_restore_streams`."""
        if self._redirection is None:
            self._redirection = self._redirected()

    def persistent_restore_streams(self) -> None:
        """Undo `persistent_redirect_streams`."""
        if self._redirection is not None:
            redirection, self._redirection = self._redirection, None
            redirection.close()

    @contextmanager
    def redirect_streams(self) -> Iterator[None]:
        """Redirect the standard streams within a block."""
        if self._redirection is not None:
            yield
            return
        with self._redirected():
            yield

    def _redirected(self) -> ExitStack:
        stack = ExitStack()
        if self.stdin_callback is not None:
            stack.callback(setattr, sys, "stdin", sys.stdin)
            sys.stdin = cast(Any, self._reader)
        if self.stdout_callback is not None:
            writer = _Writer(self.stdout_callback, sys.stdout)
            stack.enter_context(redirect_stdout(cast(IO[str], writer)))
        if self.stderr_callback is not None:
            writer = _Writer(self.stderr_callback, sys.stderr)
            stack.enter_context(redirect_stderr(cast(IO[str], writer)))
        return stack

    # Lines

    def push(self, line: str) -> ConsoleFuture:
        """Take a line, or several at once, and run what is complete.

        Lines of a statement that is not complete are kept in `buffer`.
        """
        self.buffer.append(line)
        future = self.runsource("\n".join(self.buffer), self.filename)
        if future.syntax_check != "incomplete":
            self.buffer = []
        return future

    def runsource(self, source: str, filename: str = "<console>") -> ConsoleFuture:
        """Run a source if it is complete; the future says what it is and what comes."""
        future = ConsoleFuture()
        try:
            code = self._compiled(source, filename)
        except (
            OverflowError,
            SyntaxError,
            ValueError,
            RecursionError,
            MemoryError,
        ) as exc:
            future.syntax_check = "syntax-error"
            future.formatted_error = self.formatsyntaxerror(exc)
            _fail(future, exc)
            return future
        if code is None:
            future.syntax_check = "incomplete"
            future.set_result(None)
            return future
        task = asyncio.ensure_future(self._run(future, source, code))
        # asyncio holds its tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        future.add_done_callback(lambda done: done.cancelled() and task.cancel())
        return future

    def _compiled(self, source: str, filename: str) -> CodeRunner | None:
        # What is pasted may be several statements; what is typed ends with its first.
        pasted = any("\n" in line for line in self.buffer)
        symbol = "exec" if pasted else "single"
        try:
            if self._compiler(source, filename, symbol) is None:
                return None
        except SyntaxError:
            # Where both object, the compiler of whole sources says where.
            self._runner(source, filename)
            raise
        return self._runner(source, filename)

    def _runner(self, source: str, filename: str) -> CodeRunner:
        flags = self._compiler.compiler.flags & _FUTURE_FLAGS
        options: dict[str, Any] = {**self._options, "flags": flags}
        return CodeRunner(source, filename=filename, **options).compile()

    async def _run(self, future: ConsoleFuture, source: str, code: CodeRunner) -> None:
        # Every exception ends the line, and none the loop.
        try:
            result = await self.runcode(source, code)
        except asyncio.CancelledError:
            future.cancel()
            raise
        except BaseException as exc:
            if not future.done():
                future.formatted_error = self.formattraceback(exc)
                _fail(future, exc)
        else:
            if not future.done():
                future.set_result(result)

    async def runcode(self, source: str, code: CodeRunner) -> Any:
        """Run a compiled source after those before it, and return its value."""
        async with self._one_at_a_time:
            with self.redirect_streams():
                try:
                    return await code.run_async(self.globals)
                finally:
                    for stream in (sys.stdout, sys.stderr):
                        if stream is not None and not stream.closed:
                            stream.flush()

    def cancel(self) -> set[asyncio.Task[None]]:
        """Cancel what runs or waits to run, and return it; its futures end with it."""
        for task in self._tasks:
            task.cancel()
        return set(self._tasks)

    # Errors

    def formatsyntaxerror(self, exc: BaseException) -> str:
        """Return what python shows of an error in a source."""
        remember(exc)
        return "".join(traceback.format_exception_only(exc))

    def formattraceback(self, exc: BaseException) -> str:
        """Return the traceback of an exception, from the console's line on."""
        trace = exc.__traceback__
        while trace and trace.tb_frame.f_code.co_filename != self.filename:
            trace = trace.tb_next
        exc.__traceback__ = trace
        remember(exc)
        return "".join(traceback.format_exception(exc))

    # Completion

    def complete(self, source: str) -> tuple[list[str], int]:
        """Return how the last word of `source` may go on, and where that word begins.

        Attributes are looked up, which runs the code of properties.
        """
        breaks = map(source.rfind, self.completer_word_break_characters)
        start = max(breaks, default=-1) + 1
        word = source[start:]
        completer = cast(Any, self._completer)
        if "." in word:
            return completer.attr_matches(word), start
        return completer.global_matches(word), start


class PyodideConsole(Console):
    """A `Console`; packages that a line imports are not installed by themselves here.

    They come with the script's environment, or by ``micropip.install``.
    """


def _fail(future: ConsoleFuture, exc: BaseException) -> None:
    if isinstance(exc, StopIteration):
        # Which a future does not take.
        fault = RuntimeError("a line raised StopIteration")
        fault.__cause__ = exc
        exc = fault
    future.set_exception(exc)
    # Who does not await it looks at `formatted_error`.
    future.exception()


def repr_shorten(
    value: Any, limit: int = 1000, split: int | None = None, separator: str = "..."
) -> str:
    """Return the repr of `value`, without its middle if it is longer than `limit`.

    `split` characters are kept at each end, by default half of `limit`.
    """
    text = repr(value)
    if len(text) <= limit:
        return text
    kept = limit // 2 if split is None else split
    return f"{text[:kept]}{separator}{text[len(text) - kept :]}"


def __getattr__(name: str) -> Any:
    raise missing(__name__, name)
