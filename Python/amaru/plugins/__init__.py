# SPDX-License-Identifier: Apache-2.0
"""Plugins: Python files that change what is sent and what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amaru.plugins.listing import PluginInfo, list_plugins
from amaru.plugins.manager import Plugins
from amaru.plugins.template import template

if TYPE_CHECKING:
    import pluggy

    hookimpl = pluggy.HookimplMarker("amaru")

__all__ = ["PluginInfo", "Plugins", "hookimpl", "list_plugins", "template"]


def __getattr__(name: str) -> Any:
    # Made on first use: a chat without plugins does not import pluggy.
    if name == "hookimpl":
        import pluggy

        marker = globals()["hookimpl"] = pluggy.HookimplMarker("amaru")
        return marker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
