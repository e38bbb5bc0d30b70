# SPDX-License-Identifier: Apache-2.0
"""The end of ``__main__``: what it has made has its last word, and files are written.

python has this from the finalisation of the interpreter, which a Swift program that
goes on does not do, `Py_FinalizeEx` and ``finalize_modules`` in
https://github.com/python/cpython/blob/3.11/Python/pylifecycle.c.
"""

from __future__ import annotations

import gc
import io
import sys
from _io import _IOBase
from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["end", "let_go"]

# In seconds, for a stream that a thread writes to; python dies of one after a second.
_WRITE_LIMIT = 5.0
# What the host goes on to use.
_KEPT = {"amaru", "js", "micropip", "pyodide", "pyodide_js"}

_BUFFERS = (io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair)
_BUILT_IN = (
    *(io.TextIOWrapper, io.StringIO, io.BytesIO, io.FileIO),
    *(io.BufferedReader, *_BUFFERS),
)


def end(earlier: frozenset[str]) -> None:
    """Finalise what a script has made, and write what its open files hold.

    `earlier` names the modules that were there before it. Those that a thread still
    uses keep their names: under python it stops here, which it does not do by itself.
    """
    import _thread

    last = sys.__dict__.get("last_value")
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)
    if last is not None:
        let_go(last)
    if has_threads := _thread._count() > 0:
        # What such a thread then lacks is no news.
        import threading

        threading.excepthook = lambda _: None
    # What survives a collection is sorted by it, so that the next one finalises a text
    # before the file below it.
    gc.collect(1)
    names = list(_own(earlier))
    alive = [
        ref(sys.modules[name])
        for name in names
        if isinstance(sys.modules[name], type(sys))
    ]
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]
    # Finalisers still find the names of their modules.
    gc.collect()
    if has_threads:
        return _write_beside_threads()
    left = [module for one in reversed(alive) if (module := one()) is not None]
    for module in left:
        _clear(module.__dict__)
    # Something else has a function of the script; packages have nothing to finalise.
    if any(module.__name__ == "__main__" for module in left):
        gc.collect()
    _write()


def let_go(exc: BaseException) -> None:
    """Drop the frames of an exception, and with them what their functions have made.

    It is the host that refers to it still.
    """
    if (tasks := sys.modules.get("asyncio.tasks")) is not None:
        # One whose exception nobody took shows these frames as it is finalised.
        for task in [o for o in gc.get_objects() if issubclass(type(o), tasks.Task)]:
            if task._log_traceback and task._exception is exc:
                task.__del__()
    seen: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [exc]
    while waiting:
        if (one := waiting.pop()) is None or id(one) in seen:
            continue
        seen[id(one)] = one
        one.__traceback__ = None
        waiting += (one.__cause__, one.__context__)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _own(earlier: frozenset[str]) -> Iterator[str]:
    known = earlier | sys.stdlib_module_names
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if name == "__main__" or not (top in known or top in _KEPT or top[:1] == "_"):
            yield name


def _clear(names: dict[str, object]) -> None:
    """Clear the names of a module in the order of ``_PyModule_ClearDict``."""
    for is_private in (True, False):
        for name in list(names):
            if name == "__builtins__":
                continue
            if not is_private or (name[:1] == "_" and name[1:2] != "_"):
                names[name] = None


def _write_beside_threads() -> None:
    """Write like `_write`, but wait only so long for a stream that a thread holds."""
    import threading

    writer = threading.Thread(target=_write, daemon=True)
    writer.start()
    writer.join(_WRITE_LIMIT)


def _write() -> None:
    """Write what open files hold that something still refers to."""
    # The newest first: it is the one that writes to another.
    streams = [o for o in gc.get_objects() if issubclass(type(o), _IOBase)][::-1]
    texts = [o for o in streams if isinstance(o, io.TextIOWrapper)]
    buffers = [o for o in streams if isinstance(o, _BUFFERS)]
    # Of Python, such as `gzip.GzipFile`, which write their ends as they are closed.
    others = [o for o in streams if not isinstance(o, _BUILT_IN)]
    calls = [o.flush for o in texts] + [o.close for o in others]
    for call in calls + [o.flush for o in buffers]:
        try:
            call()
        except Exception:
            # What could not be written is lost under python, too, which may tell.
            continue
