# SPDX-License-Identifier: Apache-2.0
"""The httpx classes over the transport's core."""

from types import ModuleType
from typing import ClassVar

import httpx

from amaru.transport._core import AsyncBody, AsyncCore

__all__ = ["AsyncAmaruTransport"]


class _Body(AsyncBody, httpx.AsyncByteStream):
    family: ClassVar[ModuleType] = httpx


class AsyncAmaruTransport(AsyncCore, httpx.AsyncBaseTransport):
    """Sends the requests of a ``httpx.AsyncClient`` through the host."""

    family: ClassVar[ModuleType] = httpx
    body = _Body
