# SPDX-License-Identifier: Apache-2.0
"""The options that clients of httpx and httpx2 take, in the form of the core."""

from __future__ import annotations

from types import ModuleType
from typing import Any
from urllib.parse import quote

from amaru.transport import _tls

__all__ = ["connection", "limits"]


def connection(
    family: ModuleType,
    owner: str,
    *,
    verify: Any = True,
    cert: Any = None,
    trust_env: bool = True,
    http1: bool = True,
    http2: bool = False,
    proxy: Any = None,
    uds: str | None = None,
    local_address: str | None = None,
    retries: int = 0,
    socket_options: Any = None,
) -> dict[str, Any]:
    """Return the core's options; `owner` is named in errors and warnings.

    What cannot be honoured is a ValueError. Without `trust_env` there is no proxy but
    the one that is named here; with it, the host's choice.
    """
    _refuse(owner, "local_address", local_address, "the system chooses the address")
    _refuse(owner, "socket_options", socket_options, "the host owns the sockets")
    _refuse(owner, "retries", retries, "repeat the request yourself")
    if not http1:
        what = "HTTP/2 is offered in the TLS handshake, beside HTTP/1.1"
        _refuse(owner, "http1", "False", what)
    options = _tls.options(verify, cert)
    if options.get("verify") is False:
        _tls.warn(owner)
    if http2:
        options["http2"] = True
    if uds is not None:
        options["uds"] = uds
    if proxy is not None:
        options["proxy"] = _proxy(family, owner, proxy)
    elif not trust_env:
        options["proxy"] = ""
    return options


def limits(given: Any) -> tuple[int | None, float | None] | None:
    """Return the number of connections and their idle life, or None for the host's.

    How many of them may be kept idle (`max_keepalive_connections`) is not limited:
    the idle ones are closed when their time is over, or with the client.
    """
    if given is None:
        return None
    return given.max_connections, given.keepalive_expiry


def _refuse(owner: str, name: str, value: Any, reason: str) -> None:
    if value:
        raise ValueError(
            f"{owner} cannot honour {name}={value} over the host's network: {reason}; "
            "leave it out, or give the client a transport of its own"
        )


def _proxy(family: ModuleType, owner: str, given: Any) -> str:
    proxy = given if isinstance(given, family.Proxy) else family.Proxy(given)
    _refuse(owner, "Proxy(headers)", bool(proxy.headers), "it sends no other headers")
    _refuse(
        owner,
        "Proxy(ssl_context)",
        proxy.ssl_context is not None,
        "TLS to a proxy is as the host is configured",
    )
    credentials = ""
    if proxy.auth is not None:
        credentials = ":".join(quote(part, safe="") for part in proxy.auth) + "@"
    authority = proxy.url.netloc.decode("ascii")
    return f"{proxy.url.scheme}://{credentials}{authority}"
