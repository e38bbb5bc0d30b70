# SPDX-License-Identifier: Apache-2.0
"""Packages by the names that Pyodide's loader takes."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any, Final

import micropip
from amaru._distributions import DISTRIBUTIONS
from micropip._requirements import Requirement, installed_version
from pyodide.code import find_imports
from pyodide.ffi import JsException, to_js
from pyodide.ffi._kinds import JsError

__all__ = ["load", "loaded", "of_imports"]

#: Modules whose packages are called as they are. Others are not installed: anybody may
#: own a package of their name.
_KNOWN: Final = frozenset(
    """
    aiohttp altair anyio astropy bokeh boto3 certifi charset_normalizer click
    cryptography fastparquet fsspec geopandas h5py httpcore httpx idna imageio jinja2
    joblib jsonschema lxml markdown matplotlib mpmath msgpack multidict mypy networkx
    nltk numpy openai orjson packaging pandas patsy pluggy polars protobuf pyarrow
    pydantic pygments pyparsing pyproj pytest pytz regex requests rich scipy shapely
    six sniffio sqlalchemy statsmodels sympy tiktoken toolz tqdm typing_extensions
    tzdata urllib3 xarray yarl
    """.split()
)


def of_imports(code: str) -> list[str]:
    """Return the packages of the modules that a source imports and that are missing."""
    roots = {name.partition(".")[0] for name in find_imports(code)}
    missing = sorted(root for root in roots if not _is_there(root))
    named = (
        DISTRIBUTIONS.get(root, root if root in _KNOWN else None) for root in missing
    )
    return [name for name in named if name is not None]


def _is_there(module: str) -> bool:
    return module in sys.modules or find_spec(module) is not None


async def load(names: Any, options: dict[str, Any]) -> Any:
    """Install packages; return what is known about them."""
    wanted = [names] if isinstance(names, str) else [str(name) for name in names]
    say = options.get("messageCallback")
    try:
        await micropip.install(wanted)
    except (ValueError, OSError) as exc:
        if (report := options.get("errorCallback")) is not None:
            report(str(exc))
        raise _failure(exc) from exc
    found = [_data(Requirement(text)) for text in wanted]
    if say is not None and wanted:
        say(f"Loaded {', '.join(each['name'] for each in found)}")
    return to_js(found)


def _failure(exc: Exception) -> JsException:  # type: ignore[valid-type]
    return JsError("Error", str(exc))


def _data(wanted: Requirement) -> dict[str, str]:
    name = wanted.name or wanted.text
    return {
        "name": name,
        "version": installed_version(name) or "",
        "fileName": (wanted.url or "").rsplit("/", 1)[-1],
        "packageType": "package",
    }


def loaded() -> Any:
    """Return where each installed package came from, by their names."""
    try:
        packages = list(micropip.list().values())
    except RuntimeError:
        # Outside the host there is no installer, and so nothing that it installed.
        packages = []
    return to_js({each.name: each.source for each in packages})
