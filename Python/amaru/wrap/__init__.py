# SPDX-License-Identifier: Apache-2.0
"""Writes Swift for a Python module, with the types of its hints."""

from __future__ import annotations

from amaru.wrap._module import MARK, WrapError, wrapped

__all__ = ["MARK", "WrapError", "wrapped"]
