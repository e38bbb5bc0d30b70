# SPDX-License-Identifier: Apache-2.0
"""Prints the interpreter that environments for the program are made with."""

import sys

print(sys.executable)  # noqa: T201
