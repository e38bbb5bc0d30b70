# SPDX-License-Identifier: Apache-2.0
"""Proxies that a script makes for its host; here the host takes objects as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, Generic, TypeVar

from pyodide.ffi._kinds import JsDoubleProxy, JsError, JsOnceCallable

__all__ = ["create_once_callable", "create_proxy", "destroy_proxies"]

T = TypeVar("T")
_GONE: Final = object()


class _Proxy(JsDoubleProxy, Generic[T]):
    """An object kept alive until `destroy`; calls and attributes go to it."""

    _exists: ClassVar[bool] = True

    def __init__(self, obj: T) -> None:
        self._obj: T | object = obj

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        target: Any = self.unwrap()
        return target(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        # Only what the proxy itself lacks comes here; during copying not even _obj is
        # there yet.
        if name == "_obj":
            raise AttributeError(name)
        return getattr(self.unwrap(), name)

    def __repr__(self) -> str:
        state = "destroyed" if self._obj is _GONE else repr(self._obj)
        return f"<proxy of {state}>"

    def destroy(self) -> None:
        """Let go of the object; every later use is an error."""
        self.unwrap()
        self._obj = _GONE

    def unwrap(self) -> T:
        """Return the object itself."""
        if self._obj is _GONE:
            raise JsError(
                "Error",
                "this proxy has been destroyed; make a new one with create_proxy()",
            )
        return self._obj  # type: ignore[return-value]


class _OnceProxy(_Proxy[Callable[..., Any]], JsOnceCallable):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._obj is _GONE:
            raise JsError("Error", "OnceProxy can only be called once")
        target = self.unwrap()
        self.destroy()
        return target(*args, **kwargs)


def create_proxy(
    obj: T, /, *, capture_this: bool = False, roundtrip: bool = True
) -> _Proxy[T]:
    """Return a proxy of `obj` that holds it until it is destroyed.

    The options are Pyodide's and speak of JavaScript; they change nothing here.
    """
    return _Proxy(obj)


def create_once_callable(obj: Callable[..., Any], /) -> _OnceProxy:
    """Return a proxy that may be called once, and lets go of `obj` then."""
    return _OnceProxy(obj)


def destroy_proxies(proxies: Iterable[Any], /) -> None:
    """Destroy each of several proxies."""
    for proxy in proxies:
        proxy.destroy()
