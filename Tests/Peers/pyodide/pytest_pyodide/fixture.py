# SPDX-License-Identifier: Apache-2.0
"""What tests import to share a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["selenium_context_manager"]


@contextmanager
def selenium_context_manager(page: Any) -> Iterator[Any]:
    """Yield the page itself."""
    yield page
