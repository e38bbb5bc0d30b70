# SPDX-License-Identifier: Apache-2.0
"""Installing and removing."""

from __future__ import annotations

import hashlib
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

from micropip import _environment
from micropip._requirements import Requirement, canonical, installed_version

__all__ = ["install", "set_constraints", "set_index_urls", "uninstall"]


class _Defaults:
    """What later calls use that say nothing else."""

    index_urls: list[str] | None = None
    constraints: list[str] | None = None


_defaults = _Defaults()


def set_index_urls(urls: list[str] | str) -> None:
    """Set the package indexes that `install` asks when it is given none."""
    _defaults.index_urls = _simple(urls)


def set_constraints(constraints: list[str]) -> None:
    """Set the limits of versions that `install` keeps when it is given none."""
    _defaults.constraints = list(constraints)


async def install(
    requirements: str | list[str],
    keep_going: bool = False,
    deps: bool = True,
    credentials: str | None = None,
    pre: bool = False,
    index_urls: list[str] | str | None = None,
    *,
    constraints: list[str] | None = None,
    reinstall: bool = False,
    verbose: bool | int | None = None,
) -> None:
    """Install packages, which can be imported at once.

    A requirement is a name after PEP 508, or the URL or the path of a wheel, whose
    fragment may give its ``sha256``. Modules of the standard library are there already;
    so is what is installed in a version that fits. What extras and markers ask for,
    only the installer knows.

    With `keep_going`, what cannot be installed is reported at the end, and the rest is
    installed. `reinstall` replaces other versions; without it they are a ValueError.
    `credentials` and `verbose` have no meaning here.

    ValueError says that something cannot be installed and why, OSError that the
    network, the disk or the installer is at fault.
    """
    options = {
        "dependencies": deps,
        "prereleases": pre,
        "reinstalls": reinstall,
        "indexes": _indexes(index_urls),
    }
    limits = constraints if constraints is not None else _defaults.constraints or []
    async with _environment.changing():
        await _install(_listed(requirements), keep_going, limits, options)


async def _install(
    texts: list[str], keep_going: bool, limits: list[str], options: dict[str, Any]
) -> None:
    failures: list[Exception] = []
    wanted: list[Requirement] = []
    for text in texts:
        try:
            wanted.append(Requirement(text))
        except ValueError as exc:
            _collect(failures, exc, keep_going)
    replaces = options["reinstalls"]
    missing = [one for one in wanted if not _is_there(one, limits, replaces)]
    try:
        await _change(missing, limits, options)
    except ValueError as exc:
        if not keep_going or len(missing) < 2:
            _collect(failures, exc, keep_going)
        else:
            for one in missing:
                try:
                    await _change([one], limits, options)
                except ValueError as each:
                    _collect(failures, each, keep_going)
    if failures:
        raise ValueError("\n\n".join(str(failure) for failure in failures))


def _collect(failures: list[Exception], exc: Exception, keep_going: bool) -> None:
    if not keep_going:
        raise exc
    failures.append(exc)


def _is_there(wanted: Requirement, limits: list[str], reinstalls: bool) -> bool:
    if wanted.is_standard:
        return True
    return not reinstalls and wanted.is_satisfied and _is_within(wanted, limits)


def _is_within(wanted: Requirement, limits: list[str]) -> bool:
    """Return whether what is installed keeps the limits of its versions."""
    name = canonical(str(wanted.name))
    try:
        limiting = [Requirement(limit) for limit in limits]
    except ValueError:
        # The installer says what is wrong with one.
        return False
    return all(
        limit.is_satisfied for limit in limiting if canonical(limit.name or "") == name
    )


async def _change(
    wanted: list[Requirement], limits: list[str], options: dict[str, Any]
) -> None:
    if not wanted:
        return
    kept = _kept(wanted, options["reinstalls"])
    named = {one.text: _identity(one) for one in wanted}
    asked: dict[str, Any] = {
        "requirements": list(named.values()),
        "constraints": limits + kept,
        **options,
    }
    if _environment.find(asked):
        return
    with tempfile.TemporaryDirectory(prefix="amaru-packages-") as folder:
        asked["files"] = {
            named[one.text]: await _file(one, Path(folder)) for one in wanted if one.url
        }
        try:
            await _environment.change(asked)
        except ValueError as exc:
            if stuck := [limit for limit in kept if limit in str(exc)]:
                raise ValueError(
                    f"{exc}\n{', '.join(stuck)}: what is installed stays, unless "
                    "reinstall=True is passed"
                ) from None
            raise


def _kept(wanted: list[Requirement], reinstalls: bool) -> list[str]:
    """Return the versions that stay: what has been imported cannot be replaced."""
    replaced = {canonical(one.name) for one in wanted if one.name and reinstalls}
    for one in wanted:
        if one.name is None or reinstalls or one.is_satisfied:
            continue
        asked = one.version or one.specifier
        version = installed_version(one.name) if asked else None
        if version is not None and _environment.named(one.name) is not None:
            raise ValueError(
                f"{one.text!r} asks for version {asked} of {one.name}, but "
                f"{version} is installed; pass reinstall=True to replace it"
            )
    return [
        f"{name}=={version}"
        for name, version in sorted(_environment.versions().items())
        if name not in replaced
    ]


def _identity(wanted: Requirement) -> str:
    """Return what tells a requirement from others: for a file here, its contents."""
    if wanted.path is None:
        return wanted.text
    file = Path(wanted.path)
    _check(wanted, file)
    return f"{file.as_uri()}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}"


async def _file(wanted: Requirement, folder: Path) -> str:
    """Return the path of a file, which is fetched if it is elsewhere."""
    if wanted.path is not None:
        return wanted.path
    file = await _fetched(str(wanted.url), folder)
    _check(wanted, file)
    return str(file)


def _check(wanted: Requirement, file: Path) -> None:
    if not file.is_file():
        raise ValueError(f"cannot install {wanted.text!r}: there is no such file")
    if wanted.sha256 is not None:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest != wanted.sha256:
            raise ValueError(
                f"cannot install {wanted.text!r}: the file's SHA-256 is {digest}; it "
                "is damaged, or not the one that was meant"
            )
    if file.name.endswith(".whl") and not zipfile.is_zipfile(file):
        raise ValueError(f"cannot install {wanted.text!r}: the file is not a wheel")


async def _fetched(url: str, folder: Path) -> Path:
    from urllib.parse import unquote, urlsplit

    from pyodide.http import pyfetch

    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    response = await pyfetch(url.split("#", 1)[0])
    if not response.ok:
        raise ValueError(
            f"cannot install {url!r}: the server answered "
            f"{response.status} {response.status_text}".rstrip()
        )
    own = Path(tempfile.mkdtemp(dir=folder))
    file = own / (name or "package")
    with file.open("wb") as out:
        async for chunk in response:
            out.write(chunk)
    return file


def _listed(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _indexes(urls: list[str] | str | None) -> dict[str, Any]:
    asked = (_defaults.index_urls or []) if urls is None else _simple(urls)
    return {"main": asked[0] if asked else None, "extra": asked[1:]}


def _simple(urls: list[str] | str) -> list[str]:
    """Return indexes as installers take them: without the place of the name."""
    simple = [
        url.removesuffix("/").removesuffix("/{package_name}") for url in _listed(urls)
    ]
    for url in simple:
        if "{package_name}" in url:
            raise ValueError(
                f"{url!r} is not an index that installers can ask: give the address of "
                "its simple API, https://packaging.python.org/en/latest/specifications/"
                "simple-repository-api/"
            )
    return simple


def uninstall(packages: str | list[str], *, verbose: bool | int | None = None) -> None:
    """Remove packages from the script's environment; those of others are left alone.

    What has been imported stays in memory.
    """
    own: list[str] = []
    for name in _listed(packages):
        if _environment.named(name) is not None:
            own.append(canonical(name))
        elif installed_version(name) is None:
            warnings.warn(f"skipping {name!r}: it is not installed", stacklevel=2)
        else:
            warnings.warn(f"skipping {name!r}: it is not this script's", stacklevel=2)
    if own:
        _environment.change_now({"removals": own})
