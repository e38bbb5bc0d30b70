# SPDX-License-Identifier: Apache-2.0
"""The text of exceptions; making exceptions and their classes."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from traceback import TracebackException
    from typing import Any


def format_exception(exc: BaseException) -> str:
    """Return the traceback as python prints it, without the bridge's own frames.

    Those of modules with a true `__tracebackhide__` are left out too, if others remain.
    https://docs.pytest.org/en/stable/example/simple.html#writing-well-integrated-assertion-helpers
    """
    from traceback import TracebackException

    trace = exc.__traceback__
    report = TracebackException(type(exc), exc, trace, compact=True)
    files: dict[str, bool] = {"<amaru>": True}
    while trace is not None:
        frame = trace.tb_frame
        hides = bool(frame.f_globals.get("__tracebackhide__"))
        files.setdefault(frame.f_code.co_filename, hides)
        trace = trace.tb_next
    hidden = {file for file, hides in files.items() if hides}
    if len(hidden) == len(files):
        hidden = {"<amaru>"}
    _remove_frames(hidden, report, set())
    text = "".join(report.format())
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _remove_frames(
    files: set[str], report: TracebackException | None, seen: set[int]
) -> None:
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    report.stack[:] = [f for f in report.stack if f.filename not in files]
    _remove_frames(files, report.__cause__, seen)
    _remove_frames(files, report.__context__, seen)
    for member in report.exceptions or ():
        _remove_frames(files, member, seen)


def find_class(name: str) -> type[BaseException]:
    """Return the exception class with a dotted name; builtins need no module."""
    from importlib import import_module

    module, _, name = name.rpartition(".")
    found = getattr(import_module(module or "builtins"), name)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        raise TypeError(f"{name} is no exception class")
    return found


def make_exception(type_name: str, arguments: tuple[Any, ...]) -> BaseException:
    """Make an exception of a class that is given by its name."""
    return find_class(type_name)(*arguments)


def make_group(
    message: str, exceptions: Sequence[BaseException]
) -> BaseExceptionGroup[BaseException]:
    """Make a group; an ExceptionGroup, if each of them is an Exception."""
    return BaseExceptionGroup(message, exceptions)


class _Attributes:
    """The attributes of an exception, as `str.format_map` looks them up."""

    def __init__(self, exception: BaseException) -> None:
        self._exception = exception

    def __getitem__(self, name: str) -> Any:
        return getattr(self._exception, name)


def _argument(name: str, index: int) -> property:
    def argument(self: BaseException) -> Any:
        try:
            return self.args[index]
        except IndexError:
            message = f"{type(self).__name__} was made without the argument {name!r}"
            raise AttributeError(message, name=name, obj=self) from None

    return property(argument)


def make_exception_class(
    module: str,
    name: str,
    documentation: str | None,
    bases: Sequence[type[BaseException]],
    attributes: Sequence[str],
    text: str | None,
    arrival: object,
) -> type[BaseException]:
    """Make a class whose attributes are its arguments, and whose text is a format.

    `arrival` is how Swift turns its instances into errors.
    """
    namespace: dict[str, Any] = {
        "__module__": module,
        "__qualname__": name,
        "__doc__": documentation,
    }
    for index, attribute in enumerate(attributes):
        if not attribute.isidentifier():
            raise ValueError(f"{name}: {attribute!r} is no name for an attribute")
        namespace[attribute] = _argument(attribute, index)
    if text is not None:

        def __str__(self: BaseException) -> str:
            try:
                return text.format_map(_Attributes(self))
            except AttributeError:
                return BaseException.__str__(self)

        namespace["__str__"] = __str__
    if arrival is not None:
        namespace["__swift_arrival__"] = arrival
    return type(name, tuple(bases) or (Exception,), namespace)
