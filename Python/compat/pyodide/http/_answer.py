# SPDX-License-Identifier: Apache-2.0
"""The answer to a request, before it is given a form for scripts."""

from __future__ import annotations

from dataclasses import dataclass

from pyodide.http._headers import Headers
from pyodide.http._source import Source

__all__ = ["Answer"]


@dataclass(slots=True)
class Answer:
    """Where an answer came from, its head, and the source of its body if it has one."""

    url: str
    status: int
    reason: str
    headers: Headers
    source: Source | None
    redirected: bool = False
