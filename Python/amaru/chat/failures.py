# SPDX-License-Identifier: Apache-2.0
"""The one table from what can go wrong to what the user is told.

Imported only once something has gone wrong.
"""

from __future__ import annotations

import errno
import math
import os
import re
import sys
import traceback
from typing import Any, Final

from amaru import host
from amaru._distributions import DISTRIBUTIONS, likely_module
from amaru._pieces import ChatError
from amaru.chat.answer import error_text
from amaru.chat.client import Fault, long_wait, retry_after
from amaru.chat.client import origin as origin_of

__all__ = ["ANY_KEY", "advice", "describe", "may_pass", "script_failure"]

Failure = tuple[str, str, str, float | None]
"""A code, what happened to what, what to do, and in how many seconds to try again."""

# A line for each fault: its names, the code, and what happened; below one or several,
# what to do. {origin} is scheme, host and port of the base URL {url}. The status is put
# after the first line, and then what the server or the network said, {detail}.
_TABLE: Final = """\
400 bad_request {origin} refused the request
    check that the model {model} accepts it; start over if the conversation is too long
401 authentication {origin} rejected the key
    check the key{source}
402 rate_limit {origin} asks for payment
    add credit to the account that the key belongs to
401_no_key authentication {origin} wants a key
    {key_remedy}
403 authentication {origin} does not allow this key to do that
    check that the key's project may use the model {model}
404 not_found {origin} has nothing at that path
4xx bad_request {origin} refused the request
not_a_stream not_openai {origin} answered with something other than a chat completion
malformed not_openai {origin} sent an event that is not a piece of a chat completion
    check the base URL ({url}){version}
404_model no_model {origin} does not have the model {model}
    choose one that it has with --model; amaru models lists them
login not_openai {origin} wants you to sign in with a browser
    something between may ask for it: sign in there, or check the base URL ({url})
400_option bad_request {origin} refused the option {option}
    check its name and its value, or leave it out
400_schema bad_request {origin} refused the JSON schema
    check that the model {model} answers by a schema, or leave it out
misfit schema the answer does not fit the schema
    try again, or ask a model that keeps to a schema
schema bad_schema the schema cannot be used
    correct the schema; nothing was sent
408 timeout {origin} timed out
409 server {origin} reports a conflict
transport connection the connection to {origin} broke
    try again
413 bad_request the message is too long for {origin}
    send less, or start a new conversation
422 bad_request {origin} cannot process the request
    check that the model {model} accepts such a request
429 rate_limit {origin} is limiting requests
    wait a little and try again, or check the quota of the key
429_quota rate_limit the quota at {origin} is used up
    check plan and billing of the account that the key belongs to
5xx server {origin} failed
in_stream server {origin} broke off the answer
    try again in a moment; if it happens again, look at the server's log
connect connection cannot connect to {origin}
    check the address and the network
connect_refused connection cannot connect to {origin}
    is the server running, and is the port right?
connect_name connection cannot find the host of {origin}
    check the spelling of the base URL ({url}) and that this machine is online
connect_tls tls cannot make a secure connection to {origin}
    check the base URL ({url}), the date of this machine and SSL_CERT_FILE
connect_timeout timeout {origin} did not accept a connection in time
    check the address and the network, or the proxy if there is one
read_timeout|pool_timeout|write_timeout timeout {origin} did not answer in time
stall stall {origin} sent nothing more of the answer for {stall} s
    try again; if the model is slow, raise the stall timeout with --stall-timeout
stall_first stall {origin} sent nothing of the answer for {stall} s
    try again; if the model is slow, raise the stall timeout with --stall-timeout
proxy connection the proxy did not connect to {origin}
    check HTTPS_PROXY and NO_PROXY
unsupported_protocol bad_request the base URL {url} cannot be used
    use a base URL that begins with https:// or http://, followed by a host
user_info bad_request the base URL {url} has a user name or password in it
    leave that out, and give the key by OPENAI_API_KEY or --key-env
local_protocol bad_request the request to {origin} was not sent
    check the base URL ({url})
not_allowed bad_request the request to {origin} was not sent
    name every origin that it may go to with --allow-net, or check the base URL ({url})
not_recorded bad_request nothing is recorded for this request to {origin}
    record the session again with --record
secret_refused bad_request the request to {origin} was not sent
    check the base URL ({url}), or say where the key may go with --key-env NAME@ORIGIN
redirects not_openai {origin} keeps redirecting
    check the base URL ({url}), or the configuration of the server
decoding not_openai {origin} sent a body that cannot be decoded
    check the server, or the proxy in front of it
incomplete incomplete the answer of {origin} ended before it was finished
    what came is kept; ask it to continue
too_long incomplete the answer of {origin} was cut off: it is longer than 16 MiB
    what came is kept; ask for less
module internal a package is missing
    if it is not a module of yours, add it with --with {detail}
own_module internal a module of yours is not on Python's path
    name the folder that has it in PYTHONPATH
standard_module internal Python lacks {detail} here, a module of its own
    the system may have a package of it, as apt install python3-tk for tkinter
misspelt_module internal a module is missing
    did you mean {similar}? If not, add it with --with {detail}
page_module internal this module exists only in a web page with Pyodide
    `amaru check` says what to use; or guard it with `except ImportError`
unexpected internal something unexpected happened
    please report this fault
"""
# What to do about a key that is missing, if the host does not know better.
ANY_KEY: Final = "set the variable OPENAI_API_KEY, or name another one with --key-env"
_ROWS: Final = {
    name: (code, message, remedy)
    for heads, remedy in re.findall(r"((?:\S.*\n)+) +(.*)\n", _TABLE)
    for names, code, message in re.findall(r"(\S+) (\S+) (.*)\n", heads)
    for name in names.split("|")
}

# Faults of the network that may have passed a second later.
_PASSING: Final = frozenset(
    "connect connect_timeout pool_timeout proxy read read_timeout remote_protocol "
    "transport write write_timeout".split()
)
# The rows for what lies beneath a fault of the network.
_BENEATH: Final = {
    ("connect", "certificate"): "connect_tls",
    ("connect", "tls"): "connect_tls",
    ("connect", "unknown_host"): "connect_name",
    # A replay refuses what it has no answer for.
    ("not_allowed", "not_recorded"): "not_recorded",
}
# What the network advises gives way to the remedy, which knows of the chat's options.
_ADVICE: Final = re.compile(
    r"\. (?:Add|Allow|Check|Leave|Make|Put|Record|Trust|Use) (?:[^.]|\.(?=\S))*\.?$"
)
# A base URL that ends as most do.
_VERSIONED: Final = re.compile(r"/v\d+\w*/?$")
# A page that asks for a password, or the address of one.
_LOGIN: Final = re.compile(
    r"<input[^>]*type=[\"']?password|<form[^>]*(?:login|sign-?in|auth)"
    r"|<title[^>]*>[^<]*(?:log ?in|sign[- ]?in|single sign-on|captive portal)",
    re.I,
)
_LOGIN_PLACE: Final = re.compile(
    r"/[^?]*(?:log-?in|sign-?in|sso|oauth|saml|auth)", re.I
)
# A server that has no such model says so with other statuses too.
_NO_MODEL: Final = re.compile(
    r"model[^.]{0,200}(?:not (?:found|exist|available|supported)|n't exist|unknown)"
    r"|(?:unknown|invalid|no such|unsupported)[ _]model|model_not_found",
    re.I,
)
_SECRET: Final = re.compile(
    r"\b((?:[cprs]k|key|nvapi|pplx|glpat|xai|xapp|xox[a-z]|csk)-"
    r"|(?:gsk|hf|r8|gh[oprsu]|github_pat|tgp_v\d|[prs]k_(?:live|test))_|AIza"
    r"|AKIA|ya29\.|eyJ|(?:Bearer|Basic)\s+(?!auth|scheme)"
    r"|(?:api[-_ ]?key|token|secret|password|authorization)[\"']?\s*[:=]\s*[\"']?"
    r"(?=[^\s\"',;&]*\d))[^\s\"',;&)]{6,}",
    re.I,
)
# Files that are no part of the script, although they may be below its folder.
_AMARU: Final = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_LIBRARY: Final = re.compile(
    rf"{re.escape(os.path.join(os.path.dirname(os.__file__), ''))}"
    r"|.*/(?:site|dist)-packages/"
)


def describe(exc: BaseException, settings: host.Settings) -> Failure:
    """Say what `exc` means to the user of a chat with `settings`."""
    if isinstance(exc, ChatError):
        return exc.code, exc.message, exc.remedy, retry_after(exc)
    fault = exc if isinstance(exc, Fault) else _missing(exc)
    fault = fault or Fault("unexpected", _words(exc))
    row, detail = _row(fault)
    option = _refused_option(fault, settings) if row in ("400", "422") else ""
    if option:
        row = "400_schema" if option == "response_format" else "400_option"
    # Servers quote the key that they refuse; the placeholder means nothing to the user.
    if key := settings.api_key:
        detail = detail.replace(key, "the key")
    elif row == "401" and settings.model:
        row = "401_no_key"
    code, message, remedy = _ROWS[row]
    scheme, mark, rest = settings.base_url.partition("?")[0].partition("://")
    # Without a user name, and without the query: both may hold secrets.
    url = scheme + mark + re.sub(r"^[^/]*@", "", rest)
    origin, variable = origin_of(settings.base_url), settings.key_variable
    detail = _ADVICE.sub("", _masked(detail))
    # The row says that already.
    said = r'could not (connect to|find the host "[^"]*" of) '
    detail = re.sub(rf"^{said}{re.escape(origin)}(:\d+)?: ", "", detail)
    key_remedy = settings.key_remedy
    source = f" in the variable {variable}" if variable else f" for {origin}"
    if key_remedy and not variable:
        source += f": {key_remedy}"
    values = {"origin": origin, "url": url, "model": settings.model, "option": option}
    message = message.format(stall=f"{settings.stall_timeout:g}", **values)
    remedy = remedy.format(
        detail=detail,
        similar=likely_module(detail) if row == "misspelt_module" else "",
        source=source,
        key_remedy=key_remedy or ANY_KEY,
        version="" if _VERSIONED.search(url) else ": is it missing /v1?",
        **values,
    )
    where = _masked(fault.headers.get("location", ""))
    if where and row != "login":
        remedy = f"the base URL redirects to {where}: use that address"
    if (seconds := long_wait(fault)) and row != "429_quota":
        remedy = f"the server asks to wait {_duration(seconds)}"
    if fault.status:
        message += f" ({fault.status})"
    if detail:
        message += f": {detail}" if len(detail) <= 300 else f": {detail[:299]}…"
    # A quota that is used up stays so for longer.
    wait = None if row == "429_quota" else retry_after(fault)
    return code, message, " ".join(remedy.split()), wait


def script_failure(exc: BaseException, origin: str = "", *seen: Any) -> Failure:
    """Say what a script raised, with what the network last saw of its requests.

    A script may hide what its server said: the host has seen the real status, or the
    real error. `seen` is a `Fault` of `origin` in parts; its status may be a good one.
    """
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    wait = retry_after(exc)
    if isinstance(exc, ChatError):
        return exc.code, exc.message, exc.remedy, wait
    stopped = f"the script raised {_masked(_words(exc))}"
    place = _place(exc).encode("utf-8", "replace").decode()
    if isinstance(exc, EOFError) and str(exc) == "EOF when reading a line":
        ended = "the input ended when the script asked for a line"
        return "script", f"{ended}{place}", "", None
    settings = host.Settings(model="", base_url=origin)
    if missing := _missing(exc):
        return "script", f"{stopped}{place}", describe(missing, settings)[2], None
    fault = Fault(*seen or ("status",))
    if origin and (fault.kind != "status" or fault.status >= 400):
        code, message, remedy, _ = describe(fault, settings)
        if "the base URL" in remedy:
            # The script may have asked for anything.
            remedy = "check the address that the script asks"
        return code, f"{message}; {stopped}{place}", remedy, wait
    if origin and fault.status:
        stopped = f"{origin} answered {fault.status}, then {stopped}"
    return "script", stopped, f"fix the script{place}", wait


def _refused_option(fault: Fault, settings: host.Settings) -> str:
    """Return the name of the option of the request that a refusal is about, if any."""
    names = [] if settings.schema is None else ["response_format"]
    for name in [*settings.options, *names]:
        # A short name may be a word of any sentence.
        quotes = "" if len(name) > 3 else "[\"'`]"
        pattern = rf"(?<!\w){quotes}{re.escape(name)}{quotes}(?!\w)"
        if re.search(pattern, fault.detail):
            return name
    return ""


def may_pass(fault: Fault) -> bool:
    """Tell whether the same request may succeed a moment later."""
    row, _ = _row(fault)
    if not fault.status:
        # A name that does not resolve is misspelt, or the machine is offline; a server
        # that is not trusted, or speaks no TLS, is the same a moment later.
        return fault.kind in _PASSING and row not in ("connect_name", "connect_tls")
    if long_wait(fault) or row == "429_quota":
        return False
    wish = fault.headers.get("x-should-retry")
    if wish in ("true", "false"):
        return wish == "true"
    return fault.status in (408, 409, 429) or fault.status >= 500


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{math.ceil(seconds / size)} {unit}"
    return f"{math.ceil(seconds)} seconds"


def advice(exc: BaseException) -> str:
    """Say which module is missing and what to do; else return the empty string."""
    if missing := _missing(exc):
        return ": ".join(describe(missing, host.Settings(model="", base_url=""))[1:3])
    return ""


def _missing(exc: BaseException) -> Fault | None:
    if not isinstance(exc, ModuleNotFoundError) or not exc.name:
        return None
    package = exc.name.partition(".")[0]
    if package in ("js", "pyodide", "pyodide_js"):
        return Fault("page_module", exc.name)
    if package in sys.modules:
        return None
    if package in sys.stdlib_module_names:
        return Fault("standard_module", package)
    if place := _own_place(package):
        return Fault("own_module", place)
    if package not in DISTRIBUTIONS and likely_module(package):
        return Fault("misspelt_module", package)
    return Fault("module", DISTRIBUTIONS.get(package, package))


def _own_place(package: str) -> str:
    """Return where a module is near the script that python does not look in, if any."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    beside = os.path.dirname(os.path.abspath(script)) if script else os.getcwd()
    for folder in (beside, os.getcwd()):
        for path in (folder, os.path.join(folder, "src")):
            place = os.path.join(path, package)
            files = os.listdir(place) if os.path.isdir(place) else []
            if any(file.endswith(".py") for file in files):
                return place
            if os.path.isfile(place + ".py"):
                return place + ".py"
    return ""


def _row(fault: Fault) -> tuple[str, str]:
    """Return the name of the row for a fault, and the words to show with it."""
    kind, detail, status = fault.kind, fault.detail, str(fault.status)
    if kind == "status":
        kind = status if status in _ROWS else "5xx" if fault.status >= 500 else "4xx"
        place = fault.headers.get("location", "").partition("://")[2]
        if place and _LOGIN_PLACE.search(place):
            kind = "login"
        elif kind == "404" and "model" in detail.lower():
            kind = "404_model"
        elif kind in ("400", "422") and _NO_MODEL.search(detail[:4096]):
            kind = "404_model"
        elif kind == "429" and "insufficient_quota" in detail:
            kind = "429_quota"
        words = "" if detail.strip() in ("", "{}", "[]") else error_text(detail)
        return kind, _title(words) or words
    if kind == "html":
        # The place is known if a redirect led there.
        place = fault.headers.get("location", "").partition("://")[2]
        if _LOGIN.search(detail[:16384]) or _LOGIN_PLACE.search(place):
            return "login", f"a web page “{_title(detail)}”".removesuffix(" “”")
        return "not_a_stream", f"a web page “{_title(detail)}”".removesuffix(" “”")
    if kind == "connect" and fault.number == errno.ECONNREFUSED:
        kind = "connect_refused"
    kind = _BENEATH.get((kind, fault.reason or ""), kind)
    return kind if kind in _ROWS else "transport", detail


def _title(page: str) -> str:
    found = re.search(r"<title[^>]*>([^<]*)</title>", page[:4096], re.I)
    return " ".join(found[1].split()) if found else ""


def _masked(text: str) -> str:
    """Return the beginning of `text` as one line, without what looks like a key."""
    text = text[:2000].encode("utf-8", "replace").decode()
    return " ".join(_SECRET.sub(r"\1…", text).split())


def _words(exc: BaseException) -> str:
    try:
        return f"{type(exc).__name__}: {exc}".removesuffix(": ")
    except Exception:
        # Its own `__str__` failed.
        return type(exc).__name__


def _place(exc: BaseException) -> str:
    """Say which line of the script raised, also if it did so by way of a library.

    Without a line of the script, it is the first of a library.
    """
    if isinstance(exc, SyntaxError) and (exc.filename or "<")[0] != "<":
        return f" at {exc.filename}, line {exc.lineno}"
    # Through a link, the script is in one folder, and the modules beside it in another.
    script = getattr(sys.modules["__main__"], "__file__", None) or ""
    folders = {os.path.dirname(script), *sys.path[:1]} - {""}
    own = tuple(os.path.join(folder, "") for folder in folders)
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(exc.__traceback__)
    ]
    ours = [f for f in frames if f[0].startswith(own) and not _LIBRARY.match(f[0])]
    others = [f for f in frames if not f[0].startswith(("<", _AMARU))]
    for file, line in ours[-1:] or others[:1]:
        return f" at {file}, line {line}"
    return ""
