# SPDX-License-Identifier: Apache-2.0
"""What the names of modules stand for: packages of other names, misspelt modules."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["DISTRIBUTIONS", "meant"]

DISTRIBUTIONS: Final = {
    "Crypto": "pycryptodome",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "google": "google-genai",
    "jwt": "pyjwt",
    "magic": "python-magic",
    "nacl": "pynacl",
    "pptx": "python-pptx",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "usb": "pyusb",
    "win32api": "pywin32",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""The names to install, by the names of the modules."""


def meant(package: str) -> str:
    """Return the module of the standard library that a name may stand for, if any."""
    import difflib

    names = [name for name in sys.stdlib_module_names if name[:1] != "_"]
    # Neither pathlib2 nor tomli is misspelt.
    is_other = package[-1:].isdigit()
    found = [] if is_other else difflib.get_close_matches(package, names, 1, 0.84)
    return found[0] if found else ""
