# SPDX-License-Identifier: Apache-2.0
"""The one table from what can go wrong with a turn to what the user is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from amaru.chat.chunks import error_text
from amaru.host import Settings
from amaru.transport._errors import names_tls

__all__ = ["Failure", "Fault", "describe", "origin"]


class Fault(Exception):
    """An answer that cannot be used, found while it was read."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail

    def __str__(self) -> str:
        return self.detail or self.kind


@dataclass(frozen=True, slots=True)
class Failure:
    """What the user is told: a code, what happened to what, and what to do."""

    code: str
    message: str
    remedy: str


class _Row(NamedTuple):
    code: str
    message: str
    remedy: str


# {origin} scheme://host:port of the base URL, {url} the base URL, {detail} the text of
# the fault or of the server, {model} and {stall} from the settings.
_V1: Final = "check the base URL ({url}): is it missing /v1?"
_SERVER: Final = "try again in a moment; if it persists, look at the server's log"
_ROWS: Final[dict[str, _Row]] = {
    # By status.
    "400": _Row(
        "bad_request",
        "{origin} refused the request (400): {detail}",
        "check that the model {model} takes such a request; a conversation that has "
        "become too long must be started anew",
    ),
    "401": _Row(
        "authentication",
        "{origin} refused the key (401): {detail}",
        "check the key in the environment variable or key file given for {origin}",
    ),
    "402": _Row(
        "rate_limit",
        "{origin} asks for payment (402): {detail}",
        "add credit to the account that the key belongs to",
    ),
    "403": _Row(
        "authentication",
        "{origin} does not allow this key to do that (403): {detail}",
        "check that the key's project may use the model {model}",
    ),
    "404": _Row("not_found", "{origin} knows nothing there (404): {detail}", _V1),
    "404 model": _Row(
        "not_found",
        "{origin} does not have the model {model} (404): {detail}",
        "choose one that it has with --model",
    ),
    "408": _Row("timeout", "{origin} timed out (408): {detail}", "try again"),
    "409": _Row("server", "{origin} reports a conflict (409): {detail}", "try again"),
    "413": _Row(
        "bad_request",
        "{origin} finds the message too large (413): {detail}",
        "send less, or start the conversation anew",
    ),
    "422": _Row(
        "bad_request",
        "{origin} cannot process the request (422): {detail}",
        "check that the model {model} takes such a request",
    ),
    "429": _Row(
        "rate_limit",
        "{origin} is limiting requests (429): {detail}",
        "wait a little and try again, or check the quota of the key",
    ),
    "429 quota": _Row(
        "rate_limit",
        "the quota at {origin} is used up (429): {detail}",
        "check plan and billing of the account that the key belongs to",
    ),
    "4xx": _Row(
        "bad_request", "{origin} refused the request ({status}): {detail}", _V1
    ),
    "5xx": _Row("server", "{origin} failed ({status}): {detail}", _SERVER),
    # By exception of the client, the innermost one that is named here.
    "ConnectTimeout": _Row(
        "timeout",
        "{origin} did not accept a connection in time: {detail}",
        "check the address and the network, or the proxy if there is one",
    ),
    "TimeoutException": _Row(
        "timeout",
        "{origin} did not answer in time: {detail}",
        "try again; if the model is slow, raise the stall timeout ({stall} s) "
        "with --stall-timeout",
    ),
    "ConnectError": _Row(
        "connection",
        "cannot connect to {origin}: {detail}",
        "check the address and the network",
    ),
    "ConnectError refused": _Row(
        "connection",
        "cannot connect to {origin}: {detail}",
        "is the server running, and is the port right?",
    ),
    "ConnectError name": _Row(
        "connection",
        "cannot find the host of {origin}: {detail}",
        "check the spelling of the base URL ({url}) and that this machine is online",
    ),
    "ConnectError tls": _Row(
        "tls",
        "no trusted connection to {origin}: {detail}",
        "check the date of this machine and its certificate authorities "
        "(SSL_CERT_FILE), or use http:// if the server has no TLS",
    ),
    "ProxyError": _Row(
        "connection",
        "the proxy did not let {origin} be reached: {detail}",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    "UnsupportedProtocol": _Row(
        "bad_request",
        "the base URL {url} cannot be used: {detail}",
        "give a base URL that begins with https:// or http://",
    ),
    "LocalProtocolError": _Row(
        "bad_request",
        "the request to {origin} was not sent: {detail}",
        "check the base URL ({url}) and which address the key is meant for",
    ),
    "TransportError": _Row(
        "connection",
        "the connection to {origin} broke: {detail}",
        "try again",
    ),
    "DecodingError": _Row(
        "not_openai", "{origin} sent a body that cannot be decoded: {detail}", _SERVER
    ),
    # By fault of the answer.
    "html": _Row(
        "not_openai",
        "{origin} answered with {detail} instead of a stream of events",
        _V1,
    ),
    "not a stream": _Row(
        "not_openai",
        "{origin} answered with {detail} instead of a stream of events",
        _V1,
    ),
    "malformed": _Row(
        "not_openai",
        "{origin} sent an event that is not a piece of a chat completion: {detail}",
        _V1,
    ),
    "in stream": _Row("server", "{origin} broke the answer off: {detail}", _SERVER),
    "incomplete": _Row(
        "incomplete",
        "the answer of {origin} ended before it was finished: {detail}",
        "what came is kept; ask it to continue",
    ),
    "stall": _Row(
        "stall",
        "{origin} sent nothing more of the answer for {stall} s",
        "try again; if the model is slow, raise the stall timeout with --stall-timeout",
    ),
    # Anything else is a fault of this program or of the SDK under it.
    "ModuleNotFoundError": _Row(
        "internal",
        "a package is missing: {detail}",
        "install the packages of the chat again",
    ),
    "Exception": _Row(
        "internal", "unexpected {detail}", "please report this; the chat goes on"
    ),
}

_REFUSED: Final = re.compile(r"refused|ECONNREFUSED", re.I)
_NAME: Final = re.compile(
    r"\bDNS\b|resol|name or service|nodename|getaddrinfo|EAI_|unknown host", re.I
)
# What the network advises gives way to the remedy, which knows of the chat's options.
_ADVICE: Final = re.compile(r"\. (?:Check|Make|Put|Trust|Use) [^.]*\.?$")
_SECRET: Final = re.compile(r"\b(sk-|Bearer\s+|key-)[^\s\"'.,;]{6,}")


def origin(base_url: str) -> str:
    """Return scheme, host and port of a URL; no user name, path or query."""
    parts = urlsplit(base_url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if host else base_url


def describe(exc: BaseException, settings: Settings) -> Failure:
    """Say what `exc` means to the user of a chat with `settings`."""
    key, detail, status = _classify(exc)
    row = _ROWS[key]
    values = {
        "origin": origin(settings.base_url),
        "url": settings.base_url,
        "model": settings.model,
        "stall": f"{settings.stall_timeout:g}",
        "status": status,
        "detail": _presentable(detail, settings) if detail else "",
    }
    # A detail that is absent leaves its blanks behind.
    message = " ".join(row.message.format(**values).split()).removesuffix(":")
    return Failure(row.code, message, row.remedy.format(**values))


def _classify(exc: BaseException) -> tuple[str, str, str]:
    """Return the row's key, the detail and the status, if there is one."""
    chain = list(_causes(exc))
    for link in chain:
        if isinstance(link, Fault):
            return link.kind, link.detail, ""
        status = getattr(link, "status_code", None)
        if isinstance(status, int):
            return _by_status(link, status), _server_text(link), str(status)
    # The innermost names the reason; the outer ones say "Connection error."
    for link in reversed(chain):
        for kind in type(link).__mro__:
            if kind.__name__ == "ConnectError":
                return _kind_of_connect_error(str(link)), str(link), ""
            if kind.__name__ in _ROWS and kind is not Exception:
                return kind.__name__, str(link), ""
    return "Exception", f"{type(exc).__name__}: {exc}", ""


def _causes(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = exc
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__


def _by_status(exc: BaseException, status: int) -> str:
    text = f"{getattr(exc, 'code', '')} {_server_text(exc)}".lower()
    if status == 404 and "model" in text:
        return "404 model"
    if status == 429 and ("insufficient_quota" in text or "billing" in text):
        return "429 quota"
    if str(status) in _ROWS:
        return str(status)
    return "5xx" if status >= 500 else "4xx"


def _server_text(exc: BaseException) -> str:
    body = getattr(exc, "body", None)
    if isinstance(body, dict):
        return error_text(body)
    text = body if isinstance(body, str) else ""
    return page_title(text) or text


def _kind_of_connect_error(message: str) -> str:
    if names_tls(message):
        return "ConnectError tls"
    if _REFUSED.search(message):
        return "ConnectError refused"
    return "ConnectError name" if _NAME.search(message) else "ConnectError"


def page_title(text: str) -> str:
    """Return the title of an HTML page, or an empty text."""
    found = re.search(r"<title[^>]*>(.*?)</title>", text, re.I | re.S)
    return " ".join(found[1].split()) if found else ""


def _presentable(detail: str, settings: Settings) -> str:
    """One short line without anything that looks like a key.

    Servers quote the key that they refuse; the placeholder means nothing to the user.
    """
    if settings.api_key:
        detail = detail.replace(settings.api_key, "the key")
    detail = _ADVICE.sub("", detail)
    detail = detail.removeprefix(f"could not connect to {origin(settings.base_url)}: ")
    line = " ".join(_SECRET.sub(r"\1…", detail).split())
    return line if len(line) <= 300 else f"{line[:299]}…"
