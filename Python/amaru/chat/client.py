# SPDX-License-Identifier: Apache-2.0
"""The client of the chat-completions protocol: asks, follows, tries again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from amaru import host
from amaru.chat.address import endpoint, origin
from amaru.chat.transport import Fault, Response, send

__all__ = ["Client"]

_RETRIES = 2
_REDIRECTS = 5
_CONNECT_SECONDS = 10.0
_LONGEST_PAUSE = 60.0
_ERROR_SECONDS = 10.0


class Client:
    """Asks one server for completions."""

    def __init__(self, settings: host.Settings) -> None:
        self._settings = settings
        self._counts_tokens = True

    async def ask(self, messages: list[dict[str, str]], turn: host.Turn) -> Response:
        """Return the response that holds the answer to `messages`.

        A fault that may pass is tried again, each time announced on `turn`; the last
        one is raised as `Fault`. Nothing is repeated once there is a response.
        """
        attempt = 0
        while True:
            try:
                return await self._complete(messages)
            except Fault as fault:
                from amaru.chat.failures import describe, may_pass

                if attempt == _RETRIES or not may_pass(fault):
                    raise
                seconds = _pause(fault, attempt)
                attempt += 1
                reason = describe(fault, self._settings)[1]
                if not turn.retrying(reason, seconds, attempt, _RETRIES):
                    raise
            await asyncio.sleep(seconds)

    async def _complete(self, messages: list[dict[str, str]]) -> Response:
        request = {"model": self._settings.model, "messages": messages, "stream": True}
        if self._counts_tokens:
            options = {"stream_options": {"include_usage": True}}
            try:
                return await self._post(_encoded(request | options))
            except Fault as fault:
                is_refused = fault.status in (400, 422)
                if not is_refused or "stream_options" not in fault.detail:
                    raise
                # Older servers do not know it: the count is not asked for again.
                self._counts_tokens = False
        return await self._post(_encoded(request))

    async def _post(self, body: bytes | None) -> Response:
        method, url = "POST", endpoint(self._settings.base_url)
        visited: list[tuple[str, str]] = []
        # Reading waits as long as the user lets an answer stall; 0 is without limit.
        stall = self._settings.stall_timeout
        timeouts = dict.fromkeys(("read", "write", "pool"), stall) if stall else {}
        timeouts["connect"] = _CONNECT_SECONDS
        while True:
            fields = self._fields(url, body)
            try:
                response = await send(method, url, fields, body, timeouts)
            except Fault as fault:
                if visited and fault.kind == "connect":
                    raise Fault("redirects", f"{url}: {fault.detail}") from fault
                raise
            if 200 <= response.status < 300:
                return response
            with response:
                location = response.headers.get("location")
                if response.status not in (301, 302, 303, 307, 308) or not location:
                    body = await response.rest(_ERROR_SECONDS)
                    # Where the request went in the end, if not where it was sent.
                    headers = response.headers | {"location": url if visited else ""}
                    text = body.decode("utf-8", "replace")
                    raise Fault("status", text, response.status, headers)
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

    def _fields(self, url: str, body: bytes | None) -> list[bytes]:
        fields = {
            "Host": origin(url).partition("://")[2],
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "amaru",
        }
        if body is not None:
            fields["Content-Type"] = "application/json"
            fields["Content-Length"] = str(len(body))
        key = self._settings.api_key
        if key and origin(url) == origin(self._settings.base_url):
            fields["Authorization"] = f"Bearer {key}"
        return [part.encode() for pair in fields.items() for part in pair]


def _encoded(request: dict[str, Any]) -> bytes:
    # Through UTF-16: pairs of surrogates are joined, lone ones replaced.
    text = json.dumps(request, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
    return text.decode("utf-16-le", "replace").encode()


def _pause(fault: Fault, attempt: int) -> float:
    """Return the seconds that the server asks for, else more with each attempt."""
    asked = _asked(fault.headers)
    if 0 < asked <= _LONGEST_PAUSE:
        return asked
    from random import random

    return min(0.5 * 2.0**attempt, 8.0) * (1 - 0.25 * random())


def _asked(headers: dict[str, str]) -> float:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return float(headers.get(name, "")) * unit
        except ValueError:
            continue
    import time
    from email.utils import mktime_tz, parsedate_tz

    try:
        date = parsedate_tz(headers.get("retry-after", ""))
        return mktime_tz(date) - time.time() if date else 0.0
    except (OverflowError, ValueError):
        return 0.0
