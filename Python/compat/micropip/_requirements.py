# SPDX-License-Identifier: Apache-2.0
"""What a requirement asks for, as far as that can be told without an installer."""

from __future__ import annotations

import os
import re
import sys
from importlib import metadata
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from amaru._versions import fits
from micropip._tags import misfit

__all__ = ["Requirement", "canonical", "installed_version"]

# What Pyodide has as packages and CPython has without them; and this one.
_THERE = frozenset(("micropip", "pydecimal", "test"))

# PEP 508: a name, extras, and the rest.
_NAMED = re.compile(
    r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)", re.DOTALL
)
_VERSION_CONTROL = re.compile(r"\s*(?:[^@]*@\s*)?(?:git|hg|svn|bzr)\+", re.IGNORECASE)


def canonical(name: str) -> str:
    """Return the normalised name of a package.

    https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_version(name: str) -> str | None:
    """Return the version of a package that can be imported; None without one."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


class Requirement:
    """A requirement in one of micropip's forms.

    That is a name after PEP 508, ``name @ URL``, or the URL or the path of a file; the
    schemes ``emfs:`` and ``file:`` name files of this machine.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        #: The name, and the one version that is asked for, as far as they are known.
        self.name: str | None = None
        self.version: str | None = None
        #: The versions that fit, where nothing else is asked for.
        self.specifier: str | None = None
        #: The URL of a file, and its path if it is on this machine.
        self.url: str | None = None
        self.path: str | None = None
        if _VERSION_CONTROL.match(self.text):
            raise ValueError(
                f"cannot install {self.text!r}: sources under version control are not "
                "supported; give the URL of a wheel, or a released version"
            )
        if not self.text:
            raise ValueError("cannot install '': this names no package")
        self._take(self.text)

    def _take(self, text: str) -> None:
        scheme = urlsplit(text).scheme.lower() if "://" in text else ""
        if scheme in ("http", "https"):
            self._take_url(text)
        elif text.startswith(("emfs:", "file:")):
            self._take_path(url2pathname(_without_fragment(text.split(":", 1)[1])))
        elif _without_fragment(text).endswith(".whl") and " @ " not in text:
            self._take_path(_without_fragment(text))
        elif match := _NAMED.fullmatch(text):
            name, extras, rest = match.groups()
            if rest.startswith("@"):
                self._take(rest[1:].split(" ;")[0].strip())
                self.name, self.specifier = name, None
                return
            self.name = name
            # What extras and markers mean, the installer knows.
            if not extras and ";" not in rest:
                self.specifier = re.sub(r"^\((.*)\)$", r"\1", rest.strip())
            exact = re.fullmatch(r"===?\s*([A-Za-z0-9.+!]+)", self.specifier or "")
            self.version = exact[1] if exact else None
        else:
            raise ValueError(
                f"cannot install {text!r}: write a package as in 'name>=1.2', or the "
                "URL or the path of a wheel"
            )

    def _take_url(self, url: str) -> None:
        self.url = url
        self._take_file_name(unquote(PurePosixPath(urlsplit(url).path).name))

    def _take_path(self, path: str) -> None:
        # emfs://path and file:///path mean the same.
        self.path = os.path.abspath(re.sub(r"^/{2,}", "/", path))
        self.url = self.text
        self._take_file_name(PurePosixPath(self.path).name)

    def _take_file_name(self, name: str) -> None:
        if not name.endswith(".whl"):
            return
        parts = name.removesuffix(".whl").split("-")
        if len(parts) not in (5, 6):
            raise ValueError(
                f"{name!r} is not the name of a wheel, which has five or six parts: "
                "https://packaging.python.org/en/latest/specifications/"
                "binary-distribution-format/"
            )
        if reason := misfit(name):
            raise ValueError(f"cannot install {name!r}: {reason}")
        self.name, self.version = parts[0], parts[1]

    @property
    def sha256(self) -> str | None:
        """The digest that the URL's fragment gives."""
        match = re.search(r"#(?:.*&)?sha256=([0-9a-fA-F]{64})", self.url or "")
        return match[1].lower() if match else None

    @property
    def is_standard(self) -> bool:
        """Whether it names a module of the standard library, which is always there."""
        there = self.name in sys.stdlib_module_names or self.name in _THERE
        return self.url is None and there

    @property
    def is_satisfied(self) -> bool:
        """Whether what is installed is known to be enough."""
        if self.is_standard:
            return True
        version = installed_version(self.name) if self.name else None
        if version is None:
            return False
        if not self.specifier:
            return self.specifier == "" or self.version == version
        try:
            return fits(version, self.specifier)
        except ValueError:
            # The installer says what is wrong with it.
            return False


def _without_fragment(text: str) -> str:
    return text.split("#", 1)[0]
