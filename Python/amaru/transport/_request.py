# SPDX-License-Identifier: Apache-2.0
"""A client's request in the form that the core takes; shared by every family."""

from __future__ import annotations

from typing import Any

__all__ = ["body", "headers", "timeouts", "url"]


def url(request: Any) -> str:
    """Return the URL exactly as escaped by the client, or the `target` extension."""
    address = request.url
    host = address.raw_host.decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    port = "" if address.port is None else f":{address.port}"
    target = request.extensions.get("target", address.raw_path)
    scheme = address.raw_scheme.decode("ascii")
    return f"{scheme}://{host}{port}{target.decode('latin-1')}"


def headers(request: Any) -> list[bytes]:
    """Return the headers flat: in order, in their own case, duplicates kept."""
    return [part for pair in request.headers.raw for part in pair]


def timeouts(request: Any) -> dict[str, float]:
    """Return the limits that are set, in seconds for each operation."""
    given = request.extensions.get("timeout", {})
    return {name: float(value) for name, value in given.items() if value is not None}


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
