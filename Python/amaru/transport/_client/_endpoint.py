# SPDX-License-Identifier: Apache-2.0
"""Where the requests of one ``http.client`` connection go, and how they may fail."""

from __future__ import annotations

import errno
import http.client
from _weakref import ref
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from amaru import _bridge
from amaru.transport import _fence, _proxy, _tls
from amaru.transport._errors import system_error

__all__ = ["Endpoint", "starts_from_a_port"]

_PORTS: Final = {"http": 80, "https": 443}


class Endpoint:
    """What the stand-in for a socket asks of the connection that it belongs to."""

    def __init__(self, conn: Any) -> None:
        # Its socket has this: a cycle would keep both open until it is collected.
        self._conn = ref(conn)
        self.scheme = "https" if self._is_secure() else "http"
        # Now, as a handshake would: what cannot be honoured is refused by `connect`.
        self._tls = self.tls() if self.scheme == "https" else {}
        self._route: tuple[str, dict[str, Any]] | None = None

    @property
    def conn(self) -> Any:
        """Return the connection, which is there while a request is made of it."""
        return self._conn()

    @property
    def timeout(self) -> float | None:
        """Return the limit of each operation, as a socket takes it."""
        timeout = self.conn.timeout
        if not isinstance(timeout, int | float | None):
            # The mark of http.client for a connection that names none.
            import socket

            return socket.getdefaulttimeout()
        return timeout

    def route(self, target: str) -> tuple[str, dict[str, Any]]:
        """Return the URL of a request, and how the host is to connect for it."""
        # The absolute form is for proxies; a path may hold another URL in its query.
        if target.lower().startswith(("http://", "https://")):
            return target, self.options(target)
        if self._route is None:
            # What a socket is connected to does not change.
            self._route = self.origin(), self.options("")
        origin, options = self._route
        if target.startswith("/"):
            return origin + target, options
        return f"{origin}/", {**options, "target": target.encode("latin-1")}

    def origin(self) -> str:
        """Return the scheme, host and port that a request in origin form is for."""
        tunnel: str | None = self.conn._tunnel_host
        host, port = (tunnel, self.conn._tunnel_port) if tunnel else self._address()
        return f"{self.scheme}://{_authority(host, port, self.scheme)}"

    def place(self) -> tuple[str, int]:
        """Return the host and port that the connection is made to."""
        host, port = self._address()
        return host.strip("[]"), port or _PORTS[self.scheme]

    def probe(self, timeout: float | None) -> Any:
        """Connect where the host would, and close that; return the peer's address."""
        import socket

        core, place = _bridge.http(), self.place()
        if not core.allows(*place):
            message = (
                f"connections to {_authority(*place, '')} are not allowed. To allow "
                f"them, use {core.allow_option()} {_authority(*place, '')}."
            )
            raise PermissionError(errno.EACCES, message)
        origin = core.destination(f"{self.scheme}://{_authority(*place, '')}")
        if origin is None:
            return place
        target = urlsplit(origin)
        address = target.hostname or "", target.port or _PORTS[target.scheme]
        with _fence.Probing(), socket.create_connection(address, timeout) as sock:
            return sock.getpeername()

    def options(self, target: str) -> dict[str, Any]:
        """Return how the host is to connect; a URL as `target` is for a proxy."""
        options = {"proxy": self.proxy(target), **self._tls}
        # The port is any: see `starts_from_a_port`.
        if self.conn.source_address and self.conn.source_address[0]:
            options["local_address"] = self.conn.source_address[0]
        return options

    def proxy(self, target: str) -> str:
        """Return the URL of the proxy, or nothing; the client has decided about it."""
        host, port = self._address()
        if self.conn._tunnel_host:
            headers: Mapping[str, str] = self.conn._tunnel_headers
            # http.client fills in a Host of its own.
            fields = [(n, v) for n, v in headers.items() if n.lower() != "host"]
            return _proxy.url("http", host, port, None, fields)
        if target:
            authority = urlsplit(target).netloc.rpartition("@")[2]
            if authority.lower() != _authority(host, port, "http").lower():
                return _proxy.url("http", host, port)
        return ""

    def tls(self) -> dict[str, Any]:
        """Return what the connection asks of TLS."""
        return _tls.of(self.conn._context)

    def connected(self) -> None:
        """Note that the host has reached the server, or could not tell."""

    def failure(self, exc: Any) -> BaseException:
        """Return what to raise for a failure before the response's head is there."""
        match exc.code:
            case "remote_protocol":
                return http.client.BadStatusLine(exc.message)
            case "local_protocol" | "unsupported_protocol":
                return http.client.InvalidURL(exc.message)
            case "interrupted":
                # As any wait of a script: a handler of network errors must not
                # swallow it.
                return KeyboardInterrupt(exc.message)
        return system_error(exc) or _reset(exc.message)

    def failure_in_the_body(self, exc: Any) -> BaseException:
        """Return what to raise for a failure while the body is read."""
        match exc.code:
            case "remote_protocol":
                return http.client.HTTPException(exc.message)
            case "read" | "read_timeout":
                return system_error(exc) or _reset(exc.message)
            case "interrupted":
                return KeyboardInterrupt(exc.message)
        return _reset(exc.message)

    def _address(self) -> tuple[str, int | None]:
        return self.conn.host, self.conn.port

    def _is_secure(self) -> bool:
        return isinstance(self.conn, http.client.HTTPSConnection)


def starts_from_a_port(conn: Any) -> bool:
    """Return whether a connection must come from one port of this machine.

    The host keeps more than one connection, and so cannot bind them to it.
    """
    return bool(conn.source_address and conn.source_address[1])


def _reset(message: str) -> OSError:
    return ConnectionResetError(errno.ECONNRESET, message)


def _authority(host: str, port: int | None, scheme: str) -> str:
    host = host.strip("[]")
    if ":" in host:
        # A zone is set off by an escaped percent sign (RFC 6874).
        host = "[" + host.replace("%25", "%").replace("%", "%25") + "]"
    return host if port in (None, _PORTS.get(scheme)) else f"{host}:{port}"
