# SPDX-License-Identifier: Apache-2.0
"""`pyfetch`: the function `fetch` of the web, for Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pyodide.http import _local, _network, _url
from pyodide.http._answer import Answer
from pyodide.http._base import base
from pyodide.http._errors import AbortError
from pyodide.http._integrity import hashes, verified
from pyodide.http._request import Request
from pyodide.http._response import FetchResponse
from pyodide.http._signal import AbortController, AbortSignal, follow

__all__ = ["address", "pyfetch"]

_REDIRECT: Final = ("follow", "error", "manual")
# They speak of a browser's cookies, cache, policies and scheduling, which are not here.
_IGNORED: Final = frozenset(
    {
        "browsingTopics",
        "cache",
        "credentials",
        "duplex",
        "keepalive",
        "mode",
        "priority",
        "referrer",
        "referrerPolicy",
        "window",
    }
)
_USED: Final = ("method", "headers", "body", "redirect", "integrity")


async def pyfetch(
    request: Any,
    /,
    *,
    signal: Any = None,
    fetcher: Callable[[str, dict[str, Any]], Any] | None = None,
    **options: Any,
) -> FetchResponse:
    """Fetch a URL; return as soon as the headers of the response are there.

    `request` is a URL, relative ones included (`set_base`), or an object with a `url`
    and perhaps `method`, `headers` and `body`. Of the options of the web's ``fetch``,
    `method`, `headers`, `body` and `redirect` do what they do there; `mode`,
    `credentials`, `cache`, `referrer` and the like are accepted and mean nothing, as
    there are no cookies, no cache and no page around this program.
    ``redirect="manual"`` gives the redirect itself, as fetch does in servers.

    With `integrity`, such as ``"sha256-…"``, the whole body is read and compared first,
    and one that differs is not given.

    `signal` aborts the fetch, before and inside the body; so does cancelling the task.
    `fetcher` takes the place of the network: it is called with the URL and the options,
    and returns a FetchResponse or an awaitable of one.

    Raises AbortError if the server cannot be reached, breaks off or may not be asked;
    a status such as 404 is a response like others. There is no time limit:
    ``signal=AbortSignal.timeout(5000)`` sets one.
    """
    url, given = _given(request, options)
    controller = AbortController()
    if signal is not None:
        follow(signal, controller)
    controller.signal.throwIfAborted()
    if fetcher is not None:
        if signal is not None:
            options["signal"] = signal
        response = await _fetched(fetcher, url, options)
        if signal is not None:
            follow(signal, response._controller)
        return response
    wanted = hashes(given.get("integrity") or "")
    answer = await _answer(url, given, controller.signal)
    if wanted is not None:
        answer.source = await verified(
            answer.source, wanted, answer.url, controller.signal
        )
    return FetchResponse._of(answer, controller)


def _given(request: Any, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the URL, and what is known about the request; refuse what nobody knows."""
    for name in options:
        if name not in _IGNORED and name not in _USED:
            known = ", ".join(sorted([*_IGNORED, *_USED]))
            raise TypeError(f"pyfetch has no option {name!r}; it knows {known}")
    given: dict[str, Any] = {}
    if isinstance(request, str):
        url = request
    elif hasattr(request, "url"):
        url = str(request.url)
        for name in ("method", "headers", "body"):
            value = getattr(request, name, None)
            if value is not None and not callable(value):
                given[name] = value
        if "body" not in given and isinstance(getattr(request, "content", None), bytes):
            given["body"] = request.content or None
    elif isinstance(href := getattr(request, "href", None), str):
        url = href
    else:
        raise TypeError(f"cannot fetch a {type(request).__name__}; pass a URL as str")
    given.update({name: options[name] for name in _USED if name in options})
    if given.setdefault("redirect", "follow") not in _REDIRECT:
        raise ValueError(f"redirect must be one of {', '.join(_REDIRECT)}")
    return url, given


async def _fetched(fetcher: Any, url: str, options: dict[str, Any]) -> FetchResponse:
    response = fetcher(url, options)
    if inspect.isawaitable(response):
        response = await response
    # What the module js has is made of one.
    response = getattr(response, "_response", response)
    if not isinstance(response, FetchResponse):
        raise TypeError(
            f"the fetcher must give a FetchResponse, not {type(response).__name__}"
        )
    return response


async def _answer(url: str, given: dict[str, Any], signal: AbortSignal) -> Answer:
    method, headers = given.get("method", "GET"), given.get("headers")
    target = address(url, method)
    if isinstance(target, Answer):
        # What fetch refuses is refused for a file, too.
        Request.made("http://localhost/", method, headers, given.get("body"))
        return target
    request = Request.made(target, method, headers, given.get("body"))
    return await _network.request(request, given["redirect"], signal)


def address(url: str, method: str) -> Answer | str:
    """Return the absolute URL to ask, or the answer if it is here already."""
    url = _url.stripped(url)
    if urlsplit(url).scheme == "data":
        return _local.from_data(url)
    root = base()
    if isinstance(root, Path):
        if _local.is_local(url, root):
            return _local.from_folder(url, root, method.upper())
        root = ""
    try:
        return _url.absolute(url, root)
    except ValueError as exc:
        raise AbortError(str(exc), code="unsupported_protocol") from exc
