# SPDX-License-Identifier: Apache-2.0
"""urllib3 over the host's network, and so requests and all that is built on urllib3.

`install` replaces the connection classes of urllib3's pools, the seam that urllib3's
own browser back end uses. Everything above a connection stays urllib3's: pools,
redirects, retries, inflating, the response classes. A pool class that names a
connection class of its own keeps it.

The socket of such a connection is a stand-in: what is written to it becomes an
exchange of the host's core, and what the core receives is read from it.
"""

from __future__ import annotations

import gc
import queue
from importlib.util import find_spec
from typing import Any

from urllib3 import connection, connectionpool

from amaru.transport._urllib3 import _connection

__all__ = ["install", "uninstall"]


def install() -> None:
    """Send what urllib3's pools do from now on through the host.

    Pools that exist already are included: their idle connections are closed.
    """
    _set(_connection.HTTPConnection, _connection.HTTPSConnection)
    if find_spec("socks") is not None:
        from amaru.transport._urllib3 import _socks

        _socks.install()


def uninstall() -> None:
    """Give urllib3 its own connections back, in existing pools too."""
    _set(connection.HTTPConnection, connection.HTTPSConnection)
    if find_spec("socks") is not None:
        from amaru.transport._urllib3 import _socks

        _socks.uninstall()


def _set(http: type[Any], https: type[Any]) -> None:
    if connectionpool.HTTPConnectionPool.ConnectionCls is http:
        return
    connectionpool.HTTPConnectionPool.ConnectionCls = http
    connectionpool.HTTPSConnectionPool.ConnectionCls = https
    for pool in gc.get_objects():
        # Not by `isinstance`, which runs the code of lazy proxies.
        if issubclass(type(pool), connectionpool.HTTPConnectionPool):
            _close_idle(pool)


def _close_idle(pool: connectionpool.HTTPConnectionPool) -> None:
    """Replace each idle connection by the place of one that is still to be made."""
    waiting = getattr(pool, "pool", None)
    if waiting is None:
        return
    taken = []
    try:
        while True:
            taken.append(waiting.get(block=False))
    except queue.Empty:
        pass
    for conn in taken:
        if conn is not None:
            conn.close()
        waiting.put(None, block=False)
