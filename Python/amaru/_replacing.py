# SPDX-License-Identifier: Apache-2.0
"""The one way in which a method of another library's class is replaced."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

__all__ = ["replace"]


def replace(
    owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    """Put what `make` returns for the method in its place, under the same name.

    The class stays the same one: subclasses, and whoever has imported it already, see
    the new method, and what others wrap around it later sees every call.
    """
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(make(original)))
