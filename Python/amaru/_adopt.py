# SPDX-License-Identifier: Apache-2.0
"""Puts the host's network under the HTTP libraries of a script, as it imports them."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from amaru.transport import async_transport

__all__ = ["install"]


def _adopt_urllib3(module: ModuleType) -> None:
    from amaru.transport import _urllib3

    _urllib3.install()


def _adopt_httpx(module: ModuleType) -> None:
    _adopt_client(module, "httpx")


def _adopt_httpx2(module: ModuleType) -> None:
    _adopt_client(module, "httpx2")


def _adopt_client(module: ModuleType, family: Any) -> None:
    client = module.AsyncClient
    original = client._init_transport

    def init_transport(self: Any, *args: Any, **options: Any) -> Any:
        transport = options.get("transport")
        if transport is None:
            return async_transport(family)
        return original(self, *args, **options)

    client._init_transport = init_transport


_ADOPTERS: dict[str, Callable[[ModuleType], None]] = {
    "urllib3": _adopt_urllib3,
    "httpx": _adopt_httpx,
    "httpx2": _adopt_httpx2,
}


class _Finder(importlib.abc.MetaPathFinder):
    """Adopts a library right after its own code has run, whoever imports it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in _ADOPTERS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        loader, adopt = spec.loader, _ADOPTERS[name]
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            adopt(module)

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Adopt the libraries that are imported from now on."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
