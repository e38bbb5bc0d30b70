# SPDX-License-Identifier: Apache-2.0
"""Modules made from objects."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["register_js_module", "registered", "unregister_js_module"]


class _ObjectModule(ModuleType):
    """A module whose attributes are those of an object."""

    def __init__(self, name: str, obj: Any) -> None:
        super().__init__(name)
        self.__dict__["__object__"] = obj

    def __getattr__(self, name: str) -> Any:
        # A mapping's keys are attributes, as those of an object of JavaScript.
        obj = self.__dict__["__object__"]
        if name == "__all__" and "__all__" not in dir(self):
            return [each for each in dir(self) if not each.startswith("_")]
        if isinstance(obj, dict) and name in obj:
            return obj[name]
        if isinstance(obj, dict) or not hasattr(obj, name):
            module = self.__name__
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(obj, name)

    def __dir__(self) -> list[str]:
        obj = self.__dict__["__object__"]
        names = obj if isinstance(obj, dict) else dir(obj)
        return sorted({*self.__dict__, *names} - {"__object__"})


class _Modules(MetaPathFinder, Loader):
    """The modules that are registered; other finders come first."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, *rest = name.split(".")
        if root not in self.objects:
            return None
        obj = self.objects[root]
        try:
            for part in rest:
                obj = obj[part] if isinstance(obj, dict) else getattr(obj, part)
        except (KeyError, AttributeError):
            return None
        spec = ModuleSpec(name, self, origin="object", is_package=True)
        spec.loader_state = obj
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _ObjectModule(spec.name, spec.loader_state)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the object is there."""


_modules = _Modules()


def register_js_module(name: str, jsproxy: Any) -> None:
    """Make an object importable as a module; another of this name is replaced.

    Its attributes, or a dict's keys, are the module's; objects among them are its
    submodules. What has been imported already stays.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a module is a str, not {type(name).__name__}")
    if _modules not in sys.meta_path:
        sys.meta_path.append(_modules)
    _modules.objects[name] = jsproxy


def registered(module: str, name: str) -> tuple[bool, Any]:
    """Return whether a module is registered that has a name, and the name's value."""
    obj = _modules.objects.get(module)
    if isinstance(obj, dict):
        return name in obj, obj.get(name)
    return hasattr(obj, name) and obj is not None, getattr(obj, name, None)


def unregister_js_module(name: str) -> None:
    """Take back what `register_js_module` has done.

    ValueError if there is no such module.
    """
    if name not in _modules.objects:
        raise ValueError(
            f"cannot unregister {name!r}: no module of that name is registered"
        )
    del _modules.objects[name]
    for known in list(sys.modules):
        if known == name or known.startswith(name + "."):
            if isinstance(sys.modules[known], _ObjectModule):
                del sys.modules[known]
