# SPDX-License-Identifier: Apache-2.0
"""`open_url`, and what the requests of `pyxhr` have in common: they wait."""

from __future__ import annotations

from io import StringIO
from typing import Any

from pyodide.http import _network
from pyodide.http._answer import Answer
from pyodide.http._errors import HttpStatusError
from pyodide.http._fetch import address
from pyodide.http._local import File
from pyodide.http._request import Request
from pyodide.http._source import Memory

__all__ = ["ask", "open_url"]


def open_url(url: str) -> StringIO:
    """Fetch a text and return it as a file; waits for all of it.

    For code that cannot be ``async``; the loop stands still meanwhile. Raises
    AbortError like `pyfetch`, and HttpStatusError for an error's page, which nobody
    wants to take for the text.
    """
    answer, body = ask("GET", url)
    if 400 <= answer.status < 600:
        raise HttpStatusError(answer.status, answer.reason, answer.url)
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return StringIO(text)


def ask(
    method: str, url: str, headers: Any = None, body: Any = None
) -> tuple[Answer, bytes]:
    """Send a request and wait for the whole response."""
    target = address(url, method)
    if isinstance(target, Answer):
        return target, _read(target)
    return _network.request_blocking(Request.made(target, method, headers, body))


def _read(answer: Answer) -> bytes:
    source = answer.source
    if isinstance(source, File):
        return b"".join(iter(source.read_blocking, b""))
    return source.take() if isinstance(source, Memory) else b""
