# SPDX-License-Identifier: Apache-2.0
"""The scopes of a source: which names are bound there, and what they may mean."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

__all__ = [
    "COMPREHENSIONS",
    "FUNCTIONS",
    "OTHER",
    "Origins",
    "Scope",
    "State",
    "below",
    "bound",
    "bound_below",
    "joined",
]

#: The full names that a name may mean; empty if it means something else.
Origins = frozenset[str]
State = dict[str, Origins]

OTHER: Final[Origins] = frozenset()
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


class Scope:
    """A module, class, function or comprehension, and what its names mean now."""

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.node = node
        self.is_class = isinstance(node, ast.ClassDef)
        #: The scope with the names that this one lacks; no class is.
        self.parent: Scope | None = parent
        if parent and parent.is_class:
            self.parent = parent.parent
        #: The names that are its own, if it is a function or a comprehension.
        self.own: set[str] = set()
        self.globals: set[str] = set()
        self.now: State = {}
        self.history: list[tuple[str, Origins]] = []
        #: Functions, with what names meant when they were defined, and since when.
        self.later: dict[ast.AST, tuple[State, int]] = {}

    def has(self, name: str) -> bool:
        """Return whether a name is looked up here, and not in the parent."""
        if self.is_class:
            return name in self.now
        return self.parent is None or name in self.own

    def bind(self, name: str, origins: Origins) -> None:
        if origins:
            self.history.append((name, origins))
        elif not self.is_class:
            # As if it were not bound: there may be many, and states are copied.
            self.now.pop(name, None)
            return
        self.now[name] = origins

    def since(self, state: State, mark: int) -> State:
        """Return what names may mean at any time after `state`, which was at `mark`."""
        return joined([state, *({name: one} for name, one in self.history[mark:])])


def joined(states: Iterable[State]) -> State:
    """Return what names may mean if any of `states` holds."""
    whole: State = {}
    for state in states:
        for name, origins in state.items():
            whole[name] = whole.get(name, OTHER) | origins
    return whole


def bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds, without those of its children."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        is_plain = isinstance(node, ast.Import)
        for alias in node.names:
            yield alias.asname or (alias.name.split(".")[0] if is_plain else alias.name)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        if node.name:
            yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def below(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is below it in the same scope."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, COMPREHENSIONS):
            # What `:=` binds there belongs to the scope around.
            inner = (each for each in ast.walk(node) if isinstance(each, ast.NamedExpr))
            yield from (each.target for each in inner)
            continue
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)


def bound_below(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node and those below it bind in the same scope."""
    for each in below(node):
        yield from bound(each)
