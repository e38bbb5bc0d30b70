# SPDX-License-Identifier: Apache-2.0
"""Chooses from a lock of another program what is for this Python and machine."""

import importlib
import platform
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag

if TYPE_CHECKING:
    # What is sent to the interpreter begins with it.
    from nearby import packaging


class Stale(Exception):
    """A lock of other packages than are asked for, or for another machine."""


class Choice:
    """The packages of a lock, as PEP 751 says how to install them.

    https://packaging.python.org/en/latest/specifications/pylock-toml/#installation
    """

    def __init__(self, table: dict[str, Any]) -> None:
        name = packaging()
        if name is None:
            raise ValueError(
                "it was made by another program: choosing from it needs the pip that "
                "comes with Python's venv module (on Debian: apt install python3-venv)"
            )
        self._markers, self._requirements, self._specifiers, self._utils = (
            importlib.import_module(f"{name}.{part}")
            for part in ("markers", "requirements", "specifiers", "utils")
        )
        tags = importlib.import_module(f"{name}.tags").sys_tags()
        self._ranks = {tag: rank for rank, tag in enumerate(tags)}
        self._table = table

    def packages(self) -> Iterator[dict[str, Any]]:
        """Yield the packages, each with its one file; raise Stale for other Pythons."""
        for key in ("extras", "dependency-groups"):
            if self._table.get(key):
                words = f"it is for several uses: it has {key}"
                raise ValueError(f"{words}; lock again for what the script needs alone")
        self._check_python("the lock", self._table)
        fits = self._table.get("environments")
        if fits and not any(map(self._is_true, fits)):
            raise Stale("it is for other machines, or for another Python")
        seen = set()
        for one in self._table["packages"]:
            if "marker" in one and not self._is_true(one["marker"]):
                continue
            self._check_python(one["name"], one)
            if one["name"] in seen:
                raise ValueError(f"{one['name']}: it is there twice for this Python")
            seen.add(one["name"])
            yield self._with_one_file(one)

    def check(
        self, wanted: list[str], packages: list[dict[str, Any]], *, own: bool = False
    ) -> None:
        """Raise Stale unless each requirement is met by a package.

        What its extras need is not known here. A lock of our own says in words which
        URLs and files it was made for: there only names and versions are compared.
        """
        named = {one["name"]: one for one in packages}
        for text in wanted:
            try:
                one = self._requirements.Requirement(text)
            except ValueError:
                if own:
                    continue
                words = "no name to look for in a lock of another program"
                raise Stale(f"{text} has {words}") from None
            if one.marker is not None and not one.marker.evaluate({"extra": ""}):
                continue
            found = named.get(self._utils.canonicalize_name(one.name))
            if found is None:
                raise Stale(f"{one.name} is not in it")
            version = found.get("version")
            urls = [one.url, found["url"]] if one.url and not own else []
            if len({urldefrag(url)[0] for url in urls}) > 1:
                raise Stale(f"it has {found['url']}, and {text} is asked for")
            if len(one.specifier) and version is None:
                raise Stale(f"it does not say which {one.name} it has")
            try:
                fits = one.specifier.contains(version or "0", prereleases=True)
            except ValueError as exc:
                raise ValueError(f"{one.name}: {version!r} is not a version") from exc
            if not fits:
                raise Stale(f"it has {one.name} {version}, and {text} is asked for")

    def _is_true(self, marker: str) -> bool:
        try:
            return bool(self._markers.Marker(marker).evaluate({"extra": ""}))
        except ValueError as exc:
            raise ValueError(f"the marker {marker!r} is not valid here") from exc

    def _check_python(self, name: str, table: dict[str, Any]) -> None:
        wanted = table.get("requires-python")
        if wanted is None:
            return
        own = platform.python_version().rstrip("+")
        try:
            specifiers = self._specifiers.SpecifierSet(wanted)
        except ValueError as exc:
            words = "is not a range of versions"
            raise ValueError(f"{name}: requires-python {wanted!r} {words}") from exc
        if not specifiers.contains(own, prereleases=True):
            raise Stale(f"{name} is for Python {wanted}, and this is {own}")

    def _with_one_file(self, one: dict[str, Any]) -> dict[str, Any]:
        name = one["name"]
        if "vcs" in one or "directory" in one:
            kind = "folder" if "directory" in one else "repository"
            raise ValueError(
                f"{name}: it is a {kind}, which no digest fits; lock again without it "
                "(uv export: --no-emit-project) or with a wheel of it"
            )
        if "subdirectory" in one.get("archive", {}):
            raise ValueError(f"{name}: it is in a folder of an archive; lock a wheel")
        found: dict[str, Any] = {
            key: one[key] for key in ("name", "version", "archive") if key in one
        }
        wheels = [(self._rank(wheel), wheel) for wheel in one.get("wheels", [])]
        fitting = [pair for pair in wheels if pair[0] is not None]
        if "archive" in one:
            return found
        if fitting:
            best = min(fitting, key=lambda pair: pair[0])[1]
            return {**found, "wheels": [best]}
        if "sdist" in one:
            return {**found, "sdist": one["sdist"]}
        raise Stale(f"it has no file of {name} for this Python and machine")

    def _rank(self, wheel: dict[str, Any]) -> Any:
        """Return what the best wheel has least of; None if it does not fit."""
        place = wheel.get("path") or re.split(r"[?#]", wheel.get("url", ""))[0]
        name = wheel.get("name") or unquote(re.split(r"[/\\]", place)[-1])
        try:
            _, _, build, tags = self._utils.parse_wheel_filename(name)
        except ValueError as exc:
            raise ValueError(f"{name!r} is not the name of a wheel") from exc
        ranks = [self._ranks[tag] for tag in tags if tag in self._ranks]
        # One without a build number is of the lowest.
        return (min(ranks), -build[0] if build else 1) if ranks else None
