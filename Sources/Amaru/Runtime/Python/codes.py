# SPDX-License-Identifier: Apache-2.0
"""Compiling files, and running code, that may contain top-level ``await``."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType
    from typing import Any

# `_ast.PyCF_ALLOW_TOP_LEVEL_AWAIT`: making the types of that module takes longer than
# all else that a short script does.
_FLAGS = 0x2000
# `inspect.CO_COROUTINE`, without importing that.
_CO_COROUTINE = 128


def compile_script(source: bytes, filename: str) -> list[CodeType]:
    """Return the code of a whole file, in the encoding that it declares."""
    return [compile(source, filename, "exec", _FLAGS, True)]


def is_asynchronous(codes: Iterable[CodeType]) -> bool:
    """Return whether the code awaits."""
    return any(code.co_flags & _CO_COROUTINE for code in codes)


async def run_async(codes: Iterable[CodeType], namespace: dict[str, Any]) -> Any:
    """Run code that may await, and return the value of the last."""
    result = None
    for code in codes:
        result = eval(code, namespace)
        if code.co_flags & _CO_COROUTINE:
            result = await result
    return result
