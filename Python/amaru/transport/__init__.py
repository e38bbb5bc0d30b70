# SPDX-License-Identifier: Apache-2.0
"""HTTP libraries of Python over the host's network.

Each package here adopts one library, by replacing methods of its classes: httpcore and
httpcore2 (and so httpx, httpx2 and the SDKs on top), urllib3 (and so requests and
botocore), and the standard library's ``http.client`` (and so ``urllib.request``).
Importing this imports none of them: a program pays only for what it uses.
"""

from __future__ import annotations

__all__ = ["InsecureConnectionWarning"]


class InsecureConnectionWarning(UserWarning):
    """A client was made that checks no certificate."""
