# SPDX-License-Identifier: Apache-2.0
"""The httpx2 classes over the transport's core."""

from types import ModuleType
from typing import ClassVar

import httpx2

from amaru.transport._async import AsyncBody, AsyncTransport
from amaru.transport._sync import SyncBody, SyncTransport

__all__ = ["AmaruTransport", "AsyncAmaruTransport"]


class _AsyncBody(AsyncBody, httpx2.AsyncByteStream):
    family: ClassVar[ModuleType] = httpx2


class _SyncBody(SyncBody, httpx2.SyncByteStream):
    family: ClassVar[ModuleType] = httpx2


class AsyncAmaruTransport(AsyncTransport, httpx2.AsyncBaseTransport):
    """Sends the requests of a ``httpx2.AsyncClient`` through the host."""

    family: ClassVar[ModuleType] = httpx2
    body = _AsyncBody


class AmaruTransport(SyncTransport, httpx2.BaseTransport):
    """Sends the requests of a ``httpx2.Client`` through the host."""

    family: ClassVar[ModuleType] = httpx2
    body = _SyncBody
