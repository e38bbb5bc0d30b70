# SPDX-License-Identifier: Apache-2.0
"""The client of the chat-completions protocol: asks, follows, tries again.

Requests go to the host's network, which knows the key.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, Final, Protocol

from amaru import _bridge, host
from amaru.chat.waiting import Waiting

__all__ = [
    "Client",
    "Fault",
    "Learnt",
    "Listener",
    "Response",
    "endpoint",
    "long_wait",
    "origin",
    "retry_after",
]

_PATH = "/chat/completions"
_PIECE = 64 * 1024
_RETRIES = 2
_REDIRECTS = 5
_CONNECT_SECONDS = 10.0
_LONGEST_PAUSE = 60.0
_LONGEST_WAIT = 86_400.0
_ERROR_SECONDS = 10.0
# Header fields whose values nobody else may see.
_SECRET: Final = re.compile(r"auth|cookie|key|password|secret|token", re.I)


class Listener(Protocol):
    """What is told that a request is sent again; false ends the trying."""

    def retrying(
        self, reason: str, seconds: float, attempt: int, attempts: int
    ) -> bool: ...


class Fault(Exception):
    """Why a turn has no answer, or not all of it; `failures` says what it means.

    `kind` is a code of the host's network, a row of the table in `failures`, or
    ``"status"`` for a response that refuses the request: `status` is then set, and
    `detail` is the body as it came. `reason` and `number` are those of the network's
    TransferError.
    """

    def __init__(
        self,
        kind: str,
        detail: str = "",
        status: int = 0,
        reason: str | None = None,
        number: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(kind, detail)
        self.kind, self.detail, self.status = kind, detail, status
        self.headers = headers or {}
        self.reason, self.number = reason, number


class Response:
    """A response whose body is still arriving.

    As a context manager it aborts the transfer on leaving, unless the body was read to
    its end.
    """

    def __init__(
        self, core: Any, exchange: int, status: int, fields: list[bytes]
    ) -> None:
        texts = [field.decode("latin-1") for field in fields]
        names = [name.lower() for name in texts[::2]]
        self.status = status
        self.headers = dict(zip(names, texts[1::2], strict=True))
        self.place = ""
        """Where redirects have led, if there were any."""
        self._core, self._exchange, self._ended = core, exchange, False
        coding = self.headers.get("content-encoding", "").strip().lower()
        self._coding = "" if coding == "identity" else coding
        self._packed = b""
        self._inflater: Any = None

    async def read(self) -> bytes | None:
        """Return the bytes that have arrived, which may be none; None at the end."""
        if self._coding and (piece := self._unpacked(self._packed)):
            return piece
        if self._ended:
            return None
        try:
            arrived: list[bytes] = await self._core.read_chunks(self._exchange)
        except Exception as exc:
            raise _fault(exc) from exc
        self._ended = not arrived
        if self._ended:
            return None
        body = b"".join(arrived)
        return self._unpacked(body) if self._coding else body

    async def rest(self, seconds: float) -> bytes:
        """Return what still arrives in a time, at most 64 KiB; faults end it early."""
        body = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while len(body) < _PIECE and (arrived := await self.read()) is not None:
                    body += arrived
                    # Reading what is there already does not let the loop run.
                    await asyncio.sleep(0)
        except (Fault, TimeoutError):
            pass
        return bytes(body[:_PIECE])

    def _unpacked(self, packed: bytes) -> bytes:
        """Unpack one piece of bounded size: a megabyte of gzip may hold a gigabyte."""
        # Imported here: no server is asked to compress, so few do.
        import zlib

        if self._coding not in ("gzip", "x-gzip", "deflate"):
            raise Fault("decoding", f"it is compressed with {self._coding}")
        self._inflater = self._inflater or zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            piece: bytes = self._inflater.decompress(packed, _PIECE)
        except zlib.error as exc:
            raise Fault("decoding", str(exc)) from exc
        self._packed = self._inflater.unconsumed_tail
        return piece

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            self._ended = True
            self._core.cancel(self._exchange)


class Learnt:
    """What a server has turned out to know."""

    counts_tokens = True


class Client:
    """Asks one server for completions."""

    def __init__(self, settings: host.Settings, learnt: Learnt | None = None) -> None:
        self.settings = settings
        self._learnt = learnt or Learnt()

    async def ask(
        self, messages: list[dict[str, Any]], turn: Listener, waiting: Waiting
    ) -> Response:
        """Return the response that holds the answer to `messages`.

        A fault that may pass is tried again, each time announced on `turn`; the last
        one is raised as `Fault`. Nothing is repeated once there is a response.
        """
        attempt = 0
        while True:
            try:
                return await self._post(self._request(messages))
            except Fault as fault:
                refused = "stream_options" in fault.detail and fault.status in (
                    400,
                    422,
                )
                if refused and self._learnt.counts_tokens:
                    # Older servers do not know it: the count is not asked for again.
                    self._learnt.counts_tokens = False
                    continue
                from amaru.chat.failures import describe, may_pass

                if attempt == _RETRIES or not may_pass(fault):
                    raise
                seconds = _pause(fault, attempt)
                attempt += 1
                reason = describe(fault, self.settings)[1]
                if not turn.retrying(reason, seconds, attempt, _RETRIES):
                    raise
            with waiting.paused():
                await asyncio.sleep(seconds)

    def preview(self, messages: list[dict[str, Any]]) -> str:
        """Return the request as it would go out, with secrets masked."""
        url = endpoint(self.settings.base_url)
        body = _encoded(self._request(messages))
        fields = {"Host": origin(url).partition("://")[2]}
        fields |= self._fields(url, body) | {"Content-Length": str(len(body))}
        lines = [f"POST {url}"]
        for name, value in fields.items():
            scheme = "Bearer " if value.startswith("Bearer ") else ""
            lines.append(f"{name}: {scheme + '***' if _SECRET.search(name) else value}")
        text = body.decode()
        if key := self.settings.api_key:
            text = text.replace(key, "***")
        return "\n".join([*lines, "", text])

    def _request(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        settings = self.settings
        request: dict[str, Any] = {"model": settings.model, "messages": messages}
        request["stream"] = settings.streams
        if settings.streams and self._learnt.counts_tokens:
            request["stream_options"] = {"include_usage": True}
        if settings.schema is not None:
            schema = {"name": "answer", "schema": settings.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request | settings.options

    async def _post(self, request: dict[str, Any]) -> Response:
        body: bytes | None = _encoded(request)
        method, url = "POST", endpoint(self.settings.base_url)
        visited: list[tuple[str, str]] = []
        while True:
            try:
                response = await self._send(method, url, body)
            except Fault as fault:
                if visited and fault.kind == "connect":
                    raise Fault("redirects", f"{url}: {fault.detail}") from fault
                raise
            if 200 <= response.status < 300:
                response.place = url if visited else ""
                return response
            with response:
                location = response.headers.get("location")
                if response.status not in (301, 302, 303, 307, 308) or not location:
                    refusal = (await response.rest(_ERROR_SECONDS)).decode(
                        "utf-8", "replace"
                    )
                    # Where the request went in the end, if not where it was sent.
                    headers = response.headers | {"location": url if visited else ""}
                    raise Fault("status", refusal, response.status, headers=headers)
            visited.append((method, url))
            if response.status < 304:
                # As browsers do, and every client after them.
                method, body = "GET", None
            from urllib.parse import urldefrag, urljoin

            try:
                url = urldefrag(urljoin(url, location)).url
            except ValueError as exc:
                raise Fault("redirects", f"{location}: {exc}") from exc
            if (method, url) in visited or len(visited) > _REDIRECTS:
                raise Fault("redirects", f"the last leads to {url}")

    async def _send(self, method: str, url: str, body: bytes | None) -> Response:
        """Return the response as soon as its head has arrived."""
        fields = self._fields(url, body)
        flat = [part.encode() for pair in fields.items() for part in pair]
        # Reading waits as long as the user lets an answer stall; 0 is without limit.
        stall = self.settings.stall_timeout
        timeouts = dict.fromkeys(("read", "write", "pool"), stall) if stall else {}
        timeouts["connect"] = _CONNECT_SECONDS
        core = _bridge.http()
        try:
            exchange = core.open(method, url, flat, body, False, timeouts)
            try:
                status, _, _, flat = await core.head(exchange)
            except BaseException:
                core.cancel(exchange)
                raise
        except Exception as exc:
            raise _fault(exc) from exc
        return Response(core, exchange, status, flat)

    def _fields(self, url: str, body: bytes | None) -> dict[str, str]:
        fields = {
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "amaru",
        }
        if body is not None:
            fields["Content-Type"] = "application/json"
        settings = self.settings
        if origin(url) != origin(settings.base_url):
            return fields
        if settings.api_key:
            fields["Authorization"] = f"Bearer {settings.api_key}"
        # What the user has set takes the place of ours, in whichever case.
        own = {name.lower() for name in settings.headers}
        fields = {n: value for n, value in fields.items() if n.lower() not in own}
        return fields | settings.headers


def _encoded(request: dict[str, Any]) -> bytes:
    text = json.dumps(request, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Through UTF-16: pairs of surrogates are joined, lone ones replaced.
        pairs = text.encode("utf-16-le", "surrogatepass")
        return pairs.decode("utf-16-le", "replace").encode()


def _fault(exc: Exception) -> Fault:
    if isinstance(exc, _bridge.http().TransferError):
        return Fault(exc.code, exc.message, 0, exc.reason, exc.number)
    return Fault("transport", f"{type(exc).__name__}: {exc}")


def _pause(fault: Fault, attempt: int) -> float:
    """Return the seconds that the server asks for, else more with each attempt."""
    asked = _asked(fault.headers)
    if 0 < asked <= _LONGEST_PAUSE:
        return asked
    from random import random

    return min(0.5 * 2.0**attempt, 8.0) * (1 - 0.25 * random())


def long_wait(fault: Fault) -> float:
    """Return the seconds that the server asks to wait, if they are too many."""
    asked = _asked(fault.headers)
    return asked if _LONGEST_PAUSE < asked < float("inf") else 0.0


def retry_after(exc: BaseException) -> float | None:
    """Return the seconds after which the same may succeed, if `exc` says so."""
    # That of a script's own may be anything.
    seconds: Any = getattr(exc, "retry_after", None)
    if isinstance(exc, Fault) and (exc.status == 429 or exc.status >= 500):
        seconds = _asked(exc.headers)
    if isinstance(seconds, (int, float)) and 0 < seconds < float("inf"):
        return float(min(seconds, _LONGEST_WAIT))
    return None


def _asked(headers: dict[str, str]) -> float:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return float(headers.get(name, "")) * unit
        except ValueError:
            continue
    import time
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
        return date.timestamp() - time.time()
    except (OverflowError, ValueError):
        return 0.0


def endpoint(base_url: str) -> str:
    """Return where completions are asked for; raise `Fault` if that cannot be told.

    The base may end in slashes or in the endpoint's own path, and may have a query.
    """
    base, _, query = base_url.partition("#")[0].partition("?")
    scheme, _, rest = base.partition("://")
    authority, _, path = rest.partition("/")
    if scheme.lower() not in ("http", "https") or not authority:
        raise Fault("unsupported_protocol", "it does not begin with http:// and a host")
    if "@" in authority:
        raise Fault("user_info")
    path = f"/{path}".rstrip("/").removesuffix(_PATH) + _PATH
    return f"{scheme}://{authority}".lower() + path + (f"?{query}" if query else "")


def origin(url: str) -> str:
    """Return scheme, host and port of a URL; no user name, path or query."""
    scheme, mark, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    return f"{scheme}{mark}{authority}".lower() if authority else url
