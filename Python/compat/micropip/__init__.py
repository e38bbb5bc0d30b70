# SPDX-License-Identifier: Apache-2.0
"""Installing packages while a script runs, with micropip's functions.

What a script installs goes into environments of the host's cache: never into the
system's, nor into one that somebody else uses. A real installer (uv, else pip) resolves
and unpacks, so wheels with native code work. The same calls find the same environment
at the next start, and start no installer.

* `install` and `uninstall`, `list` and `freeze`
* `add_mock_package`, `list_mock_packages`, `remove_mock_package`
* `set_index_urls` and `set_constraints`, for the calls that come after
"""

from micropip._install import install, set_constraints, set_index_urls, uninstall
from micropip._listing import PackageDict, PackageMetadata, freeze
from micropip._listing import list_packages as list
from micropip._mocks import (
    add_mock_package,
    list_mock_packages,
    remove_mock_package,
)

# Not micropip's number: scripts compare it to find out what there is.
__version__ = "0"

__all__ = [
    "PackageDict",
    "PackageMetadata",
    "add_mock_package",
    "freeze",
    "install",
    "list",
    "list_mock_packages",
    "remove_mock_package",
    "set_constraints",
    "set_index_urls",
    "uninstall",
]
