# SPDX-License-Identifier: Apache-2.0
"""The decorator that marks hooks, compatible with pluggy's.

A plugin therefore needs no package, and one that makes its marker with
``pluggy.HookimplMarker("amaru")`` works as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, overload

__all__ = ["ATTRIBUTE", "hookimpl"]

ATTRIBUTE: Final = "amaru_impl"

_Function = TypeVar("_Function", bound=Callable[..., Any])


@overload
def hookimpl(function: _Function, /) -> _Function: ...
@overload
def hookimpl(
    *, specname: str | None = None, tryfirst: bool = False, trylast: bool = False
) -> Callable[[_Function], _Function]: ...
def hookimpl(function: _Function | None = None, /, **options: Any) -> Any:
    """Mark a function of a plugin as a hook.

    ``@hookimpl(tryfirst=True)`` is asked before the hooks of other plugins, and
    ``trylast=True`` after them; `specname` is the hook's name if it is not the
    function's.
    """

    def mark(function: _Function) -> _Function:
        setattr(function, ATTRIBUTE, options)
        return function

    return mark if function is None else mark(function)
