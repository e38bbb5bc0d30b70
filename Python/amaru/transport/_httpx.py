# SPDX-License-Identifier: Apache-2.0
"""The httpx classes over the transport's core."""

import httpx

from amaru.transport._core import AsyncBody, AsyncCore

__all__ = ["AsyncAmaruTransport"]


class _Body(AsyncBody, httpx.AsyncByteStream):
    family = httpx


class AsyncAmaruTransport(AsyncCore, httpx.AsyncBaseTransport):
    """Sends the requests of a ``httpx.AsyncClient`` through the host."""

    family = httpx
    body = _Body
