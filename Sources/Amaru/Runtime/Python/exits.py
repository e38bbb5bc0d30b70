# SPDX-License-Identifier: Apache-2.0
"""The end of every program: exit functions and output."""

import sys


def run_exit_functions() -> None:
    """Run what `atexit` has registered."""
    import atexit

    atexit._run_exitfuncs()


def flush() -> None:
    """Flush the standard streams."""
    for stream in sys.stdout, sys.stderr:
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            pass
