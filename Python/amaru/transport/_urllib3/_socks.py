# SPDX-License-Identifier: Apache-2.0
"""The pools of ``urllib3.contrib.socks``, which name connection classes themselves."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from urllib3.contrib import socks as contrib

from amaru.transport._urllib3 import _connection

__all__ = ["install", "uninstall"]


# The number of SOCKS 5 in the module behind urllib3's class.
_SOCKS5: Final = 2


class _OverASocksProxy:
    """Names the proxy to the host; the module behind urllib3's class is not used."""

    def options(self) -> dict[str, Any]:
        parent: Any = super()
        given = vars(self)["_socks_options"]
        if given["socks_version"] != _SOCKS5:
            raise ValueError("the host speaks SOCKS 5 only: use a socks5h:// proxy URL")
        user = ""
        if given["username"] is not None:
            password = quote(given["password"] or "", safe="")
            user = f"{quote(given['username'], safe='')}:{password}@"
        url = f"socks5://{user}{given['proxy_host']}:{given['proxy_port']}"
        return {**parent.options(), "proxy": url}


class _HTTPConnection(  # type: ignore[misc]
    _OverASocksProxy, _connection.OverTheHost, contrib.SOCKSConnection
):
    scheme = "http"


class _HTTPSConnection(  # type: ignore[misc]
    _OverASocksProxy, _connection.HTTPSConnection, contrib.SOCKSHTTPSConnection
):
    pass


def install() -> None:
    """Send what goes through a SOCKS proxy through the host, which speaks to it."""
    contrib.SOCKSHTTPConnectionPool.ConnectionCls = _HTTPConnection
    contrib.SOCKSHTTPSConnectionPool.ConnectionCls = _HTTPSConnection


def uninstall() -> None:
    """Give the pools their own classes back."""
    contrib.SOCKSHTTPConnectionPool.ConnectionCls = contrib.SOCKSConnection
    contrib.SOCKSHTTPSConnectionPool.ConnectionCls = contrib.SOCKSHTTPSConnection
