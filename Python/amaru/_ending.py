# SPDX-License-Identifier: Apache-2.0
"""The end of a script: finalisers run, and open files are written.

python does both as it finalises the interpreter, which the host does not: see
`finalize_modules` and `finalize_modules_delete_special` of CPython's pylifecycle.c, and
`_PyModule_ClearDict` of its moduleobject.c.
"""

import _signal  # type: ignore[import-not-found]
import _thread
import gc
import io
import os
import sys
from _io import _IOBase
from _weakref import ref

from amaru._main import OWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["end", "release_frames"]

# In seconds, for a stream that a thread is writing to.
_WRITE_LIMIT = 5.0

_LIBRARY = os.path.dirname(os.__file__) + os.sep
_BUFFERS = (io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair)
_BUILT_IN = (
    io.TextIOWrapper,
    io.StringIO,
    io.BytesIO,
    io.FileIO,
    io.BufferedReader,
    *_BUFFERS,
)

# Whatever a subclass makes of the attribute.
_names_of: "Callable[[Any], dict[object, object]]"
_names_of = type.__getattribute__(type(sys), "__dict__")["__dict__"].__get__


def end(earlier: "frozenset[str]") -> None:
    """Finalise what a script has made, and write what its open files hold.

    `earlier` names the modules that were there before it.
    """
    has_threads = _thread._count() > 0
    try:
        _finalise(earlier, has_threads)
    finally:
        if has_threads:
            _write_beside_threads()
        else:
            _write()


def release_frames(exc: BaseException) -> None:
    """Release the frames that the traceback of an exception keeps alive.

    The host holds the exception longer than python does.
    """
    _report_task(exc)
    seen: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [exc]
    while waiting:
        if (one := waiting.pop()) is None or id(one) in seen:
            continue
        seen[id(one)] = one
        # Not by assignment, which a frozen dataclass refuses.
        BaseException.with_traceback(one, None)
        waiting += (one.__cause__, one.__context__)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _report_task(exc: BaseException) -> None:
    """Have a task report that it has ended by an exception that nobody took.

    asyncio does so when the task is collected, and shows the frames.
    """
    if (tasks := sys.modules.get("asyncio.tasks")) is None:
        return
    for task in [o for o in gc.get_objects() if issubclass(type(o), tasks.Task)]:
        if task._log_traceback and task._exception is exc:
            task.__del__()


# Finalisers


class _Mark:
    """Is among the names of a module, and goes with them.

    The module itself may go before: a function holds the names alone.
    """

    __slots__ = ("__weakref__", "names")

    def __init__(self, names: "dict[object, object]") -> None:
        self.names = names
        names["__amaru_mark__"] = self


def _finalise(earlier: "frozenset[str]", has_threads: bool) -> None:
    _reset_signal_handlers()
    last = sys.__dict__.get("last_value")
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, getattr(sys, f"__{name}__"))
    if isinstance(last, BaseException):
        release_frames(last)
    del last
    # What survives a collection is sorted by it, so that the next one finalises a text
    # before the file below it.
    gc.collect(1)
    # A thread, which python stops here, may import the others.
    names = ["__main__"] if has_threads else list(_added(earlier))
    marks = [ref(mark) for mark in map(_removed, names) if mark]
    # Finalisers still find the names of their modules.
    gc.collect()
    if has_threads:
        return
    left = [mark.names for one in reversed(marks) if (mark := one()) is not None]
    for each in left:
        _clear(each)
    if left:
        gc.collect()


def _reset_signal_handlers() -> None:
    """Restore the default action of every signal that Python code handles.

    As `_PySignal_Fini` does before anything is finalised: handlers lose their names.
    """
    own = _signal.default_int_handler
    for number in _signal.valid_signals():
        handler = _signal.getsignal(number)
        if not callable(handler) or handler is own:
            continue
        # An interrupt is the host's.
        action = own if number == _signal.SIGINT else _signal.SIG_DFL
        try:
            _signal.signal(number, action)
        except BaseException:
            # Raised by a handler that was due; then nothing has been changed.
            _signal.signal(number, action)


def _added(earlier: "frozenset[str]") -> "Iterator[str]":
    """Yield the names of ``__main__``, of the script's modules, and of packages."""
    yield "__main__"
    for name, module in list(sys.modules.items()):
        if name in earlier or not _is_module(module):
            continue
        if not _is_kept(name, _names_of(module)):
            yield name


def _is_module(module: object) -> bool:
    # Its `__class__` may be another's, as that of cffi's libraries.
    return issubclass(type(module), type(sys))


def _is_kept(name: str, names: "dict[object, object]") -> bool:
    file = names.get("__file__")
    if not isinstance(file, str):
        # What is built in has a specification, and what a script has made has none.
        return names.get("__spec__") is not None or name.startswith("_amaru")
    is_standard = file.startswith(_LIBRARY) and "-packages" not in file
    return is_standard or file.startswith(OWN)


def _removed(name: str) -> "_Mark | None":
    module = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]
    return _Mark(_names_of(module)) if _is_module(module) else None


def _clear(names: "dict[object, object]") -> None:
    """Clear the names of a module, its private ones first."""
    for is_private in (True, False):
        for name in [name for name in names if isinstance(name, str)]:
            if is_private:
                is_next = name[:1] == "_" and name[1:2] != "_"
            else:
                is_next = name != "__builtins__"
            if is_next:
                names[name] = None


# Files


def _write_beside_threads() -> None:
    """Write like `_write`, but wait only so long for a stream that a thread holds."""
    import threading

    # A thread misses what is closed: under python it would not go on.
    threading.excepthook = lambda _: None
    writer = threading.Thread(target=_write, daemon=True)
    try:
        writer.start()
    except RuntimeError:
        _write()
    else:
        writer.join(_WRITE_LIMIT)


def _write() -> None:
    """Write what open files hold that something still refers to."""
    texts, others, buffers = [], [], []
    for stream in gc.get_objects():
        if not issubclass(type(stream), _IOBase):
            continue
        if isinstance(stream, io.TextIOWrapper):
            texts.append(stream)
        elif isinstance(stream, _BUFFERS):
            buffers.append(stream)
        elif not isinstance(stream, _BUILT_IN):
            others.append(stream)
    # What others write to comes after them.
    below = {id(one) for o in others for one in getattr(o, "__dict__", {}).values()}
    below |= {id(getattr(o, "raw", None)) for o in buffers}
    others.sort(key=lambda stream: id(stream) in below)
    for streams, method in ((texts, "flush"), (others, "close"), (buffers, "flush")):
        for stream in streams:
            try:
                getattr(stream, method)()
            except BaseException:
                # Under python this is lost, too.
                pass
