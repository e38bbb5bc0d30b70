# SPDX-License-Identifier: Apache-2.0
"""What a urllib3 connection asks of TLS and proxies, in the words of the core."""

from __future__ import annotations

import base64
import binascii
import os
import re
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from urllib3.util.ssl_ import resolve_cert_reqs

__all__ = ["basic_credentials", "name", "proxy", "tls", "with_credentials"]

_CERTIFICATE = re.compile(
    "-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)


def name(header: str | bytes) -> str:
    """Return the lower-case name of a header."""
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    return text.lower()


def proxy(address: Any, tunnel_headers: Mapping[str, str]) -> dict[str, Any]:
    """Name the pool's proxy; without one the host's configuration decides."""
    if address is None:
        return {}
    host = address.host if ":" not in address.host else f"[{address.host.strip('[]')}]"
    url = f"{address.scheme}://{host}:{address.port or 80}"
    for header, value in (tunnel_headers or {}).items():
        if name(header) == "proxy-authorization":
            url = with_credentials(url, value)
    return {"proxy": url}


def basic_credentials(value: str | bytes) -> tuple[str, str] | None:
    """Return user name and password of a Basic ``Proxy-Authorization``, or None."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    scheme, _, encoded = text.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("latin-1")
    except binascii.Error:
        return None
    user, _, password = decoded.partition(":")
    return user, password


def with_credentials(url: str, value: str | bytes) -> str:
    """Return a proxy's URL with the credentials of a ``Proxy-Authorization``."""
    credentials = basic_credentials(value)
    if credentials is None:
        raise ValueError(
            "the host authenticates to proxies with Basic only; "
            "give proxy_headers from urllib3.make_headers(proxy_basic_auth=…)"
        )
    user, password = (quote(part, safe="") for part in credentials)
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{user}:{password}@{rest}"


def tls(conn: Any) -> dict[str, Any]:
    """Name all that a connection asks of TLS; nothing stands for the host's default."""
    if conn.assert_fingerprint:
        raise ValueError(
            "assert_fingerprint cannot be checked when the host makes the connection; "
            "give the certificate itself as ca_certs or ca_cert_data"
        )
    found = _trust(conn)
    if resolve_cert_reqs(conn.cert_reqs) == ssl.CERT_NONE:
        found = {"verify": False}
    elif conn.assert_hostname is False:
        found["verify"] = "no-name"
    if conn.cert_file:
        found["cert_file"] = os.fspath(conn.cert_file)
        if conn.key_file:
            found["key_file"] = os.fspath(conn.key_file)
        if conn.key_password:
            found["key_password"] = _text(conn.key_password)
    server = conn.assert_hostname or getattr(conn, "server_hostname", None)
    if server:
        found["sni"] = server
    return found


def _trust(conn: Any) -> dict[str, Any]:
    if conn.ca_certs and not _is_bundled(conn.ca_certs):
        return {"ca_file": os.fspath(conn.ca_certs)}
    if conn.ca_cert_dir:
        return {"ca_dir": os.fspath(conn.ca_cert_dir)}
    data = getattr(conn, "ca_cert_data", None)
    if data:
        return {"ca_certs": _certificates(data)}
    if conn.ssl_context is not None and not conn.ca_certs:
        loaded = conn.ssl_context.get_ca_certs(binary_form=True)
        if loaded and set(loaded) != _system():
            return {"ca_certs": list(loaded)}
    return {}


def _is_bundled(path: str) -> bool:
    # What requests names when nobody has chosen: then the host's choice counts.
    try:
        import certifi
    except ImportError:
        return False
    return os.fspath(path) == certifi.where()


@cache
def _system() -> frozenset[bytes]:
    """Return what a context holds that was made with the system's authorities."""
    context = ssl.create_default_context()
    return frozenset(context.get_ca_certs(binary_form=True))


def _certificates(data: str | bytes) -> list[bytes]:
    if isinstance(data, str):
        return [ssl.PEM_cert_to_DER_cert(text) for text in _CERTIFICATE.findall(data)]
    found = []
    while data:
        size = _der_size(data)
        found.append(data[:size])
        data = data[size:]
    return found


def _der_size(data: bytes) -> int:
    """Return the size of the first DER element, its header included (X.690, 8.1.3)."""
    if len(data) < 2 or data[0] != 0x30:
        raise ValueError("ca_cert_data is not a sequence of DER certificates")
    if data[1] < 0x80:
        return 2 + data[1]
    width = data[1] & 0x7F
    return 2 + width + int.from_bytes(data[2 : 2 + width], "big")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
