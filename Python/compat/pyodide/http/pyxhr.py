# SPDX-License-Identifier: Apache-2.0
"""Requests that wait for their response, for code that cannot be ``async``.

::

    from pyodide.http import pyxhr

    response = pyxhr.get("https://example.org/search", params={"q": "amaru"})
    response.raise_for_status()
    print(response.json())

The functions take the arguments of the library requests that matter most. The event
loop stands still while they wait; with one, prefer `pyfetch`.
"""

from __future__ import annotations

import json as _json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from pyodide.http._blocking import ask
from pyodide.http._errors import AbortError
from pyodide.http._headers import Headers, pairs
from pyodide.http._xhr import XHRNetworkError, XHRResponse

__all__ = ["delete", "get", "head", "options", "patch", "post", "put", "request"]

Pairs = Mapping[str, Any] | Sequence[tuple[str | bytes, Any]]


def request(
    method: str,
    url: str,
    *,
    params: Pairs | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    data: Any = None,
    json: Any = None,
    auth: tuple[str, str] | None = None,
) -> XHRResponse:
    """Send a request and wait for all of the response.

    `params` go into the query. `data` is sent as it is if it is str or bytes, else as a
    form; `json` as JSON. `auth` is a user name and a password, for Basic.

    Raises XHRNetworkError if there is no response.
    """
    given = pairs(headers)
    if data is not None and json is not None:
        raise TypeError("pass data or json, not both")
    kind = None
    if json is not None:
        data, kind = _json.dumps(json), "application/json"
    elif data is not None and not isinstance(
        data, str | bytes | bytearray | memoryview
    ):
        data, kind = urlencode(data, doseq=True), "application/x-www-form-urlencoded"
    names = Headers.joined(given)
    if kind is not None and "content-type" not in names:
        given.append(("Content-Type", kind))
    if auth is not None and "authorization" not in names:
        given.append(("Authorization", _basic(*auth)))
    try:
        answer, body = ask(method, _with(url, params), given, data)
    except AbortError as exc:
        raise XHRNetworkError(exc) from exc
    return XHRResponse(answer, body)


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def _with(url: str, params: Pairs | None) -> str:
    if params is None:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(params, doseq=True))))
    return urlunsplit(parts._replace(query=query))


def get(url: str, **arguments: Any) -> XHRResponse:
    """Send a GET; `arguments` are those of `request`."""
    return request("GET", url, **arguments)


def post(url: str, **arguments: Any) -> XHRResponse:
    """Send a POST; `arguments` are those of `request`."""
    return request("POST", url, **arguments)


def put(url: str, **arguments: Any) -> XHRResponse:
    """Send a PUT; `arguments` are those of `request`."""
    return request("PUT", url, **arguments)


def delete(url: str, **arguments: Any) -> XHRResponse:
    """Send a DELETE; `arguments` are those of `request`."""
    return request("DELETE", url, **arguments)


def head(url: str, **arguments: Any) -> XHRResponse:
    """Send a HEAD; `arguments` are those of `request`."""
    return request("HEAD", url, **arguments)


def patch(url: str, **arguments: Any) -> XHRResponse:
    """Send a PATCH; `arguments` are those of `request`."""
    return request("PATCH", url, **arguments)


def options(url: str, **arguments: Any) -> XHRResponse:
    """Send an OPTIONS; `arguments` are those of `request`."""
    return request("OPTIONS", url, **arguments)
