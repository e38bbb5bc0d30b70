# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin: tests of urllib3 and requests, with connections of the host.

The tests that cannot hold there are listed in a file for each, with their reasons.
"""

import os
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from urllib3 import connection


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to test anything but our connections."""
    for owner in (connection.HTTPConnection, connection.HTTPSConnection):
        if not hasattr(owner.connect, "__wrapped__"):
            pytest.exit(f"{owner.__name__} opens its own sockets, not the host's", 3)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Take out the tests that do not apply; a pattern for none of them is an error."""
    whole = not config.option.keyword and all("::" not in arg for arg in config.args)
    name = f"exceptions-{os.environ['AMARU_PEER_SUITE']}.txt"
    for line in Path(__file__).with_name(name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.split(None, 1)[0].replace("[", "[[]")
        found = [item for item in items if fnmatchcase(item.nodeid, pattern)]
        if whole and not found:
            raise pytest.UsageError(f"an exception that matches no test: {pattern}")
        config.hook.pytest_deselected(items=found)
        items[:] = [item for item in items if item not in found]
