# SPDX-License-Identifier: Apache-2.0
"""What of some modules a source uses, by what its names mean at each place.

Statements are followed in their order, and branches apart: a name means what was
imported until it is bound to something else. The body of a function runs later, and
sees what the names around it mean from its definition on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from amaru._guards import dotted, is_met, suppressed, survived
from amaru._scopes import (
    COMPREHENSIONS,
    FUNCTIONS,
    OTHER,
    Origins,
    Scope,
    State,
    below,
    bound,
    bound_below,
    joined,
)

__all__ = ["Reader"]


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
        #: The names of the exceptions that the `try` statements around catch.
        self._catching: frozenset[str] = frozenset()
        #: What functions bind outside of themselves, by scope and name.
        self._shared: dict[tuple[ast.AST, str], Origins] = {}
        self._is_in_loop = False
        kinds: list[tuple[tuple[type[ast.AST], ...], Callable[[Any], None]]] = [
            (FUNCTIONS, self._function),
            (COMPREHENSIONS, self._comprehension),
            ((ast.ClassDef,), self._class),
            ((ast.Import, ast.ImportFrom), self._import),
            ((ast.If,), self._if),
            ((ast.For, ast.AsyncFor, ast.While), self._loop),
            ((ast.Try, ast.TryStar), self._try),
            ((ast.Match,), self._match),
            ((ast.With, ast.AsyncWith), self._with),
        ]
        self._readers = {kind: read for each, read in kinds for kind in each}

    def read(self, tree: ast.Module) -> None:
        """Read a whole source."""
        self._module = self._scope = Scope(tree, None)
        self._inside(self._scope, tree.body)
        if self._shared:
            # Functions before those that bind outside of themselves see that, too.
            self._scope = self._module = Scope(tree, None)
            self._inside(self._scope, tree.body)

    def _inside(self, scope: Scope, nodes: Iterable[ast.AST]) -> None:
        former, self._scope = self._scope, scope
        self._read(nodes)
        for node, (state, mark) in scope.later.items():
            scope.now = scope.since(state, mark)
            self._body(node, scope)
        self._scope = former

    def _read(self, nodes: Iterable[ast.AST | None]) -> None:
        # Not by recursion: a sum of a thousand terms is a thousand levels deep.
        waiting = [node for node in nodes if node][::-1]
        while waiting:
            node = waiting.pop()
            if read := self._readers.get(type(node)):
                read(node)
                continue
            if isinstance(node, ast.Attribute):
                self._attribute(node)
            waiting += _children(node)[::-1]
            for name in bound(node):
                self._bind(name)

    # Names

    def _bind(self, name: str, origins: Origins = OTHER) -> None:
        scope = self._scope
        while isinstance(scope.node, COMPREHENSIONS) and name not in scope.own:
            # By `:=`.
            assert scope.parent is not None, "a module is around every comprehension"
            scope = scope.parent
        if scope.is_class or (scope.has(name) and name not in scope.globals):
            scope.bind(name, origins)
            return
        owner = self._owner(name)
        key = owner.node, name
        self._shared[key] = self._shared.get(key, OTHER) | origins

    def _owner(self, name: str) -> Scope:
        scope = self._scope
        while not scope.has(name) or name in scope.globals:
            if name in scope.globals or scope.parent is None:
                return self._module
            scope = scope.parent
        return scope

    def _attribute(self, node: ast.Attribute) -> None:
        parts = dotted(node)
        if not parts:
            return
        owner = self._owner(parts[0])
        origins = owner.now.get(parts[0], OTHER)
        for origin in origins | self._shared.get((owner.node, parts[0]), OTHER):
            self.found.add((".".join([origin, *parts[1:]]), node.lineno))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias, name in zip(node.names, bound(node), strict=True):
            full = means = alias.name
            if isinstance(node, ast.ImportFrom):
                full = means = "." if node.level else f"{node.module}.{alias.name}"
            elif not alias.asname:
                means = name
            if full.split(".")[0] not in self._roots:
                self._bind(name)
                continue
            error = self._failure(full)
            if error and any(kind.__name__ in self._catching for kind in error.mro()):
                self.caught.add((full, node.lineno))
                self._bind(name)
                continue
            self.found.add((full, node.lineno))
            self._bind(name, frozenset([means]))

    # Scopes

    def _class(self, node: ast.ClassDef) -> None:
        self._read([*node.decorator_list, *node.bases, *node.keywords])
        self._inside(Scope(node, self._scope), node.body)
        self._bind(node.name)

    def _comprehension(self, node: Any) -> None:
        first, *others = node.generators
        self._read([first.iter])
        scope = Scope(node, self._scope)
        targets = [each.target for each in node.generators]
        scope.own = {name for target in targets for name in bound_below(target)}
        nodes = [first.target, *first.ifs]
        for each in others:
            nodes += [each.iter, each.target, *each.ifs]
        values = [getattr(node, field, None) for field in ("key", "value", "elt")]
        self._inside(scope, [*nodes, *filter(None, values)])

    def _function(self, node: Any) -> None:
        self._read([*getattr(node, "decorator_list", ()), node.args])
        self._read([getattr(node, "returns", None)])
        for name in bound(node):
            self._bind(name)
        home = self._scope
        if home.is_class and home.parent:
            home = home.parent
        home.later[node] = (dict(home.now), len(home.history))

    def _body(self, node: Any, parent: Scope) -> None:
        scope = Scope(node, parent)
        body = node.body if isinstance(node.body, list) else [node.body]
        scope.own = {each.arg for each in ast.walk(node.args) if type(each) is ast.arg}
        others = set()
        for inner in body:
            scope.own |= set(bound_below(inner))
            for each in below(inner):
                if isinstance(each, ast.Global):
                    scope.globals |= set(each.names)
                elif isinstance(each, ast.Nonlocal):
                    others |= set(each.names)
        scope.own -= scope.globals | others
        self._inside(scope, body)

    # Branches

    def _branch(self, state: State, nodes: Iterable[ast.AST | None]) -> State:
        """Return what names mean after `nodes`, if they meant `state` before."""
        self._scope.now = dict(state)
        self._read(nodes)
        return self._scope.now

    def _if(self, node: ast.If) -> None:
        ends = []
        rest: list[ast.stmt] = [node]
        # Each `elif` is an `if` in the other branch, and there may be many.
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            test, body, rest = rest[0].test, rest[0].body, rest[0].orelse
            state = self._branch(self._scope.now, [test])
            known = is_met(test)
            if known is not False:
                ends.append(self._branch(state, body))
            self._scope.now = state
            if known:
                break
        else:
            ends.append(self._branch(self._scope.now, rest))
        self._scope.now = joined(ends)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        head = [node.test] if isinstance(node, ast.While) else [node.target]
        if not isinstance(node, ast.While):
            self._read([node.iter])
        before = self._scope.now
        after = joined([before, self._branch(before, [*head, *node.body])])
        if after != before and not self._is_in_loop:
            # The next round; in that, the loops inside have had theirs.
            self._is_in_loop = True
            after = joined([after, self._branch(after, [*head, *node.body])])
            self._is_in_loop = False
        self._scope.now = joined([after, self._branch(after, node.orelse)])

    def _try(self, node: Any) -> None:
        scope = self._scope
        before, mark = scope.now, len(scope.history)
        former = self._catching
        self._catching = former.union(*map(survived, node.handlers))
        tried = self._branch(before, node.body)
        self._catching = former
        # The body may have failed anywhere.
        failed = scope.since(before, mark)
        ends = [self._branch(tried, node.orelse)]
        for handler in node.handlers:
            self._branch(failed, [handler.type])
            for name in bound(handler):
                self._bind(name)
            ends.append(self._branch(scope.now, handler.body))
        scope.now = joined(ends)
        self._read(node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        self._read(node.items)
        former = self._catching
        self._catching = former.union(*map(suppressed, node.items))
        self._read(node.body)
        self._catching = former

    def _match(self, node: ast.Match) -> None:
        self._read([node.subject])
        ends = [self._scope.now]
        for case in node.cases:
            ends.append(self._branch(ends[0], [case.pattern, case.guard, *case.body]))
        self._scope.now = joined(ends)


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the children of a node, what is read before what is bound to it."""
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return [node.annotation]
    first = getattr(node, "value", None)
    rest = [child for child in ast.iter_child_nodes(node) if child is not first]
    return [first, *rest] if isinstance(first, ast.AST) else rest
