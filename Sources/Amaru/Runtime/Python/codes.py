# SPDX-License-Identifier: Apache-2.0
"""Running code that may contain top-level ``await``."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType
    from typing import Any

# `inspect.CO_COROUTINE`, without importing that.
_CO_COROUTINE = 128


async def run_async(codes: Iterable[CodeType], namespace: dict[str, Any]) -> Any:
    """Run code that may await, and return the value of the last."""
    result = None
    for code in codes:
        result = eval(code, namespace)
        if code.co_flags & _CO_COROUTINE:
            result = await result
    return result
