# SPDX-License-Identifier: Apache-2.0
"""Puts the host's network under the HTTP libraries of this process.

The host calls `install` before it runs a script or a plugin. From then on each client
of httpx and httpx2, and each pool of urllib3, that is given no transport of its own
sends its requests through the host, whether its library was imported before or not::

    from amaru import network

    network.install()
    assert "httpx" in network.installed
    network.uninstall()

Clients that were given a transport, and asyncio's own sockets, are left alone.
"""

from __future__ import annotations

import sys
from _thread import RLock

from amaru import _bridge

# Nothing else is imported before a library is adopted: each start pays for this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Final

__all__ = ["Adoption", "install", "installed", "uninstall"]


class _Patch:
    """A method of somebody else's class that is replaced until `undo`."""

    def __init__(
        self, owner: type, name: str, make: Callable[[Callable[..., Any]], Any]
    ) -> None:
        import functools

        self._owner, self._name = owner, name
        self._inherited = name not in vars(owner)
        original = getattr(owner, name)
        ours = make(original)
        self._active = True

        @functools.wraps(original)
        def method(*arguments: Any, **options: Any) -> Any:
            chosen = ours if self._active else original
            return chosen(*arguments, **options)

        self._original, self._method = original, method
        setattr(owner, name, method)

    def undo(self) -> None:
        """Put back what was there.

        What somebody else has put on top stays; the method below it does from now on
        what it did at first.
        """
        self._active = False
        if vars(self._owner).get(self._name) is not self._method:
            return
        if self._inherited:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, self._original)


def _over_the_host(
    make: Callable[..., Any], owner: str, original: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a method like `original` that makes a transport of ours by `make`."""
    import inspect

    signature = inspect.signature(original)

    def init_transport(client: Any, *arguments: Any, **given: Any) -> Any:
        options = dict(signature.bind(client, *arguments, **given).arguments)
        # The client itself, under whatever name.
        del options[next(iter(signature.parameters))]
        # A transport, or in old releases an application that is called directly.
        if any(options.pop(name, None) is not None for name in ("transport", "app")):
            return original(client, *arguments, **given)
        return make(owner=owner, **options)

    return init_transport


def _adopt_clients(module: ModuleType) -> list[Callable[[], None]]:
    from functools import partial

    from amaru.transport import async_transport, sync_transport

    family: Any = module.__name__
    makers: dict[str, Callable[..., Any]] = {
        "AsyncClient": async_transport,
        "Client": sync_transport,
    }
    patches = []
    for name, maker in makers.items():
        over = partial(_over_the_host, partial(maker, family), f"{family}.{name}")
        for method in ("_init_transport", "_init_proxy_transport"):
            patches.append(_Patch(getattr(module, name), method, over).undo)
    return patches


def _adopt_urllib3(module: ModuleType) -> list[Callable[[], None]]:
    from amaru.transport import _urllib3

    _urllib3.install()
    return [_urllib3.uninstall]


def _adopt_ssl(module: ModuleType) -> list[Callable[[], None]]:
    # No traffic: what a context was given cannot be asked of it, so it is noted.
    # asyncio imports ssl, and most programs never load a certificate themselves.
    methods = ("load_cert_chain", "load_verify_locations", "set_default_verify_paths")
    return [_Patch(module.SSLContext, name, _noting(name)).undo for name in methods]


def _noting(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def over(original: Callable[..., Any]) -> Callable[..., Any]:
        def method(*arguments: Any, **options: Any) -> Any:
            from amaru.transport import _tls

            noting = dict(_tls.remembering())[name](original)
            return noting(*arguments, **options)

        return method

    return over


_ADOPTERS: Final[dict[str, Callable[[ModuleType], list[Callable[[], None]]]]] = {
    "httpx": _adopt_clients,
    "httpx2": _adopt_clients,
    "urllib3": _adopt_urllib3,
    "ssl": _adopt_ssl,
}


class _Finder:
    """Adopts a library right after its own code has run, whoever imports it."""

    def __init__(self, adopt: Callable[[str], None]) -> None:
        self._adopt = adopt

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _ADOPTERS:
            return None
        spec = self._found_by_others(name, path, target)
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            self._adopt(name)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _found_by_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        # Those that would be asked next, without an import of importlib's modules.
        finders = list(sys.meta_path)
        own = finders.index(self) if self in finders else -1
        for finder in finders[own + 1 :]:
            if spec := finder.find_spec(name, path, target):
                return spec
        return None


class Adoption:
    """Which libraries use the host's network; true while `install` is in force."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._finder: _Finder | None = None
        self._adopted: dict[str, list[Callable[[], None]]] = {}

    def __bool__(self) -> bool:
        return self._finder is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.libraries)

    def __contains__(self, library: object) -> bool:
        return library in self.libraries

    def __repr__(self) -> str:
        state = f"installed: {', '.join(self.libraries)}" if self else "not installed"
        return f"<Adoption {state}>"

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries that are imported and adopted, by name in order."""
        return tuple(sorted(set(self._adopted) - {"ssl"}))

    def _install(self) -> None:
        with self._lock:
            if self._finder is not None:
                return
            self._finder = _Finder(self._adopt)
            sys.meta_path.insert(0, self._finder)
            for library in _ADOPTERS:
                module = sys.modules.get(library)
                # One that is being imported right now is not whole yet.
                spec = getattr(module, "__spec__", None)
                if module is not None and not getattr(spec, "_initializing", False):
                    self._adopt(library)

    def _uninstall(self) -> None:
        with self._lock:
            if self._finder in sys.meta_path:
                sys.meta_path.remove(self._finder)
            self._finder = None
            while self._adopted:
                _, undoings = self._adopted.popitem()
                for undo in reversed(undoings):
                    undo()

    def _adopt(self, library: str) -> None:
        with self._lock:
            if self._finder is not None and library not in self._adopted:
                adopt = _ADOPTERS[library]
                self._adopted[library] = adopt(sys.modules[library])


installed: Final = Adoption()
"""Whether `install` is in force, and for which of the imported libraries."""


def install() -> None:
    """Adopt the HTTP libraries that are imported already, and those that will be.

    Clients and pools that exist already keep what they have. Doing it again changes
    nothing. Outside the host it is a RuntimeError.
    """
    _bridge.http()
    installed._install()


def uninstall() -> None:
    """Give the libraries back exactly what they had.

    Clients that were made in between keep the host's network. A method that somebody
    else has replaced since then keeps their replacement.
    """
    installed._uninstall()
