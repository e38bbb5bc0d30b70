# SPDX-License-Identifier: Apache-2.0
"""The httpx2 classes over the transport's core."""

from types import ModuleType
from typing import ClassVar

import httpx2

from amaru.transport._core import AsyncBody, AsyncCore

__all__ = ["AsyncAmaruTransport"]


class _Body(AsyncBody, httpx2.AsyncByteStream):
    family: ClassVar[ModuleType] = httpx2


class AsyncAmaruTransport(AsyncCore, httpx2.AsyncBaseTransport):
    """Sends the requests of a ``httpx2.AsyncClient`` through the host."""

    family: ClassVar[ModuleType] = httpx2
    body = _Body
