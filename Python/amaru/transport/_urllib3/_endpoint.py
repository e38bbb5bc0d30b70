# SPDX-License-Identifier: Apache-2.0
"""Where the requests of one urllib3 connection go, and how they may fail."""

from __future__ import annotations

import os
import ssl
from typing import Any, Final

from urllib3 import connection
from urllib3.util import ssl_

from amaru.transport import _proxy, _sockets, _tls
from amaru.transport._client import _endpoint
from amaru.transport._urllib3 import _errors

__all__ = ["Endpoint"]

# The number of SOCKS 5 in the module behind urllib3's class.
_SOCKS5: Final = 2


class Endpoint(_endpoint.Endpoint):
    """What the stand-in for a socket asks of urllib3's connection."""

    def __init__(self, conn: Any) -> None:
        try:
            super().__init__(conn)
        except (TypeError, ValueError) as exc:
            # Those on top of urllib3 know its own errors only.
            raise _errors.HostRefusedError(conn, str(exc)) from exc
        conn.is_verified = False
        if self.scheme == "https":
            # Read by the pool, which gives urllib3's own warning.
            requirement = ssl_.resolve_cert_reqs(conn.cert_reqs)
            conn.is_verified = requirement == ssl.CERT_REQUIRED
        # Before urllib3 2 this was said of proxies over TLS only.
        if hasattr(conn, "proxy_is_tunneling"):
            conn.proxy_is_verified = False if conn.proxy else None
        conn._has_connected_to_proxy = False

    def options(self, target: str) -> dict[str, Any]:
        try:
            given = _sockets.options(self.conn.socket_options)
            return {**super().options(target), **given}
        except ValueError as exc:
            raise _errors.HostRefusedError(self.conn, str(exc)) from exc

    def proxy(self, target: str) -> str:
        conn, address = self.conn, self.conn.proxy
        if (socks := getattr(conn, "_socks_options", None)) is not None:
            if socks["socks_version"] != _SOCKS5:
                raise ValueError(
                    "the host speaks SOCKS 5 only: use a socks5h:// proxy URL"
                )
            credentials = (socks["username"] or "", socks["password"] or "")
            place = socks["proxy_host"], socks["proxy_port"]
            return _proxy.url("socks5", *place, credentials)
        if address is None:
            return ""
        headers = conn._tunnel_headers or {} if conn._tunnel_host else {}
        fields = [(n, v) for n, v in headers.items() if n.lower() != "host"]
        port = address.port or {"https": 443}.get(address.scheme, 80)
        return _proxy.url(address.scheme, address.host, port, None, fields)

    def tls(self) -> dict[str, Any]:
        conn = self.conn
        if conn.assert_fingerprint:
            raise ValueError(
                "assert_fingerprint cannot be checked when the host makes the "
                "connection; give the certificate itself as ca_certs or ca_cert_data"
            )
        found = self._of_context()
        # urllib3 looks at the name itself, whatever a context says.
        found.pop("verify", None)
        if ssl_.resolve_cert_reqs(conn.cert_reqs) == ssl.CERT_NONE:
            for option in ("ca_file", "ca_dir", "ca_certs"):
                found.pop(option, None)
            found["verify"] = False
        elif conn.assert_hostname is False:
            found["verify"] = "no-name"
        if conn.cert_file:
            found |= _tls.chain(conn.cert_file, conn.key_file, conn.key_password)
        server = conn.assert_hostname or getattr(conn, "server_hostname", None)
        if server:
            found["sni"] = server
        return found

    def _of_context(self) -> dict[str, Any]:
        conn = self.conn
        place = (
            os.fspath(conn.ca_certs) if conn.ca_certs else None,
            os.fspath(conn.ca_cert_dir) if conn.ca_cert_dir else None,
            getattr(conn, "ca_cert_data", None),
        )
        if conn.ssl_context is not None:
            return _tls.of(conn.ssl_context, place)
        # Those that are set: not every release has all of them.
        names = ("ssl_version", "ssl_minimum_version", "ssl_maximum_version")
        versions = {name: getattr(conn, name, None) for name in names}
        if given := {name: v for name, v in versions.items() if v is not None}:
            if "ssl_version" in given:
                given["ssl_version"] = ssl_.resolve_ssl_version(conn.ssl_version)
            context = ssl_.create_urllib3_context(**given)
            return _tls.of(context) | _tls.authorities(place)
        return _tls.authorities(place)

    def connected(self) -> None:
        """Note that a proxy has done its part: what fails now is the server's."""
        self.conn._has_connected_to_proxy = bool(self.conn.proxy)

    def failure(self, exc: Any) -> BaseException:
        failure = _errors.in_the_head(self.conn, exc)
        if not _errors.is_failed_connection(failure):
            # Else urllib3 takes it for a failure to connect to the proxy.
            self.connected()
        return failure

    def _address(self) -> tuple[str, int | None]:
        # With the dot that ends a name, if there is one.
        return self.conn._dns_host, self.conn.port

    def _is_secure(self) -> bool:
        return isinstance(self.conn, connection.HTTPSConnection)
