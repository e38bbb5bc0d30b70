# SPDX-License-Identifier: Apache-2.0
"""The options that a pool of httpcore was made with, in the form of the core."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from amaru.transport import _proxy, _sockets, _tls

__all__ = ["connection", "limits"]


def connection(module: ModuleType, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the core's options.

    Raise ValueError for an option that cannot be honoured, ssl.SSLError if it is one
    of TLS. Without `proxy` the request goes direct: the client has read the
    environment already, or was told not to.
    """
    if not given.get("http1", True):
        _refuse("http1", "False", "HTTP/2 is offered beside HTTP/1.1")
    options: dict[str, Any] = {"proxy": _proxy_url(module, given)}
    context = given.get("ssl_context")
    if context is not None:
        options |= _tls.of(context)
    if options.get("verify") is False:
        _tls.warn()
    if given.get("http2"):
        options["http2"] = True
    if given.get("uds") is not None:
        options["uds"] = given["uds"]
    if given.get("local_address"):
        options["local_address"] = given["local_address"]
    return options | _sockets.options(given.get("socket_options"))


def limits(given: Mapping[str, Any]) -> tuple[int | None, float | None]:
    """Return the number of connections, and how long an idle one is kept.

    A limit on idle connections is ignored, except that 0 keeps no connection.
    """
    idle = given.get("keepalive_expiry")
    if given.get("max_keepalive_connections") == 0:
        idle = 0.0
    return given.get("max_connections", 10), idle


def _refuse(name: str, value: Any, reason: str) -> None:
    if value:
        raise ValueError(
            f"{name}={value} cannot be honoured over the host's network: {reason}; "
            "leave it out"
        )


def _proxy_url(module: ModuleType, given: Mapping[str, Any]) -> str:
    proxy = given.get("proxy")
    if proxy is not None:
        address, credentials, headers = proxy.url, proxy.auth, proxy.headers
        context = proxy.ssl_context
    elif "proxy_url" in given:
        address, credentials = given["proxy_url"], given.get("proxy_auth")
        headers, context = given.get("proxy_headers"), given.get("proxy_ssl_context")
    else:
        return ""
    if not _tls.is_default(context):
        _tls.refuse("proxy_ssl_context")
    if not isinstance(address, module.URL):
        address = module.URL(address)
    fields = headers.items() if isinstance(headers, Mapping) else headers or ()
    return _proxy.url(address.scheme, address.host, address.port, credentials, fields)
