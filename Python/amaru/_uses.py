# SPDX-License-Identifier: Apache-2.0
"""What of some modules a source uses, by the scopes in which it imports them.

A name means what its scope imports under it, wherever in the scope it is read: what
else is bound to it there, before or after, does not count.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from amaru._guards import dotted, is_met, suppressed, survived

__all__ = ["Reader"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_Children = Iterator[tuple["_Scope", ast.AST]]


class _Scope:
    """A module, class, function or comprehension, and what its names mean."""

    def __init__(self, node: ast.AST, parent: _Scope | None) -> None:
        self.node = node
        self.parent = parent
        self.origins: defaultdict[str, set[str]] = defaultdict(set)
        #: Names that `global` and `nonlocal` put into another scope.
        self.elsewhere: dict[str, bool] = {}

    def outer(self) -> _Scope | None:
        """Return the scope whose names this one sees; no class is."""
        scope = self.parent
        while scope and isinstance(scope.node, ast.ClassDef):
            scope = scope.parent
        return scope

    def meaning(self, name: str) -> set[str]:
        """Return the full names that `name` may mean here."""
        scope: _Scope | None = self
        while scope:
            if (is_global := scope.elsewhere.get(name)) is not None:
                while is_global and scope.parent:
                    scope = scope.parent
            if name in scope.origins and (is_global or name not in scope.elsewhere):
                return scope.origins[name]
            scope = scope.outer()
        return set()


class Reader:
    """Reads a source.

    `found` then has the full names that it uses of the modules `roots`, and the lines;
    `caught` those whose import fails, which the source is prepared for. `failure` says
    with what the import of a full name fails, if it does.
    """

    def __init__(
        self,
        roots: Sequence[str],
        failure: Callable[[str], type[ImportError] | None] = lambda name: None,
    ) -> None:
        self.found: set[tuple[str, int]] = set()
        self.caught: set[tuple[str, int]] = set()
        self._roots = roots
        self._failure = failure

    def read(self, tree: ast.Module) -> None:
        """Read a whole source."""
        uses: list[tuple[_Scope, ast.Attribute]] = []
        bound: list[tuple[_Scope, str, set[str]]] = []
        waiting: list[tuple[_Scope, frozenset[str], ast.AST]]
        waiting = [(_Scope(tree, None), frozenset(), tree)]
        while waiting:
            scope, catching, node = waiting.pop()
            match node:
                case ast.Attribute():
                    uses.append((scope, node))
                case ast.Import() | ast.ImportFrom():
                    for name, origins in self._imported(node, catching):
                        bound.append((scope, name, origins))
                case ast.Global() | ast.Nonlocal():
                    is_global = isinstance(node, ast.Global)
                    scope.elsewhere |= dict.fromkeys(node.names, is_global)
                case ast.NamedExpr():
                    home = scope
                    while isinstance(home.node, _COMPREHENSIONS) and home.parent:
                        home = home.parent
                    bound.append((home, node.target.id, set()))
                    waiting.append((scope, catching, node.value))
                    continue
            bound += [(scope, name, set()) for name in _bound(node)]
            for inner, child in _children(scope, node):
                caught = catching | _caught(node, child)
                if inner is not scope and isinstance(inner.node, _FUNCTIONS):
                    caught = frozenset()
                waiting.append((inner, caught, child))
        for scope, name, origins in bound:
            home = scope
            if name in scope.elsewhere:
                while home.parent and (scope.elsewhere[name] or home is scope):
                    home = home.parent
            home.origins[name] |= origins
        for scope, node in uses:
            first, *rest = dotted(node) or [""]
            for origin in scope.meaning(first):
                self.found.add((".".join([origin, *rest]), node.lineno))

    def _imported(
        self, node: ast.Import | ast.ImportFrom, catching: frozenset[str]
    ) -> Iterator[tuple[str, set[str]]]:
        """Yield the names that an import binds, and what they mean."""
        prefix = ""
        if isinstance(node, ast.ImportFrom):
            prefix = "." if node.level else f"{node.module}."
        for alias in node.names:
            full = prefix + alias.name
            root = full.split(".")[0]
            is_part = not prefix and not alias.asname
            name = root if is_part else alias.asname or alias.name
            error = self._failure(full) if root in self._roots else None
            if root not in self._roots:
                yield name, set()
            elif error and any(kind.__name__ in catching for kind in error.mro()):
                self.caught.add((full, node.lineno))
                yield name, set()
            else:
                self.found.add((full, node.lineno))
                yield name, {root if is_part else full}


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(name, ast.Store() | ast.Del()) | ast.arg(name):
            yield name
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
            yield name
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            yield name


def _children(scope: _Scope, node: ast.AST) -> _Children:
    """Yield the children of a node that run here, each with its scope."""
    if (
        isinstance(node, ast.If | ast.IfExp)
        and (known := is_met(node.test)) is not None
    ):
        run = node.body if known else node.orelse
        yield from ((scope, each) for each in (run if isinstance(run, list) else [run]))
        return
    if isinstance(node, ast.BoolOp):
        decisive = isinstance(node.op, ast.Or)
        for value in node.values:
            yield scope, value
            if is_met(value) is decisive:
                break
        return
    around: list[ast.AST | None] = []
    if isinstance(node, _FUNCTIONS):
        around = [*node.args.defaults, *node.args.kw_defaults]
        around += getattr(node, "decorator_list", [])
    elif isinstance(node, ast.ClassDef):
        around = [*node.decorator_list, *node.bases, *node.keywords]
    elif isinstance(node, _COMPREHENSIONS):
        around = [node.generators[0].iter]
    else:
        yield from ((scope, child) for child in ast.iter_child_nodes(node))
        return
    inner = _Scope(node, scope)
    waiting = list(ast.iter_child_nodes(node))
    for child in waiting:
        if isinstance(child, ast.arguments):
            waiting += [each for each in ast.walk(child) if isinstance(each, ast.arg)]
        elif isinstance(child, ast.comprehension):
            waiting += ast.iter_child_nodes(child)
        elif child not in around:
            yield inner, child
    yield from ((scope, child) for child in around if child)


def _caught(node: ast.AST, child: ast.AST) -> frozenset[str]:
    if isinstance(node, ast.Try | ast.TryStar) and child in node.body:
        return frozenset().union(*map(survived, node.handlers))
    if isinstance(node, ast.With | ast.AsyncWith) and child in node.body:
        return frozenset().union(*map(suppressed, node.items))
    return frozenset()
