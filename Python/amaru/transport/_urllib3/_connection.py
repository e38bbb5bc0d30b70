# SPDX-License-Identifier: Apache-2.0
"""The connection classes that urllib3's pools make in place of their own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from urllib3 import connection
from urllib3._collections import HTTPHeaderDict
from urllib3.util import SKIP_HEADER
from urllib3.util.ssl_ import resolve_cert_reqs

from amaru.transport._urllib3 import _options
from amaru.transport._urllib3._socket import HostSocket

__all__ = ["HTTPConnection", "HTTPSConnection", "OverTheHost"]

_COUNTED: Final = (str, bytes, bytearray, memoryview)
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})


class OverTheHost:
    """What both schemes share; mixed in before urllib3's class."""

    scheme: str
    host: str
    port: int | None
    timeout: Any
    sock: Any
    proxy: Any
    is_verified: bool
    proxy_is_verified: bool | None
    _tunnel_host: str | None
    _tunnel_port: int | None
    _tunnel_headers: Mapping[str, str]
    _has_connected_to_proxy: bool = False

    def connect(self) -> None:
        """Open nothing yet: the host connects when there is something to send."""
        self.sock = HostSocket(self)
        self.is_verified = False
        self.proxy_is_verified = False if self.proxy else None
        self._has_connected_to_proxy = False
        # What http.client tells those who watch connections being made.
        sys.audit("http.client.connect", self, self.host, self.port)

    @property
    def is_connected(self) -> bool:
        # The host keeps the real connections, and replaces those that were closed.
        return self.sock is not None

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Send a request, framed again if the length of the body is known.

        Framing that was copied from another client counts the bytes of another
        serialisation: the server would wait for bytes that never come.
        """
        headers = headers or {}
        copied = any(_options.name(name) in _FRAMING for name in headers)
        if copied and (body is None or isinstance(body, _COUNTED)):
            kept = HTTPHeaderDict()
            for name, value in headers.items():
                if _options.name(name) not in _FRAMING or value == SKIP_HEADER:
                    kept.add(name, value)
            headers = kept
        parent: Any = super()
        parent.request(method, url, body, headers, **options)

    def origin(self) -> str:
        """Return the scheme, host and port that the request is for."""
        host = (self._tunnel_host or self.host).strip("[]")
        port = self._tunnel_port if self._tunnel_host else self.port
        default = {"http": 80, "https": 443}[self.scheme]
        bracketed = f"[{host}]" if ":" in host else host
        ending = "" if port in (None, default) else f":{port}"
        return f"{self.scheme}://{bracketed}{ending}"

    def options(self) -> dict[str, Any]:
        """Return how the host is to connect, in the form of the core."""
        return _options.proxy(self.proxy, self._tunnel_headers)

    def reached(self) -> None:
        """Note that the proxy has done its part: what fails now is the server's."""
        self._has_connected_to_proxy = bool(self.proxy)


class HTTPConnection(OverTheHost, connection.HTTPConnection):  # type: ignore[misc]
    """A connection for ``http`` URLs."""

    scheme = "http"


class HTTPSConnection(OverTheHost, connection.HTTPSConnection):  # type: ignore[misc]
    """A connection for ``https`` URLs; the host makes the TLS handshake."""

    scheme = "https"

    def connect(self) -> None:
        super().connect()
        # Read by the pool, which gives urllib3's own warning.
        self.is_verified = resolve_cert_reqs(self.cert_reqs).name == "CERT_REQUIRED"

    def options(self) -> dict[str, Any]:
        return super().options() | _options.tls(self)
