# SPDX-License-Identifier: Apache-2.0
"""`FetchResponse`: what a fetch gives."""

from __future__ import annotations

import json
import os
from builtins import bytes as Raw
from builtins import memoryview as View
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from pyodide.http import _archive, _formats
from pyodide.http._answer import Answer
from pyodide.http._errors import AbortError, BodyUsedError, HttpStatusError
from pyodide.http._headers import Headers, pairs
from pyodide.http._signal import AbortController
from pyodide.http._source import Branch, Memory
from pyodide.http._stream import Bytes, Event, Events, Lines, Stream

__all__ = ["FetchResponse"]

_IN_MEMORY: Final = 8 * 1024 * 1024


class FetchResponse:
    """The status and headers of a response, and its body, which can be read once.

    ::

        response = await pyfetch("https://example.org/log")
        response.raise_for_status()
        async for line in response.lines():
            print(line)

    Every method that reads the body raises BodyUsedError if that has been done, and
    AbortError if the fetch is aborted or the connection fails. A response that nobody
    reads gives its connection back when it is dropped.
    """

    def __init__(
        self,
        url: str,
        body: Raw | None = b"",
        *,
        status: int = 200,
        status_text: str | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> None:
        """Make a response of one's own, for a `fetcher`."""
        if status_text is None:
            known = {int(code): code.phrase for code in HTTPStatus}
            status_text = known.get(status, "")
        answer = Answer(
            url,
            status,
            status_text,
            Headers.joined(pairs(headers)),
            None if body is None else Memory(body),
        )
        self._set(answer, AbortController(), "default")

    def _set(self, answer: Answer, controller: AbortController, type: str) -> None:
        self._answer = answer
        self._source = answer.source
        self._controller = controller
        self._used = False
        self._type = type

    @classmethod
    def _of(
        cls, answer: Answer, controller: AbortController, type: str = "basic"
    ) -> FetchResponse:
        response = cls.__new__(cls)
        response._set(answer, controller, type)
        return response

    def __repr__(self) -> str:
        return f"<FetchResponse [{self.status}] {self.url}>"

    # The head

    @property
    def status(self) -> int:
        """The status, such as 404."""
        return self._answer.status

    @property
    def status_text(self) -> str:
        """The server's words for the status."""
        return self._answer.reason

    @property
    def ok(self) -> bool:
        """Whether the status is one of success, from 200 to 299."""
        return 200 <= self.status < 300

    @property
    def headers(self) -> dict[str, str]:
        """The headers by their names in lower case; repeated ones joined by commas."""
        return self._answer.headers

    @property
    def url(self) -> str:
        """Where the response came from in the end, without a fragment."""
        return self._answer.url

    @property
    def redirected(self) -> bool:
        """Whether a redirect led here."""
        return self._answer.redirected

    @property
    def type(self) -> str:
        """``"basic"``, or ``"default"`` for a response that a script has made."""
        return self._type

    @property
    def body_used(self) -> bool:
        """Whether reading of the body has begun."""
        return self._used

    def raise_for_status(self) -> None:
        """Raise HttpStatusError for a status from 400 to 599."""
        if 400 <= self.status < 600:
            raise HttpStatusError(self.status, self.status_text, self.url)

    # The whole body

    async def bytes(self) -> Raw:
        """Return the body."""
        return Raw(await self._collected())

    async def memoryview(self) -> View:
        """Return the body as writable memory of its own."""
        return View(await self._collected())

    async def buffer(self) -> bytearray:
        """Return the body as writable memory, for what was an ArrayBuffer."""
        return await self._collected()

    async def text(self) -> str:
        """Return the body as text, which is always taken for UTF-8, as fetch does."""
        data = await self._collected()
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")

    async def string(self) -> str:
        """Return `text`, by its older name."""
        return await self.text()

    async def json(self, **kwargs: Any) -> Any:
        """Return the value of a JSON body; `kwargs` are those of ``json.loads``."""
        return json.loads(await self.text(), **kwargs)

    # The body as it arrives

    def __aiter__(self) -> Stream[Raw]:
        """Give the bytes as they arrive."""
        return self._stream(Bytes())

    def lines(self) -> Stream[str]:
        """Give the lines of a text in UTF-8, without their ends."""
        return self._stream(Lines())

    def events(self) -> Stream[Event]:
        """Give the server-sent events: data, event, id and retry of each."""
        return self._stream(Events())

    # More

    def clone(self) -> FetchResponse:
        """Return a second response with the same body, so that it can be read twice.

        What one of them has read and the other has not is held in memory. Aborting one
        aborts the fetch, and so both.
        """
        if self._used:
            raise BodyUsedError()
        copy = FetchResponse._of(self._answer, self._controller, self._type)
        if self._source is not None:
            self._source, copy._source = Branch.pair(self._source)
        return copy

    def abort(self, reason: Any = None) -> None:
        """Abort the fetch: reading, now or later, raises AbortError with `reason`."""
        self._controller.abort(reason)
        if self._source is not None:
            self._source.cancel()

    async def unpack_archive(
        self,
        *,
        extract_dir: str | os.PathLike[str] | None = None,
        format: str | None = None,
    ) -> None:
        """Unpack the body into `extract_dir`, by default the current folder.

        `format` is ``tar``, ``gztar``, ``bztar``, ``xztar``, ``zip``, ``wheel`` or one
        of their file name endings; without it, it is found by the names in the URL and
        the headers, the media type and the first bytes. An archive is unpacked whole or
        not at all: one with absolute paths, ``..``, links that lead outside or devices
        is refused with ValueError. What it holds can be imported afterwards: the
        current folder is put on ``sys.path`` if it is missing there, and a wheel
        without an `extract_dir` goes into a folder on ``sys.path`` that lasts as long
        as the process.

        Raises HttpStatusError if the response is an error.
        """
        kind = None if format is None else _formats.named(format)
        self.raise_for_status()
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            await self._into_file(file)
            hints = (self.url, self._answer.headers)
            kind = kind or _formats.recognised(file, *hints)
            await _archive.unpack(file, kind, extract_dir, _formats.file_name(*hints))

    async def _into_file(self, f: IO[Raw] | SpooledTemporaryFile[Raw]) -> None:
        """Write the body into an open file, piece by piece."""
        async for chunk in self:
            f.write(chunk)

    async def _create_file(self, path: str | os.PathLike[str]) -> None:
        """Write the body into a new file."""
        with open(path, "xb") as file:  # noqa: ASYNC230
            try:
                await self._into_file(file)
            except BaseException:
                os.unlink(path)
                raise

    async def _collected(self) -> bytearray:
        data = bytearray()
        async for chunk in self:
            data += chunk
        return data

    def _stream(self, splitter: Any) -> Stream[Any]:
        signal = self._controller.signal
        if signal.aborted:
            raise AbortError(signal.reason)
        if self._used:
            raise BodyUsedError()
        source, self._source = self._source, None
        # A response without a body, such as 204, can be read as often as one likes.
        self._used = source is not None
        return Stream(source or Memory(b""), signal, splitter)
