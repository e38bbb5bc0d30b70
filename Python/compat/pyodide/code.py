# SPDX-License-Identifier: Apache-2.0
"""Running sources as Pyodide does: the value of the last expression is the result."""

from __future__ import annotations

import ast
import inspect
import io
import linecache
import textwrap
import tokenize
from collections.abc import Callable
from functools import wraps
from types import CodeType
from typing import Any, ParamSpec, TypeVar

from pyodide._missing import missing

__all__ = [
    "CodeRunner",
    "eval_code",
    "eval_code_async",
    "find_imports",
    "relaxed_call",
    "relaxed_wrap",
    "should_quiet",
]

Params = ParamSpec("Params")
T = TypeVar("T")

_POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)
_NAMED = (
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)
_MODES = ("last_expr", "last_expr_or_assign", "none")


class CodeRunner:
    """A source that is parsed, compiled and run in steps.

    `ast` may be changed before `compile`, and `code` after it. `mode` is that of the
    function ``compile``.
    """

    def __init__(
        self,
        source: str,
        *,
        return_mode: str = "last_expr",
        mode: str = "exec",
        quiet_trailing_semicolon: bool = True,
        filename: str = "<exec>",
        flags: int = 0,
        dont_inherit: bool = False,
        optimize: int = -1,
    ) -> None:
        if return_mode not in _MODES:
            choices = ", ".join(map(repr, _MODES))
            raise ValueError(f"return_mode is one of {choices}, not {return_mode!r}")
        self.filename, self.return_mode, self.mode = filename, return_mode, mode
        self._flags = flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._inherits, self._optimize = not dont_inherit, optimize
        source = textwrap.dedent(source)
        if quiet_trailing_semicolon and should_quiet(source):
            self.return_mode = "none"
        if not filename.startswith("<"):
            # So that tracebacks show the lines.
            lines = source.splitlines(keepends=True)
            linecache.cache[filename] = len(source), None, lines, filename
        self.ast: Any = self._compiled(source, ast.PyCF_ONLY_AST)
        self.code: CodeType | None = None
        # Where the code leaves its result among its names, until that is taken.
        self._result = f"_amaru_result_{id(self)}"

    def compile(self) -> CodeRunner:
        """Compile what `ast` is now, once."""
        if self.code is not None:
            raise RuntimeError("this has been compiled already")
        tree = self.ast
        if self.mode != "eval":
            tree = type(tree)(**{**vars(tree), "body": self._body()})
        self.code = self._compiled(ast.fix_missing_locations(tree))
        return self

    def _body(self) -> list[ast.stmt]:
        """Return the statements, of which the last one keeps the result."""
        body: list[ast.stmt] = list(self.ast.body)
        if not body or self.return_mode == "none":
            return body
        last = body[-1]
        if isinstance(last, ast.Expr):
            value: ast.expr = last.value
            del body[-1]
        elif self.return_mode == "last_expr" or (name := _assigned(last)) is None:
            return body
        else:
            value = ast.copy_location(name, last)
        kept = ast.Assign([ast.Name(self._result, ast.Store())], value)
        return [*body, ast.copy_location(kept, last)]

    def _compiled(self, source: Any, flags: int = 0) -> Any:
        return compile(
            source,
            self.filename,
            self.mode,
            self._flags | flags,
            not self._inherits,
            self._optimize,
        )

    def _ready(self) -> CodeType:
        if self.code is None:
            raise RuntimeError("this has not been compiled")
        return self.code

    def run(
        self,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
    ) -> Any:
        """Run it and return its result; `globals` are new ones unless given."""
        code, spaces = self._ready(), self._spaces(globals, locals)
        if _is_asynchronous(code):
            raise SyntaxError("'await' outside function; use run_async")
        value = eval(code, *spaces)
        return self._taken(spaces[1], value)

    async def run_async(
        self,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
    ) -> Any:
        """Do `run` for a source that may await at its top level."""
        code, spaces = self._ready(), self._spaces(globals, locals)
        value = eval(code, *spaces)
        if _is_asynchronous(code):
            value = await value
        return self._taken(spaces[1], value)

    def _taken(self, space: dict[str, Any], value: Any) -> Any:
        return value if self.mode == "eval" else space.pop(self._result, None)

    @staticmethod
    def _spaces(
        globals: dict[str, Any] | None, locals: dict[str, Any] | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        space = {} if globals is None else globals
        return space, space if locals is None else locals


def _assigned(statement: ast.stmt) -> ast.expr | None:
    """Return the name that an assignment sets, as an expression that loads it."""
    if isinstance(statement, ast.Assign):
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        target = statement.target
    else:
        return None
    # An item or an attribute may be another value than the one that was set.
    return ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else None


def _is_asynchronous(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)


def eval_code(
    source: str,
    globals: dict[str, Any] | None = None,
    locals: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Run a source and return the value of its last expression.

    None if the last line is not an expression, or ends with a semicolon. The options
    are those of `CodeRunner`.
    """
    return CodeRunner(source, **options).compile().run(globals, locals)


async def eval_code_async(
    source: str,
    globals: dict[str, Any] | None = None,
    locals: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Do `eval_code` for a source that may await at its top level."""
    runner = CodeRunner(source, **options).compile()
    return await runner.run_async(globals, locals)


def should_quiet(source: str) -> bool:
    """Return whether the last token of a source is a semicolon."""
    ignored = (
        tokenize.ENDMARKER,
        tokenize.NEWLINE,
        tokenize.NL,
        tokenize.COMMENT,
        tokenize.INDENT,
        tokenize.DEDENT,
    )
    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in ignored:
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return False
    return last == ";"


def find_imports(source: str) -> list[str]:
    """Return the modules that a source imports, with their packages, in order.

    Empty for a source that is not Python.
    """
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        else:
            continue
        for name in names:
            parts = name.split(".")
            found.update(".".join(parts[: end + 1]) for end in range(len(parts)))
    return sorted(found)


def relaxed_call(func: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a function without the arguments that it does not take."""
    try:
        signature = inspect.signature(func)
    except ValueError:
        # Some of what is built in does not tell.
        return func(*args, **kwargs)
    bound = _bound(signature, args, kwargs)
    return func(*bound.args, **bound.kwargs)


def relaxed_wrap(func: Callable[..., T]) -> Callable[..., T]:
    """Return a function that ignores the arguments that `func` does not take."""
    try:
        signature = inspect.signature(func)
    except ValueError as exc:
        raise TypeError(
            f"Cannot wrap function {func!r}: it does not tell its arguments"
        ) from exc

    @wraps(func)
    def relaxed(*args: Any, **kwargs: Any) -> T:
        bound = _bound(signature, args, kwargs)
        return func(*bound.args, **bound.kwargs)

    return relaxed


def _bound(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments:
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        args = args[: sum(kind in _POSITIONAL for kind in kinds)]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        kwargs = {
            name: value
            for name, value in kwargs.items()
            if name in signature.parameters
            and signature.parameters[name].kind in _NAMED
        }
    return signature.bind(*args, **kwargs)


def __getattr__(name: str) -> Any:
    raise missing(__name__, name)
