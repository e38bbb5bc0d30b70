# SPDX-License-Identifier: Apache-2.0
"""The httpx classes over the transport's core."""

from types import ModuleType
from typing import ClassVar

import httpx

from amaru.transport._async import AsyncBody, AsyncTransport
from amaru.transport._sync import SyncBody, SyncTransport

__all__ = ["AmaruTransport", "AsyncAmaruTransport"]


class _AsyncBody(AsyncBody, httpx.AsyncByteStream):
    family: ClassVar[ModuleType] = httpx


class _SyncBody(SyncBody, httpx.SyncByteStream):
    family: ClassVar[ModuleType] = httpx


class AsyncAmaruTransport(AsyncTransport, httpx.AsyncBaseTransport):
    """Sends the requests of a ``httpx.AsyncClient`` through the host."""

    family: ClassVar[ModuleType] = httpx
    body = _AsyncBody


class AmaruTransport(SyncTransport, httpx.BaseTransport):
    """Sends the requests of a ``httpx.Client`` through the host."""

    family: ClassVar[ModuleType] = httpx
    body = _SyncBody
