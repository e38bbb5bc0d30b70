# SPDX-License-Identifier: Apache-2.0
"""Pyodide's HTTP functions over the host's network, and streams, which it lacks.

* `pyfetch` gives a `FetchResponse`: whole, or as it arrives by ``async for``, `lines`
  and `events`.
* `set_base` says what relative URLs are relative to; by default the script's folder.
* `open_url` and `pyxhr` are for code that cannot be ``async``.

Everything that fails is an OSError.
"""

from typing import Any

from pyodide._missing import missing
from pyodide.http import pyxhr
from pyodide.http._base import base, set_base
from pyodide.http._blocking import open_url
from pyodide.http._errors import AbortError, BodyUsedError, HttpStatusError
from pyodide.http._fetch import pyfetch
from pyodide.http._response import FetchResponse
from pyodide.http._signal import AbortController, AbortSignal
from pyodide.http._stream import Event
from pyodide.http._xhr import XHRError, XHRNetworkError, XHRResponse

__all__ = [
    "AbortController",
    "AbortError",
    "AbortSignal",
    "BodyUsedError",
    "Event",
    "FetchResponse",
    "HttpStatusError",
    "XHRError",
    "XHRNetworkError",
    "XHRResponse",
    "base",
    "open_url",
    "pyfetch",
    "pyxhr",
    "set_base",
]


def __getattr__(name: str) -> Any:
    raise missing(__name__, name)
