# SPDX-License-Identifier: Apache-2.0
"""The proxy that a client names, as the URL that the core takes."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["basic_credentials", "url", "with_authorization"]

Text = str | bytes


def url(
    scheme: Text,
    host: Text,
    port: int | None,
    credentials: tuple[Text, Text] | None = None,
    headers: Iterable[tuple[Text, Text]] = (),
) -> str:
    """Return the URL of a proxy.

    Of `headers`, those that the client wants to send to the proxy, only Basic
    credentials can be honoured; anything else is a ValueError.
    """
    host = _text(host).strip("[]")
    place = f"[{host}]" if ":" in host else host
    found = f"{_text(scheme)}://{place}" + ("" if port is None else f":{port}")
    if credentials is not None and any(credentials):
        found = _with(found, credentials)
    for name, value in headers:
        if _text(name).lower() == "proxy-authorization":
            found = with_authorization(found, value)
        elif _text(name).lower() != "accept":
            # urllib3 adds an Accept of its own.
            raise ValueError(
                f"the header {_text(name)!r} cannot be sent to a proxy: the host "
                "speaks to it, and sends credentials only"
            )
    return found


def basic_credentials(value: Text) -> tuple[str, str] | None:
    """Return user name and password of a Basic ``Proxy-Authorization``, or None."""
    scheme, _, encoded = _text(value).partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        raw = binascii.a2b_base64(encoded.strip(), strict_mode=True)
    except binascii.Error:
        return None
    user, _, password = raw.decode("latin-1").partition(":")
    return user, password


def with_authorization(proxy: str, value: Text) -> str:
    """Return a proxy's URL with the credentials of a ``Proxy-Authorization``."""
    credentials = basic_credentials(value)
    if credentials is None:
        raise ValueError(
            "the host authenticates to proxies with Basic only; put the user name and "
            "password into the proxy's URL"
        )
    return _with(proxy, credentials)


def _with(proxy: str, credentials: tuple[Text, Text]) -> str:
    user, password = (quote(part, safe="") for part in credentials)
    scheme, _, rest = proxy.partition("://")
    return f"{scheme}://{user}:{password}@{rest.rpartition('@')[2]}"


def _text(value: Text) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
