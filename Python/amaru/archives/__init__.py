# SPDX-License-Identifier: Apache-2.0
"""Archives from anywhere, unpacked whole or not at all, and nothing outside.

It is run by a plain interpreter too, before the host starts its own.
"""

__all__: list[str] = []
