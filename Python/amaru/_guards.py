# SPDX-License-Identifier: Apache-2.0
"""How a source is prepared for places where it is not in a page."""

from __future__ import annotations

import ast
from typing import Final

__all__ = ["dotted", "is_met", "suppressed", "survived"]

#: What is never true when a script runs here.
_FALSE: Final = ("IN_PYODIDE", "TYPE_CHECKING")


def is_met(test: ast.expr) -> bool | None:
    """Return whether a condition is true here; None if only the script can tell."""
    match test:
        case ast.Name() | ast.Attribute() if dotted(test)[-1:] in ([n] for n in _FALSE):
            return False
        case ast.Compare(left, [ast.Eq() | ast.NotEq() as op], [ast.Constant(value)]):
            is_page = dotted(left) == ["sys", "platform"] and value == "emscripten"
            return isinstance(op, ast.NotEq) if is_page else None
        case ast.Compare(
            ast.Constant("emscripten"), [ast.In() | ast.NotIn() as op], [place]
        ):
            is_page = dotted(place) == ["sys", "platform"]
            return isinstance(op, ast.NotIn) if is_page else None
        case ast.Call(ast.Attribute() as called, [ast.Constant("emscripten")], []):
            is_page = dotted(called) == ["sys", "platform", "startswith"]
            return False if is_page else None
        case ast.UnaryOp(ast.Not(), operand):
            met = is_met(operand)
            return None if met is None else not met
        case ast.BoolOp(op, values):
            decisive = isinstance(op, ast.Or)
            met_all = [is_met(value) for value in values]
            if decisive in met_all:
                return decisive
            return None if None in met_all else not decisive
    return None


def survived(handler: ast.ExceptHandler) -> set[str]:
    """Return the names of the exceptions after which a source goes on."""
    for node in (each for stmt in handler.body for each in ast.walk(stmt)):
        called = dotted(node.func) if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Raise) or called[-1:] in (["exit"], ["quit"]):
            return set()
    if handler.type is None:
        return {"BaseException"}
    if isinstance(handler.type, ast.Tuple):
        return _last(handler.type.elts)
    return _last([handler.type])


def suppressed(item: ast.withitem) -> set[str]:
    """Return the names of the exceptions that `contextlib.suppress` drops."""
    call = item.context_expr
    if isinstance(call, ast.Call) and dotted(call.func)[-1:] == ["suppress"]:
        return _last(call.args)
    return set()


def _last(kinds: list[ast.expr]) -> set[str]:
    return {name for kind in kinds for name in dotted(kind)[-1:]}


def dotted(node: ast.expr) -> list[str]:
    """Return the parts of a dotted name; none for another expression."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        parts = dotted(node.value)
        return [*parts, node.attr] if parts else []
    return []
