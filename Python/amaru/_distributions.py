# SPDX-License-Identifier: Apache-2.0
"""The packages that are installed under another name than they are imported under."""

from __future__ import annotations

from typing import Final

__all__ = ["DISTRIBUTIONS"]

DISTRIBUTIONS: Final = {
    "Crypto": "pycryptodome",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "magic": "python-magic",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""The names to install, by the names of the modules."""
