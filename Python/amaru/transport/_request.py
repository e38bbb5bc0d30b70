# SPDX-License-Identifier: Apache-2.0
"""A client's request in the form that the core takes; shared by every family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["body", "headers", "options", "timeouts", "url"]


def url(request: Any) -> str:
    """Return the URL exactly as escaped by the client."""
    address = request.url
    host = address.raw_host.decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    port = "" if address.port is None else f":{address.port}"
    scheme = address.raw_scheme.decode("ascii")
    return f"{scheme}://{host}{port}{address.raw_path.decode('ascii')}"


def headers(request: Any) -> list[bytes]:
    """Return the headers flat: in order, in their own case, duplicates kept."""
    return [part for pair in request.headers.raw for part in pair]


def timeouts(request: Any) -> dict[str, float]:
    """Return the limits that are set, in seconds for each operation."""
    given = request.extensions.get("timeout", {})
    return {name: float(value) for name, value in given.items() if value is not None}


def options(request: Any, transport: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the transport's options with those that the request adds.

    A request says by `target` what follows the method, in place of its URL's path,
    and by `sni_hostname` which name is sent in the TLS handshake and must be in the
    certificate.
    """
    extensions = request.extensions
    added: dict[str, Any] = {}
    if (target := extensions.get("target")) is not None:
        added["target"] = bytes(target)
    if (name := extensions.get("sni_hostname")) is not None:
        added["sni"] = name.decode("ascii") if isinstance(name, bytes) else str(name)
    return {**transport, **added} if added else transport


def body(request: Any, not_read: type[Exception]) -> tuple[bytes | None, bool]:
    """Return the body that is in memory, or None and whether one must be streamed.

    `not_read` is the family's RequestNotRead. A request without a body is told from
    one with an empty body by its framing headers.
    """
    try:
        content: bytes = request.content
    except not_read:
        return None, True
    framed = "content-length" in request.headers
    return (content if content or framed else None), False
