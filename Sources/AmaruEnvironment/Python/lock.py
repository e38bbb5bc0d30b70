# SPDX-License-Identifier: Apache-2.0
"""Writes a lock, in the form of PEP 751, of what pip would install; or reads one."""

import json
import os
import platform
import re
import sys
import sysconfig
import tomllib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import pathname2url, url2pathname

if TYPE_CHECKING:
    # What is sent to the interpreter begins with it.
    from choosing import Choice, Stale
    from nearby import packaging

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What can neither end a line of requirements nor be read as an option.
ADDRESS = re.compile(r"(https?|file)://[^\s\\\"'<>^`{|}\x00-\x20\x7f-\uffff]+")
DIGEST = re.compile(r"[0-9a-f]{32,128}")
SECURE = ("sha256", "sha384", "sha512")

# What a lock has of what is read here; an array is of what is in it.
_FILE = {
    "name": str,
    "url": str,
    "path": str,
    "subdirectory": str,
    "hashes": dict.fromkeys(SECURE, str),
}
_PACKAGE = {
    "name": str,
    "version": str,
    "marker": str,
    "requires-python": str,
    "archive": _FILE,
    "sdist": _FILE,
    "wheels": [_FILE],
}
_LOCK = {
    "created-by": str,
    "requires-python": str,
    "environments": [str],
    "extras": [str],
    "dependency-groups": [str],
    "tool": {"amaru": {}},
}
HEADER = re.compile(r"\s*\[\[\s*packages\s*\]\]")

# What the table [tool.amaru] says; all but the first may be missing.
INPUTS: dict[str, tuple[type, str]] = {
    "requirements": (list, "list of strings"),
    "requirement-files": (str, "string"),
    "requires-python": (str, "string"),
    "indexes": (list, "list of strings"),
    "limits": (list, "list of strings"),
}

MARKERS = (
    "implementation_name",
    "python_version",
    "sys_platform",
    "platform_machine",
)


def here() -> dict[str, str]:
    """Return what a lock holds for: packages of one Python on one kind of machine."""
    version = ".".join(platform.python_version_tuple()[:2])
    return {"python": version, "platform": sysconfig.get_platform()}


def toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        pairs = (f"{key} = {toml(one)}" for key, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    # JSON's escapes are TOML's, but for one character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def place(url: str, folder: str) -> dict[str, str]:
    """Return the key for a file: its URL, or the path of one on this machine."""
    if not url.startswith("file:"):
        return {"url": url}
    path = url2pathname(urlsplit(url).path)
    inside = os.path.relpath(path, folder)
    return {"path": path if inside.startswith("..") else inside}


def package(entry: dict[str, Any], folder: str) -> dict[str, Any]:
    """Return a package of the lock for one of pip's report."""
    name = re.sub(r"[-_.]+", "-", entry["metadata"]["name"]).lower()
    info = entry["download_info"]
    archive = info.get("archive_info")
    if archive is None:
        words = f"{name} comes from a folder or a repository, which no digest fits"
        raise ValueError(f"{words}: name a wheel of it")
    hashes = archive.get("hashes") or {}
    if not hashes and archive.get("hash"):
        key, _, digest = archive["hash"].partition("=")
        hashes = {key: digest}
    hashes = {key: hashes[key] for key in SECURE if key in hashes}
    if not hashes:
        raise ValueError(f"the package index gives no SHA-256 digest for {name}")
    # A URL may hold what only this user may know.
    if "@" in urlsplit(info["url"]).netloc:
        raise ValueError(f"the URL of {name} holds a user name or a password")
    file = unquote(urlsplit(info["url"]).path.rsplit("/", 1)[-1])
    found: dict[str, Any] = {"name": name, "version": entry["metadata"]["version"]}
    if python := entry["metadata"].get("requires_python"):
        found["requires-python"] = python
    source = {**place(info["url"], folder), "hashes": hashes}
    if entry.get("is_direct"):
        found["archive"] = source
    elif file.endswith(".whl"):
        found["wheels"] = [{"name": file, **source}]
    else:
        found["sdist"] = {"name": file, **source}
    return found


def write(report: str, inputs: str, folder: str) -> dict[str, Any]:
    """Return the text of the lock for a report of pip."""
    with open(report, encoding="utf-8") as file:
        made = json.load(file)
    own = made["environment"]
    head = {
        "lock-version": "1.0",
        "environments": [" and ".join(f"{key} == '{own[key]}'" for key in MARKERS)],
        "requires-python": f"=={own['python_version']}.*",
        "created-by": "amaru",
    }
    lines = [f"{key} = {toml(value)}" for key, value in head.items()]
    packages = [package(entry, folder) for entry in made["install"]]
    if not packages:
        lines.append("packages = []")
    for one in sorted(packages, key=lambda one: str(one["name"])):
        lines += ["", "[[packages]]"]
        lines += [f"{key} = {toml(value)}" for key, value in one.items()]
    lines += ["", "[tool.amaru]"]
    table = {**json.loads(inputs), **here()}
    lines += [f"{key} = {toml(value)}" for key, value in table.items()]
    text = "".join(line + "\n" for line in lines)
    tomllib.loads(text)
    return {"text": text, "count": len(packages)}


def source(one: dict[str, Any], base: str) -> dict[str, Any]:
    """Return a package with the place of its one file, and its digests."""
    name = one["name"]
    files = [one["archive"]] if "archive" in one else one.get("wheels") or []
    if not files and "sdist" in one:
        files = [one["sdist"]]
    if len(files) != 1:
        raise ValueError(f"{name}: it has no file, or more than one")
    file = files[0]
    place = file.get("url") or file.get("path")
    if not isinstance(place, str):
        raise ValueError(f"{name}: its file has neither a URL nor a path")
    url = place if "url" in file else urljoin(base, pathname2url(place))
    given = file.get("hashes") or {}
    hashes = {key: given[key] for key in SECURE if key in given}
    if not ADDRESS.fullmatch(url):
        raise ValueError(f"{name}: {url!r} is not the URL of a file")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the normalised name of a package")
    if not hashes or not all(map(DIGEST.fullmatch, hashes.values())):
        raise ValueError(f"{name}: it has no valid SHA-256 digest")
    version = one.get("version")
    return {"name": name, "version": version, "url": url, "hashes": hashes}


def checked(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what a lock was made for, or raise ValueError that names what is wrong."""
    found = {}
    for key, (kind, words) in INPUTS.items():
        value = inputs[key] if key == "requirements" else inputs.get(key)
        if value is None:
            continue
        texts = value if kind is list else [value]
        if not isinstance(value, kind) or not all(isinstance(t, str) for t in texts):
            raise ValueError(f"tool.amaru.{key} is not a {words}")
        found[key] = value
    return found


def misfit(value: Any, kind: Any, key: str) -> str:
    """Say what in a value is not of the kind that it has to be; empty if nothing."""
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            return f"{key} is not a table"
        known = [one for one in kind if one in value]
        inner = [(value[one], kind[one], f"{key}.{one}") for one in known]
    elif isinstance(kind, list):
        if not isinstance(value, list):
            return f"{key} is not an array"
        inner = [(one, kind[0], f"{key}[{at}]") for at, one in enumerate(value)]
    else:
        return "" if isinstance(value, kind) else f"{key} is not a string"
    return next(filter(None, (misfit(*one) for one in inner)), "")


def parsed(path: str) -> dict[str, Any]:
    """Return the table of a lock, or raise ValueError that says where it is damaged."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ValueError(f"line {line}: this is not a text in UTF-8") from exc
    lines = text.splitlines()
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        place = re.search(r"at line (\d+)", str(exc))
        line = int(place[1]) if place else len(lines)
        raise ValueError(f"line {line}: this is not TOML, or is cut off") from exc
    version = table["lock-version"]
    if not isinstance(version, str) or version.split(".")[0] != "1":
        raise ValueError(f"lock-version {version!r} is not known: it should be '1.0'")
    for key, kind in _LOCK.items():
        if key in table and (words := misfit(table[key], kind, key)):
            raise ValueError(words)
    packages = table["packages"]
    if not isinstance(packages, list):
        raise ValueError("packages is not an array")
    headers = [at for at, line in enumerate(lines, 1) if HEADER.match(line)]
    for at, one in enumerate(packages):
        words = misfit(one, _PACKAGE, f"packages[{at}]")
        if not words and "name" not in one:
            words = f"packages[{at}].name is missing"
        if words:
            is_known = len(headers) == len(packages)
            raise ValueError(f"line {headers[at]}: {words}" if is_known else words)
    return table


def read(path: str, folder: str, asked: str) -> dict[str, Any]:
    """Return what a lock says, and why it is not one of what is asked for, if so."""
    table = parsed(path)
    base = "file://" + pathname2url(folder) + "/"
    wanted = json.loads(asked)
    inputs = table.get("tool", {}).get("amaru")
    found: dict[str, Any] = {"packages": []}
    try:
        if inputs is None:
            found["maker"] = " ".join(str(table["created-by"]).split())[:100]
            choice = Choice(table)
            found["packages"] = [source(one, base) for one in choice.packages()]
            choice.check(wanted["requirements"], found["packages"])
        else:
            made_for = {**checked(inputs), **{key: inputs.get(key) for key in here()}}
            found["packages"] = [source(one, base) for one in table["packages"]]
            if made_for != {**wanted["inputs"], **here()}:
                raise Stale("it was made for other packages, or for another Python")
            # Edited, it is believed where nothing can compare versions.
            if packaging():
                check = Choice(table).check
                check(wanted["requirements"], found["packages"], own=True)
    except Stale as exc:
        found["stale"] = str(exc)
    return found


answer: dict[str, Any]
try:
    answer = (write if sys.argv[1] == "write" else read)(*sys.argv[2:])
except KeyError as exc:
    answer = {"error": f"{exc} is missing"}
except OSError as exc:
    answer = {"error": exc.strerror or str(exc)}
except ValueError as exc:
    answer = {"error": str(exc)}
sys.stdout.write("\x1e")
json.dump(answer, sys.stdout)
