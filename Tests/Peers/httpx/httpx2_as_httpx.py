# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin: `import httpx` gives httpx2, whose own tests are not published."""

import httpx2

httpx2.alias_httpx()
