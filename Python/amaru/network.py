# SPDX-License-Identifier: Apache-2.0
"""Puts the host's network under the HTTP libraries of this process.

The host calls `install` before it runs a script or a plugin. From then on the pools of
httpcore (and so httpx, httpx2 and the SDKs on them), the connections of urllib3 (and so
requests and botocore) and those of ``http.client`` (and so ``urllib.request``) send
their requests through the host, whether their library was imported before or not.

Transports and connections of a script's own classes, aiohttp, and sockets are left
alone, unless the user has named what may be reached: then they reach nothing else.
"""

import os
import sys

from amaru import _bridge
from amaru._tracing import hidden, untraced

# Nothing else is imported before a library is adopted: each start pays for this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Final

__all__ = ["install"]


def install(fenced: bool = True) -> None:
    """Adopt the HTTP libraries that are imported already, and those that will be.

    `fenced` is false where the host says that everything may be reached. Doing it again
    changes nothing. Outside the host it is a RuntimeError.
    """
    core = _bridge.http()
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    if fenced and (option := core.allow_option()) is not None:
        from amaru.transport import _fence

        _fence.build(option, core.run_option())
    for name, adopt in _ADOPTERS.items():
        module = sys.modules.get(name)
        # One that is being imported right now is not whole yet.
        spec = getattr(module, "__spec__", None)
        if module is not None and not getattr(spec, "_initializing", False):
            adopt(module)


class _Finder:
    """Adopts a library right after its own code has run, whoever imports it."""

    @hidden
    def find_spec(
        self,
        name: str,
        path: "Sequence[str] | None",
        target: "ModuleType | None" = None,
    ) -> "ModuleSpec | None":
        # It is asked for every module of a script.
        is_known = name in _ADOPTERS or name == "urllib3"
        return self._adopting(name, path, target) if is_known else None

    @untraced
    def _adopting(
        self, name: str, path: "Sequence[str] | None", target: "ModuleType | None"
    ) -> "ModuleSpec | None":
        if name == "urllib3":
            # It makes its pools when a request is there already, and is imported by
            # what is about to make one. Reading the authorities takes as long.
            _bridge.http().warm_up()
        if name not in _ADOPTERS:
            return None
        spec = self._found_by_others(name, path, target)
        if spec is None or spec.loader is None or not _is_library(name, spec):
            return None
        run = spec.loader.exec_module

        @hidden
        def exec_module(module: "ModuleType") -> None:
            run(module)
            _adopt(name, module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _found_by_others(
        self, name: str, path: "Sequence[str] | None", target: "ModuleType | None"
    ) -> "ModuleSpec | None":
        # Those that would be asked next, without an import of importlib's modules.
        finders = list(sys.meta_path)
        own = finders.index(self) if self in finders else -1
        for finder in finders[own + 1 :]:
            if spec := finder.find_spec(name, path, target):
                return spec
        return None


@untraced
def _adopt(name: str, module: "ModuleType") -> None:
    _ADOPTERS[name](module)


def _is_library(name: str, spec: "ModuleSpec") -> bool:
    """Tell a library from a module of the script's own that has its name."""
    if name.partition(".")[0] in sys.stdlib_module_names:
        return str(spec.origin).startswith(os.path.dirname(os.__file__) + os.sep)
    return "." in name or spec.submodule_search_locations is not None


def _adopt_httpcore(module: "ModuleType") -> None:
    from amaru.transport import _httpcore

    _httpcore.adopt(module)


def _adopt_urllib3(module: "ModuleType") -> None:
    from amaru.transport import _urllib3

    _urllib3.adopt(module)


def _adopt_http_client(module: "ModuleType") -> None:
    from amaru.transport import _client

    _client.adopt(module)


def _adopt_urllib_request(module: "ModuleType") -> None:
    from amaru.transport import _client

    _client.adopt_opener(module)


def _adopt_ssl(module: "ModuleType") -> None:
    # No traffic: what a context was given cannot be asked of it, so it is noted.
    from amaru import _replacing

    for name in (
        "load_cert_chain",
        "load_verify_locations",
        "set_default_verify_paths",
    ):
        _replacing.replace(module.SSLContext, name, _noting(name))
    for name in ("_wrap_socket", "_wrap_bio", "cert_store_stats", "get_ca_certs"):
        _replacing.replace(module.SSLContext, name, _loading)


def _noting(name: str) -> "Callable[[Callable[..., Any]], Callable[..., Any]]":
    def over(original: "Callable[..., Any]") -> "Callable[..., Any]":
        def method(context: "Any", *arguments: "Any", **named: "Any") -> None:
            # asyncio imports ssl, and most programs never load a certificate.
            from amaru.transport import _tls

            if not _tls.puts_off(context, original, *arguments, **named):
                original(context, *arguments, **named)
            _tls.note(context, name, *arguments, **named)

        return method

    return over


def _loading(original: "Callable[..., Any]") -> "Callable[..., Any]":
    def method(context: "Any", *arguments: "Any", **named: "Any") -> "Any":
        from amaru.transport import _tls

        _tls.load(context)
        return original(context, *arguments, **named)

    return method


_ADOPTERS: "Final[dict[str, Callable[[ModuleType], None]]]" = {
    "httpcore": _adopt_httpcore,
    "httpcore2": _adopt_httpcore,
    "urllib3.connection": _adopt_urllib3,
    "http.client": _adopt_http_client,
    "urllib.request": _adopt_urllib_request,
    "ssl": _adopt_ssl,
}
