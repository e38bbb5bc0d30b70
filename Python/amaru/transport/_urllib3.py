# SPDX-License-Identifier: Apache-2.0
"""urllib3 connections over the host's network, for scripts that bring their own pool.

`install` replaces the connection classes of urllib3's pools, the seam that urllib3's
own browser back end uses. A proxy named in the script is not used: the host chooses
the proxy, from the environment, for all traffic.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Mapping
from email.message import Message
from http.client import HTTPMessage, ResponseNotReady
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

from urllib3 import connection, connectionpool, exceptions
from urllib3._collections import HTTPHeaderDict
from urllib3.response import HTTPResponse
from urllib3.util import SKIP_HEADER
from urllib3.util.request import body_to_chunks

from amaru import _bridge
from amaru.transport._errors import names_tls

__all__ = ["install", "uninstall"]

# They describe one hop or the caller's own framing of the body. The framing may be
# wrong here: a header map copied from another client counts the bytes of another
# serialisation, and the server would wait for bytes that never come.
_RECOMPUTED: Final = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def install() -> None:
    """Send everything that urllib3 pools do from now on through the host."""
    connectionpool.HTTPConnectionPool.ConnectionCls = _HTTPConnection
    connectionpool.HTTPSConnectionPool.ConnectionCls = _HTTPSConnection


def uninstall() -> None:
    """Give urllib3 its own connections back."""
    connectionpool.HTTPConnectionPool.ConnectionCls = connection.HTTPConnection
    connectionpool.HTTPSConnectionPool.ConnectionCls = connection.HTTPSConnection


def _connect(conn: Any, message: str) -> Exception:
    if names_tls(message):
        return exceptions.SSLError(message)
    return exceptions.NewConnectionError(conn, message)


def _aborted(conn: Any, message: str) -> Exception:
    return exceptions.ProtocolError("Connection aborted.", ConnectionError(message))


# urllib3 turns TimeoutError into its ReadTimeoutError, with the pool and the URL. It
# retries what it knows; a bare HTTPError and a LocationValueError pass at once, which
# is right for what a second try cannot change.
_EXCEPTIONS: Final[Mapping[str, Callable[[Any, str], Exception]]] = MappingProxyType(
    {
        "connect": _connect,
        "connect_timeout": exceptions.ConnectTimeoutError,
        "pool_timeout": exceptions.ConnectTimeoutError,
        "write": _aborted,
        "write_timeout": _aborted,
        "read": _aborted,
        "read_timeout": lambda conn, message: TimeoutError(message),
        "remote_protocol": _aborted,
        "local_protocol": lambda conn, m: exceptions.LocationValueError(m),
        "unsupported_protocol": lambda conn, m: exceptions.LocationValueError(m),
        "proxy": lambda conn, m: exceptions.ProxyError(m, ConnectionError(m)),
        "secret_refused": lambda conn, m: exceptions.HTTPError(m),
        "not_allowed": lambda conn, m: exceptions.HTTPError(m),
        "cancelled": lambda conn, m: exceptions.HTTPError(m),
        "interrupted": lambda conn, m: exceptions.HTTPError(m),
    }
)


class _Body(io.BufferedIOBase):
    """The body as the file that urllib3 reads; also its `original_response`.

    As the latter it tells urllib3 when to put the connection back into its pool, and
    shows cookie code the headers in the form of ``http.client``.
    """

    def __init__(self, exchange: int, headers: HTTPHeaderDict) -> None:
        self._core = _bridge.http()
        self._exchange = exchange
        self._rest = bytearray()
        self._ended = False
        self.msg: Message = HTTPMessage()
        for name, value in headers.iteritems():
            self.msg[name] = value

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = None if size is None or size < 0 else size
        while not self._ended and (wanted is None or len(self._rest) < wanted):
            self._fill()
        return self._take(wanted)

    def read1(self, size: int = -1, /) -> bytes:
        if not self._rest and not self._ended and size != 0:
            self._fill()
        return self._take(None if size < 0 else size)

    def close(self) -> None:
        if not self._ended:
            self._ended = True
            self._core.cancel(self._exchange)
        super().close()

    def isclosed(self) -> bool:
        return self.closed or (self._ended and not self._rest)

    def _fill(self) -> None:
        try:
            chunk = self._core.read_blocking(self._exchange)
        except self._core.TransferError as exc:
            self.close()
            code, message = exc.args
            # Inside a body urllib3 translates these itself, naming pool and URL.
            kind = TimeoutError if code == "read_timeout" else ConnectionError
            raise kind(message) from exc
        except BaseException:
            self.close()
            raise
        if chunk is None:
            self._ended = True
        else:
            self._rest += chunk

    def _take(self, wanted: int | None) -> bytes:
        taken = bytes(self._rest if wanted is None else self._rest[:wanted])
        del self._rest[: len(taken)]
        return taken


class _Response(HTTPResponse):
    """urllib3's response, which shows a body of unknown length as it arrives."""

    def stream(
        self, amt: int | None = 2**16, decode_content: bool | None = None
    ) -> Generator[bytes, None, None]:
        # The first releases of urllib3 2 have no read1; they gather `amt` bytes.
        read1 = getattr(self, "read1", None)
        if read1 is None or self.length_remaining is not None:
            yield from super().stream(amt, decode_content)
            return
        while data := read1(amt, decode_content=decode_content):
            yield data


class _OverTheHost:
    """The part of a connection that both schemes share; mixed in before urllib3's."""

    scheme: str
    host: str
    port: int
    timeout: Any
    blocksize: int
    _tunnel_host: str | None
    _tunnel_port: int | None
    _pending: tuple[Any, ...] | None = None
    _connected = False

    def connect(self) -> None:
        """Open nothing: the host connects, verifies and keeps its own pool."""
        self._connected = True
        self.is_verified = True

    def close(self) -> None:
        self._connected = False
        self._pending = None
        super().close()  # type: ignore[misc]

    @property
    def is_closed(self) -> bool:
        return not self._connected

    @property
    def is_connected(self) -> bool:
        return self._connected

    @property
    def has_connected_to_proxy(self) -> bool:
        return False

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = False,
        preload_content: bool = True,
        decode_content: bool = True,
        enforce_content_length: bool = True,
    ) -> None:
        """Prepare the exchange; `getresponse` starts it, knowing both timeouts."""
        self.connect()
        framed = body_to_chunks(body, method, self.blocksize)
        content = None if framed.chunks is None else b"".join(framed.chunks)
        if content is None and framed.content_length == 0:
            content = b""
        options = (method, url, preload_content, decode_content, enforce_content_length)
        head = self._headers(headers or {}, content)
        self._pending = (head, content, self.timeout, options)

    def getresponse(self) -> HTTPResponse:
        if self._pending is None:
            raise ResponseNotReady()
        (head, content, connect_timeout, options), self._pending = self._pending, None
        method, url, preload, decode, enforce = options
        limits = {"connect": connect_timeout, "read": self.timeout}
        timeouts = {name: float(s) for name, s in limits.items() if s is not None}
        exchange, answer = self._exchange(
            method, self._absolute(url), head, content, timeouts
        )
        status, reason, http_version, flat = answer
        headers = HTTPHeaderDict()
        for name, value in zip(flat[::2], flat[1::2], strict=True):
            headers.add(name.decode("latin-1"), value.decode("latin-1"))
        body = _Body(exchange, headers)
        return _Response(
            body=body,
            headers=headers,
            status=status,
            version=20 if http_version == b"HTTP/2" else 11,
            reason=reason.decode("latin-1"),
            preload_content=preload,
            decode_content=decode,
            original_response=body,  # type: ignore[arg-type]
            enforce_content_length=enforce,
            request_method=method,
            request_url=url,
        )

    def _exchange(
        self,
        method: str,
        url: str,
        head: list[bytes],
        content: bytes | None,
        timeouts: dict[str, float],
    ) -> tuple[int, tuple[int, bytes, bytes, list[bytes]]]:
        """Open an exchange and wait for its headers, with urllib3's exceptions."""
        core = _bridge.http()
        exchange: int | None = None
        try:
            exchange = core.open(method, url, head, content, False, timeouts)
            return exchange, core.head_blocking(exchange)
        except BaseException as exc:
            if exchange is not None:
                core.cancel(exchange)
            if isinstance(exc, core.TransferError):
                code, message = exc.args
                raise _EXCEPTIONS.get(code, _aborted)(self, message) from exc
            raise

    def _origin(self) -> str:
        host = self._tunnel_host or self.host
        port = self._tunnel_port if self._tunnel_host else self.port
        default = {"http": 80, "https": 443}[self.scheme]
        bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return bracketed if port in (None, default) else f"{bracketed}:{port}"

    def _absolute(self, url: str) -> str:
        # An absolute form is what urllib3 sends to a forwarding proxy.
        return url if "://" in url else f"{self.scheme}://{self._origin()}{url}"

    def _headers(self, given: Mapping[str, str], content: bytes | None) -> list[bytes]:
        pairs: list[tuple[bytes, bytes]] = []
        names = set()
        for name, value in given.items():
            name = name.decode("latin-1") if isinstance(name, bytes) else name
            names.add(name.lower())
            if name.lower() not in _RECOMPUTED and value != SKIP_HEADER:
                pairs.append((name.encode("latin-1"), _bytes(value)))
        pairs.insert(0, (b"Host", self._origin().encode("latin-1")))
        if content is not None:
            pairs.append((b"Content-Length", str(len(content)).encode("ascii")))
        if "accept-encoding" not in names:
            pairs.append((b"Accept-Encoding", b"identity"))
        if "user-agent" not in names:
            agent = f"python-urllib3/{version('urllib3')}"
            pairs.append((b"User-Agent", agent.encode("ascii")))
        return [part for pair in pairs for part in pair]


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("latin-1")


class _HTTPConnection(_OverTheHost, connection.HTTPConnection):  # type: ignore[misc]
    scheme = "http"


class _HTTPSConnection(_OverTheHost, connection.HTTPSConnection):  # type: ignore[misc]
    scheme = "https"
