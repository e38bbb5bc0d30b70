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

_MODES = ("last_expr", "last_expr_or_assign", "none")


class CodeRunner:
    """A source that is parsed, compiled and run in steps.

    `ast` may be changed before `compile`. `code` holds the statements; what gives the
    result is compiled apart.
    """

    def __init__(
        self,
        source: str,
        *,
        return_mode: str = "last_expr",
        quiet_trailing_semicolon: bool = True,
        filename: str = "<exec>",
        flags: int = 0,
        dont_inherit: bool = False,
        optimize: int = -1,
    ) -> None:
        if return_mode not in _MODES:
            choices = ", ".join(map(repr, _MODES))
            raise ValueError(f"return_mode is one of {choices}, not {return_mode!r}")
        self.filename, self.return_mode = filename, return_mode
        self._flags, self._inherits = flags, not dont_inherit
        self._optimize = optimize
        source = textwrap.dedent(source)
        if quiet_trailing_semicolon and should_quiet(source):
            self.return_mode = "none"
        if not filename.startswith("<"):
            # So that tracebacks show the lines.
            lines = source.splitlines(keepends=True)
            linecache.cache[filename] = len(source), None, lines, filename
        self.ast = ast.parse(source, filename=filename)
        self.code: CodeType | None = None
        self._result: CodeType | None = None

    def compile(self) -> CodeRunner:
        """Compile what `ast` is now, once."""
        if self.code is not None:
            raise RuntimeError("this has been compiled already")
        body, result = self._split()
        module = ast.Module(body, self.ast.type_ignores)
        self.code = self._compiled(ast.fix_missing_locations(module), "exec")
        if result is not None:
            expression = ast.fix_missing_locations(ast.Expression(result))
            self._result = self._compiled(expression, "eval")
        return self

    def _split(self) -> tuple[list[ast.stmt], ast.expr | None]:
        body = list(self.ast.body)
        if not body or self.return_mode == "none":
            return body, None
        last = body[-1]
        if isinstance(last, ast.Expr):
            return body[:-1], last.value
        target = self._assigned(last)
        if self.return_mode == "last_expr" or target is None:
            return body, None
        return body, ast.copy_location(target, last)

    @staticmethod
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

    def _compiled(self, tree: ast.Module | ast.Expression, mode: str) -> CodeType:
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(
            tree, self.filename, mode, flags, not self._inherits, self._optimize
        )
        return code

    def _codes(self) -> list[CodeType]:
        if self.code is None:
            raise RuntimeError("this has not been compiled")
        return [self.code] if self._result is None else [self.code, self._result]

    def run(
        self,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
    ) -> Any:
        """Run it and return its result; `globals` are new ones unless given."""
        value, spaces = None, self._spaces(globals, locals)
        for code in self._codes():
            if _is_asynchronous(code):
                raise SyntaxError("'await' outside function; use run_async")
            value = eval(code, *spaces)
        return value if self._result is not None else None

    async def run_async(
        self,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
    ) -> Any:
        """Do `run` for a source that may await at its top level."""
        value, spaces = None, self._spaces(globals, locals)
        for code in self._codes():
            value = eval(code, *spaces)
            if _is_asynchronous(code):
                value = await value
        return value if self._result is not None else None

    @staticmethod
    def _spaces(
        globals: dict[str, Any] | None, locals: dict[str, Any] | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        space = {} if globals is None else globals
        return space, space if locals is None else locals


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
    taken, named = _fitting(inspect.signature(func), args, kwargs)
    return func(*taken, **named)


def relaxed_wrap(func: Callable[..., T]) -> Callable[..., T]:
    """Return a function that ignores the arguments that `func` does not take."""
    signature = inspect.signature(func)

    @wraps(func)
    def relaxed(*args: Any, **kwargs: Any) -> T:
        taken, named = _fitting(signature, args, kwargs)
        return func(*taken, **named)

    return relaxed


def _fitting(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    parameters = signature.parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        positional = [
            parameter
            for parameter in parameters
            if parameter.kind
            in (
                inspect.Parameter.POSITIONAL_ONLY,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
            )
        ]
        args = args[: len(positional)]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        kwargs = {
            name: value
            for name, value in kwargs.items()
            if name in signature.parameters
        }
    return args, kwargs


def __getattr__(name: str) -> Any:
    raise missing(__name__, name)
