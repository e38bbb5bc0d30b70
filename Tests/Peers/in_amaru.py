# SPDX-License-Identifier: Apache-2.0
"""The script that runs pytest inside the program."""

import os
import sys

# The host does not read PYTHONPATH: a script must not depend on the caller's.
sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
sys.dont_write_bytecode = True

import pytest  # noqa: E402

sys.exit(pytest.main(sys.argv[1:]))
