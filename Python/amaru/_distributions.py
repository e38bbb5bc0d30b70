# SPDX-License-Identifier: Apache-2.0
"""What the names of modules stand for: packages of other names, misspelt modules."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["DISTRIBUTIONS", "likely_module"]

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


def likely_module(package: str) -> str:
    """Return the module of the standard library that a name misspells, if any."""
    import difflib

    names = [name for name in sys.stdlib_module_names if name[:1] != "_"]
    # Packages are often named after what they extend, as pathlib2, httpx and lxml are.
    if package[-1:].isdigit():
        return ""
    close = difflib.get_close_matches(package, names, 1, 0.84)
    pairs = range(len(package) - 1 if len(package) > 3 else 0)
    swapped = [package[:n] + package[n : n + 2][::-1] + package[n + 2 :] for n in pairs]
    found = [name for name in close if name not in package]
    found += [name for name in swapped if name in names]
    return found[0] if found else ""
