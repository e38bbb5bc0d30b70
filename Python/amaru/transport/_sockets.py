# SPDX-License-Identifier: Apache-2.0
"""What a client asks of its sockets, in the form that the core takes."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["options"]

# What all sockets of the host have.
_GIVEN: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_INT: Final = 4


def options(given: Iterable[Any] | None) -> dict[str, Any]:
    """Return the core's option for what `setsockopt` takes, one after the other.

    A value that is no number, such as the name of an interface, is left out.
    """
    numbers: list[int] = []
    for option in given or ():
        if len(option) != 3 or tuple(option) == _GIVEN:
            continue
        level, name, value = option
        if not isinstance(value, int):
            if value is None or len(value) != _INT:
                continue
            value = int.from_bytes(value, sys.byteorder, signed=True)
        numbers += (int(level), int(name), int(value))
    return {"socket_options": numbers} if numbers else {}
