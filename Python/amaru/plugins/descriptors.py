# SPDX-License-Identifier: Apache-2.0
"""The standard descriptors, put back when a plugin has closed or replaced one.

The next connection would take a number that is free, and the answer would be written
into it.
"""

from __future__ import annotations

import os

__all__ = ["StandardDescriptors"]


class StandardDescriptors:
    """What 0, 1 and 2 were before a plugin's code ran, and a copy of each."""

    def __init__(self) -> None:
        self._before: list[tuple[int, int] | None] = [None] * 3
        self._copied: list[tuple[int, int] | None] = [None] * 3
        self._copies = [-1] * 3

    def keep(self) -> None:
        """Note what they are now."""
        for number in range(3):
            self._before[number] = identity = _identity(number)
            if identity is not None and identity != self._copied[number]:
                self._copy(number, identity)

    def restore(self) -> bool:
        """Put back what has changed; tell whether anything had."""
        changed = [n for n in range(3) if _identity(n) != self._before[n]]
        for number in changed:
            if self._before[number] is not None and self._copies[number] >= 0:
                os.dup2(self._copies[number], number)
        return bool(changed)

    def _copy(self, number: int, identity: tuple[int, int]) -> None:
        if self._copies[number] >= 0:
            os.close(self._copies[number])
        try:
            # Not inherited by children, and no number that a closed stream had.
            self._copies[number] = os.dup(number)
            self._copied[number] = identity
        except OSError:
            self._copies[number] = -1


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino
