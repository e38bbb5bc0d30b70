# SPDX-License-Identifier: Apache-2.0
"""Prints what a script's block or a project's file says, or why that cannot be told."""

import datetime
import json
import re
import sys
import tomllib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # It runs before this file, in the same namespace.
    from versions import fits

# https://packaging.python.org/en/latest/specifications/inline-script-metadata/
BLOCK = r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"


def content(text: str) -> str:
    """Return the TOML of a script's block."""
    text = text.replace("\r\n", "\n")
    found = [m["content"] for m in re.finditer(BLOCK, text) if m["type"] == "script"]
    if len(found) > 1:
        raise ValueError("there are several blocks of the type script")
    if not found:
        raise ValueError("the block has no end; it is a line `# ///`")
    return "".join(
        line[2:] if line.startswith("# ") else line[1:]
        for line in found[0].splitlines(keepends=True)
    )


def strings(value: Any, name: str) -> list[str]:
    """Return a list of strings, or raise ValueError that names it."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} is not a list of strings")
    return value


def fits_python(specifier: str) -> bool:
    """Return whether this Python is one of those that are meant."""
    try:
        return fits(".".join(map(str, sys.version_info[:3])), specifier)
    except ValueError as exc:
        raise ValueError(f"requires-python = {specifier!r}: {exc}") from exc


def refuse_sources(uv: dict[str, Any], dependencies: list[str]) -> None:
    """Refuse a source of uv's that the installer would not know of.

    Without it, a package of the same name would come from an index.
    """
    named = {normalized(name) for name in uv.get("sources", {})}
    for text in dependencies:
        name = re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0]
        if normalized(name) in named:
            raise ValueError(
                f"tool.uv.sources is not read: say where {name} comes from in its "
                f"requirement, as in '{name} @ git+https://…'"
            )


# What decides which packages are installed, and is not passed on.
UNSUPPORTED = """
override-dependencies exclude-dependencies exclude-newer-package
build-constraint-dependencies dependency-metadata extra-build-dependencies
resolution prerelease index-strategy no-index find-links
no-binary no-binary-package no-build no-build-package
config-settings config-settings-package no-build-isolation no-build-isolation-package
""".split()


DEFAULTS = {
    "index-strategy": "first-index",
    "prerelease": "if-necessary-or-explicit",
    "resolution": "highest",
}


def limits(uv: dict[str, Any]) -> dict[str, Any]:
    """Return the limits on versions, and the names of unsupported settings."""
    newest = uv.get("exclude-newer")
    if isinstance(newest, (datetime.date, datetime.datetime)):
        newest = newest.isoformat()
    if newest is not None and (not isinstance(newest, str) or newest[:1] == "-"):
        raise ValueError("tool.uv.exclude-newer is not a date")
    name = "constraint-dependencies"
    constraints = strings(uv.get(name, []), f"tool.uv.{name}")
    others = [
        name for name in UNSUPPORTED if uv.get(name) not in (None, DEFAULTS.get(name))
    ]
    return {
        "constraints": constraints,
        "excludeNewer": newest,
        "unsupported": [name for name in others if uv[name]],
    }


def normalized(name: str) -> str:
    """Return the name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def metadata(kind: str, source: str) -> dict[str, Any]:
    """Return what a script's block says, or a project's file."""
    if kind == "script":
        table = tomllib.loads(content(source))
    else:
        with open(source, encoding="utf-8-sig") as file:
            table = tomllib.loads(file.read())
    needs = table if kind == "script" else table.get("project", {})
    python = needs.get("requires-python")
    if python is not None and not isinstance(python, str):
        raise ValueError("requires-python is not a string")
    uv = table.get("tool", {}).get("uv", {})
    main = uv.get("index-url")
    extra = strings(uv.get("extra-index-url", []), "extra-index-url")
    for index in uv.get("index", []):
        if index.get("explicit"):
            continue
        if index.get("default"):
            main = index["url"]
        else:
            extra = [*extra, index["url"]]
    strings(extra if main is None else [main, *extra], "the list of indexes")
    dependencies = strings(needs.get("dependencies", []), "dependencies")
    refuse_sources(uv, dependencies)
    return {
        "dependencies": dependencies,
        "requiresPython": python,
        "fitsPython": python is None or fits_python(python),
        "indexes": {"main": main, "extra": extra},
        "limits": limits(uv),
    }


answer: dict[str, Any]
try:
    answer = {"metadata": metadata(*sys.argv[1:])}
except (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    OSError,
) as exc:
    answer = {"error": str(exc) or type(exc).__name__}
sys.stdout.write("\x1e")
json.dump(answer, sys.stdout)
