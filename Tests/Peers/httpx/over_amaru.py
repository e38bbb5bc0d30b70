# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin: the clients under test must stand on the host's network.

The host has adopted the clients by the time pytest imports them. This checks that it
has, and marks the tests that cannot pass, which are listed with their reasons.
"""

import os
from fnmatch import fnmatchcase
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to test anything but the host's network."""
    for client in (httpx.AsyncClient, httpx.Client):
        pool = client()._transport._pool
        if getattr(pool, "_amaru_pool", None) is None:
            pytest.exit(f"{client.__name__} uses {pool}, not the host", 3)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Take out the tests that do not apply; expect those that must fail to fail."""
    whole = not config.option.keyword and all("::" not in arg for arg in config.args)
    unused = []
    for pattern, is_run, reason in _exceptions():
        found = [item for item in items if fnmatchcase(item.nodeid, pattern)]
        if not found:
            unused.append(pattern)
        if is_run:
            for item in found:
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        else:
            config.hook.pytest_deselected(items=found)
            items[:] = [item for item in items if item not in found]
    if unused and whole:
        raise pytest.UsageError(f"exceptions that match no test: {', '.join(unused)}")


def _exceptions() -> list[tuple[str, bool, str]]:
    """Read the list: `fails` or `skip`, a pattern of test names, the reason."""
    rows = []
    for name in ("exceptions.txt", f"exceptions-{os.environ['AMARU_PEER_SUITE']}.txt"):
        file = HERE / name
        for line in file.read_text().splitlines() if file.exists() else []:
            if line and not line.startswith("#"):
                kind, pattern, reason = line.split(None, 2)
                # A parameter in brackets is no set of characters here.
                rows.append((pattern.replace("[", "[[]"), kind == "fails", reason))
    return rows
