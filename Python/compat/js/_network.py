# SPDX-License-Identifier: Apache-2.0
"""`fetch`, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from js._urls import URL
from pyodide.ffi import to_js
from pyodide.ffi._buffers import TypedArray, kinds
from pyodide.ffi._containers import Array, properties
from pyodide.ffi._kinds import JsError, JsFetchResponse, JsProxy
from pyodide.http import (
    AbortController,
    AbortError,
    AbortSignal,
    FetchResponse,
    pyfetch,
)
from pyodide.http._headers import Headers as _Fields
from pyodide.http._headers import pairs
from pyodide.webloop import PyodideTask, promise

__all__ = [
    "AbortController",
    "AbortSignal",
    "Headers",
    "Request",
    "Response",
    "fetch",
]


class Headers(JsProxy):
    """Headers, whose names are found in any case."""

    _exists = True

    def __init__(self, given: Any = None) -> None:
        self._fields = _Fields.joined(pairs(_given(given)))

    @classmethod
    def new(cls, given: Any = None) -> Headers:
        """Return headers of an object or of pairs."""
        return cls(given)

    def get(self, name: str) -> str | None:
        """Return the value of a header; None if it is missing."""
        value: str | None = self._fields.get(name)
        return value

    def has(self, name: str) -> bool:
        """Return whether a header is there."""
        return name in self._fields

    def set(self, name: str, value: Any) -> None:
        """Set the value of a header."""
        self._fields[name.lower()] = str(value)

    def append(self, name: str, value: Any) -> None:
        """Add a value to a header."""
        former = self.get(name)
        self.set(name, value if former is None else f"{former}, {value}")

    def delete(self, name: str) -> None:
        """Remove a header."""
        self._fields.pop(name.lower(), None)

    def entries(self) -> Array:
        """Return the names and the values."""
        return Array(Array(pair) for pair in self._fields.items())

    def items(self) -> Iterable[tuple[str, str]]:
        """Return the names and the values, as a dict does."""
        return self._fields.items()

    def __iter__(self) -> Any:
        return iter(self.entries())


def _given(headers: Any) -> Any:
    return list(headers.items()) if isinstance(headers, Headers) else headers


class Request(JsProxy):
    """What to fetch: a URL, and how."""

    _exists = True

    def __init__(self, url: Any, options: Any = None, /, **more: Any) -> None:
        given = {**properties(options), **more}
        self.url = str(url)
        self.method = str(given.get("method", "GET")).upper()
        self.headers = Headers(given.get("headers"))
        self.body = given.get("body")
        self.signal = given.get("signal")

    @classmethod
    def new(cls, url: Any, options: Any = None, /, **more: Any) -> Request:
        """Return a request."""
        return cls(url, options, **more)


class Response(JsFetchResponse):
    """A response with JavaScript's names."""

    _exists = True

    def __init__(self, body: Any = None, options: Any = None, /, **more: Any) -> None:
        given = {**properties(options), **more}
        content = body.encode() if isinstance(body, str) else body
        self._take(
            FetchResponse(
                str(given.get("url", "")),
                None if content is None else bytes(memoryview(content)),
                status=given.get("status", 200),
                status_text=given.get("statusText"),
                headers=_given(given.get("headers", ())),
            )
        )

    def _take(self, response: FetchResponse) -> None:
        self._response = response
        self.headers = Headers(response.headers)

    @classmethod
    def _of(cls, response: FetchResponse) -> Response:
        made: Response = cls.__new__(cls)
        made._take(response)
        return made

    @classmethod
    def new(cls, body: Any = None, options: Any = None, /, **more: Any) -> Response:
        """Return a response of one's own, for a `fetcher`."""
        return cls(body, options, **more)

    @property
    def status(self) -> int:
        """The status, such as 404."""
        return self._response.status

    @property
    def statusText(self) -> str:
        """The server's words for the status."""
        return self._response.status_text

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return self._response.ok

    @property
    def url(self) -> str:
        """Where the response came from in the end."""
        return self._response.url

    @property
    def redirected(self) -> bool:
        """Whether a redirect led here."""
        return self._response.redirected

    @property
    def type(self) -> str:
        """The kind of response."""
        return self._response.type

    @property
    def bodyUsed(self) -> bool:
        """Whether reading of the body has begun."""
        return self._response.body_used

    @property
    def body(self) -> Any:
        """Refused: iterate over pyfetch's response instead."""
        raise AttributeError(
            "js.fetch's response.body is not available in Amaru: use `async for chunk "
            "in response` with the response of pyodide.http.pyfetch"
        )

    def clone(self) -> Response:
        """Return a second response with the same body."""
        return Response._of(self._response.clone())

    def text(self) -> PyodideTask[str]:
        """Return the body as text."""
        return promise(_rejected(self._response.text()))

    def json(self) -> PyodideTask[Any]:
        """Return the value of a JSON body, as arrays and objects."""

        async def read() -> Any:
            return to_js(await self._response.json())

        return promise(_rejected(read()))

    def arrayBuffer(self) -> PyodideTask[TypedArray]:
        """Return the body as memory."""

        async def read() -> TypedArray:
            return kinds["Uint8Array"](await self._response.bytes())

        return promise(_rejected(read()))

    bytes = arrayBuffer


async def _rejected(reading: Any) -> Any:
    """Await; what fails is an error of JavaScript's."""
    try:
        return await reading
    except AbortError as exc:
        name = "AbortError" if exc.code == "aborted" else "TypeError"
        raise JsError(name, str(exc)) from exc
    except OSError as exc:
        raise JsError("TypeError", str(exc)) from exc


def fetch(resource: Any, options: Any = None, /, **more: Any) -> PyodideTask[Response]:
    """Fetch a URL; the request starts at once. The options are those of pyfetch.

    The result is a `Response`; a failure is a JsException.
    """
    given = {**properties(options), **more}
    if "headers" in given:
        given["headers"] = _given(given["headers"])
    if isinstance(resource, Request):
        wanted = {"method": resource.method, "headers": _given(resource.headers)}
        wanted |= {"body": resource.body} if resource.body is not None else {}
        given = {"signal": resource.signal, **wanted, **given}
        resource = resource.url
    elif isinstance(resource, URL):
        resource = resource.href

    async def fetched() -> Response:
        return Response._of(await pyfetch(resource, **given))

    return promise(_rejected(fetched()))
