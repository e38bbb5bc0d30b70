# SPDX-License-Identifier: Apache-2.0
"""Stands in for Pyodide's plugin of pytest: this interpreter is the one under test."""

from pytest_pyodide.decorator import run_in_pyodide

__all__ = ["run_in_pyodide"]
