# SPDX-License-Identifier: Apache-2.0
"""The exception that was raised last, for `pdb.pm` and who looks at it later."""

from __future__ import annotations

import sys

__all__ = ["remember"]


def remember(exc: BaseException) -> None:
    """Keep an exception in `sys`, as python's own console does."""
    sys.last_type, sys.last_value = type(exc), exc
    sys.last_traceback = exc.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = exc
