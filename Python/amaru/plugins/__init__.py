# SPDX-License-Identifier: Apache-2.0
"""Plugins: Python files that change what is sent and what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amaru.plugins.manager import Plugins
from amaru.plugins.marker import hookimpl
from amaru.plugins.template import template

if TYPE_CHECKING:
    from amaru.plugins.listing import PluginInfo, list_plugins

__all__ = ["PluginInfo", "Plugins", "hookimpl", "list_plugins", "template"]


def __getattr__(name: str) -> Any:
    # Read on first use: a chat needs neither, and they import much.
    if name in ("PluginInfo", "list_plugins"):
        from amaru.plugins import listing

        return getattr(listing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
