# SPDX-License-Identifier: Apache-2.0
"""The compat package is as much of Pyodide as promised, and clear about the rest."""

from __future__ import annotations

import sys
from weakref import ref

import pytest


class Thing:
    value = 3

    def __call__(self, *args: object, **options: object) -> object:
        return args, options


def test_a_proxy_calls_and_forwards() -> None:
    from pyodide.ffi import create_proxy

    thing = Thing()
    proxy = create_proxy(thing)
    assert proxy(1, a=2) == ((1,), {"a": 2})
    assert proxy.value == 3
    assert proxy.unwrap() is thing
    assert callable(proxy)


def test_a_proxy_keeps_its_object_until_destroyed() -> None:
    from pyodide.ffi import create_proxy

    thing = Thing()
    proxy = create_proxy(thing)
    alive = ref(thing)
    del thing
    assert alive() is not None
    proxy.destroy()
    assert alive() is None
    for use in (proxy, proxy.unwrap, proxy.destroy, lambda: proxy.value):
        with pytest.raises(RuntimeError, match="destroyed"):
            use()


def test_a_once_callable_is_called_once() -> None:
    from pyodide.ffi import create_once_callable

    once = create_once_callable(Thing())
    assert once(1) == ((1,), {})
    with pytest.raises(RuntimeError, match="only be called once"):
        once(1)


@pytest.mark.parametrize("name", ["JsTypedThing", "setup_env", "anything"])
def test_what_is_missing_is_named(name: str) -> None:
    import pyodide.ffi

    with pytest.raises(NotImplementedError, match=f"pyodide.ffi.{name} is not avail"):
        getattr(pyodide.ffi, name)
    with pytest.raises(ImportError, match=f"pyodide.ffi.{name} is not avail"):
        exec(f"from pyodide.ffi import {name}")


def test_the_package_finds_its_own_modules_and_names_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pyodide.ffi

    monkeypatch.delitem(sys.modules, "pyodide.ffi")
    monkeypatch.delattr(pyodide, "ffi")
    exec("from pyodide import ffi")
    with pytest.raises(ImportError, match="pyodide.canvas is not available"):
        exec("from pyodide import canvas")


def test_probes_of_the_interpreter_see_a_plain_module() -> None:
    import pyodide.ffi

    assert not hasattr(pyodide.ffi, "__wrapped__")
    assert pyodide.ffi.IN_PYODIDE is False
