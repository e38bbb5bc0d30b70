# SPDX-License-Identifier: Apache-2.0
"""Finds the package that knows requirements, markers and tags."""

import glob
import importlib
import os
import sys


def packaging() -> str | None:
    """Return the name under which `packaging` can be imported; None if it is not near.

    It is a package of its own, a part of pip, or of the pip that comes with Python.
    """
    library = os.path.dirname(os.__file__)
    places = (f"{library}/ensurepip/_bundled", "/usr/share/python-wheels")
    wheels = [wheel for place in places for wheel in glob.glob(f"{place}/pip-*.whl")]
    for wheel in [None, *wheels]:
        sys.path += [wheel] if wheel else []
        for name in ("packaging", "pip._vendor.packaging"):
            try:
                importlib.import_module(f"{name}.requirements")
            except ImportError:
                continue
            return name
        if wheel:
            sys.path.remove(wheel)
    return None
