# SPDX-License-Identifier: Apache-2.0
"""Reads the user's files of settings; the host runs this as a program, once per edit.

It prints a record separator and JSON: what a file says, or what is wrong with it. No
message holds a value of the file, which may be a key.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

__all__ = ["Problem", "configuration", "line_of", "read", "template"]

Table = dict[str, Any]
Path = tuple[str, ...]

# What a key looks like, and where one would be written.
_SECRET = re.compile(
    r"\b(?:(?:sk|pk|rk|key|nvapi|pplx|glpat)-|(?:gsk|hf|r8|ghp|gho|github_pat)_|xai-"
    r"|AIza|AKIA|eyJ)[\w.-]{12,}|\b(?:Bearer|Basic)\s+\S{8,}",
    re.I,
)
_SECRET_NAME = re.compile(
    r"(?:api|secret|access)?[-_]?(?:key|token|secret|password)s?", re.I
)
_SECRET_FIELDS = frozenset(
    "authorization proxy-authorization x-api-key api-key x-goog-api-key cookie".split()
)
_OWN_FIELDS = frozenset(
    "host content-length transfer-encoding connection upgrade te".split()
)
_OWN_OPTIONS = ("model", "messages", "stream", "response_format")
_RIGHT_WAY = (
    'write key.variable = "NAME", key.command = "pass show NAME" or '
    'key.file = "PATH", or run amaru keys set NAME'
)
_MOST_PROBLEMS = 20


class Problem(NamedTuple):
    """What is wrong with a key of the file, and what to do."""

    path: Path
    words: str
    remedy: str


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, path: Path, words: str, remedy: str) -> None:
        self.problems.append(Problem(path, words, remedy))

    def table(
        self, value: Any, path: Path, known: Mapping[str, Callable[[Any, Path], Any]]
    ) -> Table:
        """Read a table whose keys are known; null for those that are left out."""
        found: Table = dict.fromkeys(known)
        for name, part in self.items(value, path):
            if reader := known.get(name):
                found[name] = reader(part, (*path, name))
            elif _SECRET_NAME.fullmatch(name):
                self.secret((*path, name))
            else:
                near = nearest(name, known)
                words = f"did you mean {near}?" if near else ", ".join(known)
                remedy = words if near else f"the keys here are {words}"
                self.refuse((*path, name), "unknown key", remedy)
        return found

    def items(self, value: Any, path: Path) -> Iterable[tuple[str, Any]]:
        if isinstance(value, dict):
            return value.items()
        self.refuse(path, "not a table", f"write it as [{'.'.join(path)}]")
        return ()

    def secret(self, path: Path) -> None:
        self.refuse(path, "a key must not be written in this file", _RIGHT_WAY)

    def text(self, value: Any, path: Path) -> str | None:
        if not isinstance(value, str):
            self.refuse(path, "not a string", "put it in quotes")
        elif _SECRET.search(value):
            self.secret(path)
        elif "\0" in value:
            self.refuse(path, "it holds a NUL", "remove it")
        else:
            return value
        return None

    def name(self, value: Any, path: Path) -> str | None:
        text = self.text(value, path)
        if text is not None and not re.fullmatch(r"[^\s\x00-\x1f]+", text):
            self.refuse(path, "not the name of a model", "write one without blanks")
        return text

    def url(self, value: Any, path: Path) -> str | None:
        text = self.text(value, path)
        if text is None:
            return None
        remedy = "write a URL such as http://localhost:11434/v1"
        if not re.fullmatch(r"https?://[^/?#\s]+[^\s#]*", text, re.I | re.A):
            self.refuse(path, "not a URL of a server", remedy)
        elif "@" in re.split("[/?]", text.partition("://")[2])[0]:
            self.refuse(path, "a user name or password in a URL is not sent", remedy)
        elif re.search(r"[?&][^=&]*(?:key|token|secret)[^=&]*=", text, re.I):
            self.secret(path)
        else:
            return text
        return None

    def options(self, value: Any, path: Path) -> dict[str, str]:
        """Read fields of requests; each value is a JSON text, so that none is lost."""
        found = {}
        for name, part in self.items(value, path):
            place = (*path, name)
            if name in _OWN_OPTIONS:
                self.refuse(place, "amaru sets this itself", "leave it out")
            elif self.is_json(part, place):
                found[name] = json.dumps(part, ensure_ascii=False)
        return found

    def is_json(self, value: Any, path: Path) -> bool:
        if isinstance(value, str):
            return self.text(value, path) is not None
        if isinstance(value, dict):
            return all([self.is_json(part, (*path, n)) for n, part in value.items()])
        if isinstance(value, list):
            return all([self.is_json(part, path) for part in value])
        number = isinstance(value, float) and abs(value) < float("inf")
        if number or isinstance(value, bool):
            return True
        if isinstance(value, int) and -(2**63) <= value < 2**63:
            return True
        self.refuse(path, "not a value that JSON has", "write a string or a number")
        return False

    def headers(self, value: Any, path: Path) -> dict[str, str]:
        found = {}
        for name, part in self.items(value, path):
            place = (*path, name)
            if name.lower() in _SECRET_FIELDS:
                self.secret(place)
            elif name.lower() in _OWN_FIELDS:
                self.refuse(place, "amaru sets this header itself", "leave it out")
            elif not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                self.refuse(
                    place, "not the name of a header", "write one as in X-Title"
                )
            elif (text := self.text(part, place)) is not None:
                if re.fullmatch(r"[\x20-\x7e]*", text):
                    found[name] = text
                else:
                    remedy = "write printable ASCII"
                    self.refuse(place, "not a value of a header", remedy)
        return found

    def prices(self, value: Any, path: Path) -> Table:
        parts = {"input": self.price, "output": self.price}
        found = {}
        for model, price in self.items(value, path):
            both = self.table(price, (*path, model), parts)
            found[model] = {name: amount or 0 for name, amount in both.items()}
        return found

    def price(self, value: Any, path: Path) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if good and 0 <= value < 1e9:
            return float(value)
        remedy = "write what a million tokens cost, as in input = 0.15"
        self.refuse(path, "not a price", remedy)
        return 0.0

    def highlight(self, value: Any, path: Path) -> Table | None:
        if isinstance(value, bool):
            return {"on": {"seconds": None}} if value else {"off": {}}
        if isinstance(value, int | float) and 0 < value <= 600:
            return {"on": {"seconds": float(value)}}
        remedy = "write true, false, or the seconds that code may wait for its colours"
        self.refuse(path, "not a choice", remedy)
        return None

    def key(self, value: Any, path: Path) -> Table | None:
        if value == "prompt":
            return {"prompt": {}}
        if value == "none":
            return {"unneeded": {}}
        if isinstance(value, dict) and len(value) == 1:
            [(kind, source)] = value.items()
            if kind == "variable" and self.is_variable(source, (*path, kind)):
                return {kind: {"name": source}}
            if kind == "command" and (words := self.words(source, (*path, kind))):
                return {kind: {"words": words}}
            if kind == "file" and (file := self.text(source, (*path, kind))):
                return {kind: {"path": file}}
            if kind in ("variable", "command", "file"):
                return None
        if isinstance(value, str):
            self.secret(path)
        else:
            remedy = f'{_RIGHT_WAY}; or key = "prompt", key = "none"'
            self.refuse(path, "not a source of a key", remedy)
        return None

    def is_variable(self, value: Any, path: Path) -> bool:
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z_]\w*", value, re.A):
            return self.text(value, path) is not None
        remedy = 'write a name as in key.variable = "GROQ_API_KEY"'
        self.refuse(path, "not the name of a variable", remedy)
        return False

    def words(self, value: Any, path: Path) -> list[str] | None:
        """Read a command: a line for the shell, or the words of one."""
        words = value if isinstance(value, list) else ["/bin/sh", "-c", value]
        if words and all([self.text(word, path) for word in words]):
            return words
        remedy = 'write a line as in key.command = "pass show groq", or a list of words'
        if not self.problems or self.problems[-1].path != path:
            self.refuse(path, "not a command", remedy)
        return None

    def provider(self, value: Any, path: Path) -> Table:
        found = self.table(
            value,
            path,
            {
                "base-url": self.url,
                "key": self.key,
                "model": self.name,
                "system": self.text,
                "options": self.options,
                "headers": self.headers,
                "prices": self.prices,
            },
        )
        found["baseURL"] = found.pop("base-url")
        if isinstance(value, dict) and path[-1] != "openai" and "base-url" not in value:
            remedy = 'write base-url = "https://HOST/v1"'
            self.refuse(path, "the provider has no base-url", remedy)
        return found

    def alias(self, value: Any, path: Path) -> Table:
        if isinstance(value, str):
            value = {"model": value}
        elif not isinstance(value, dict):
            self.refuse(path, "not a model", 'write it as in fast = "PROVIDER/MODEL"')
            return {}
        known = {
            "model": self.name,
            "system": self.text,
            "options": self.options,
            "headers": self.headers,
        }
        found = self.table(value, path, known)
        if isinstance(value, dict) and "model" not in value:
            remedy = 'write model = "PROVIDER/MODEL"'
            self.refuse(path, "the alias has no model", remedy)
        return found

    def named(
        self, value: Any, path: Path, reader: Callable[[Any, Path], Table]
    ) -> Table:
        found = {}
        for name, part in self.items(value, path):
            place = (*path, name)
            if re.fullmatch(r"[A-Za-z0-9_][\w.:-]*", name, re.A):
                found[name] = reader(part, place)
            else:
                remedy = "use letters, digits and . _ - only"
                self.refuse(place, "not a name", remedy)
        return found

    def target(self, model: str | None, providers: Iterable[str], path: Path) -> None:
        """Find the misspelt provider of `provider/model`."""
        name, slash, _ = (model or "").partition("/")
        if slash and name not in providers and (near := nearest(name, providers, 0.75)):
            remedy = f"did you mean {near}?"
            self.refuse(path, f"there is no provider {name}", remedy)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known name that is nearest to one that is not, or nothing."""
    from difflib import get_close_matches

    simple = {one.replace("-", "_").lower(): one for one in known}
    found = get_close_matches(name.replace("-", "_").lower(), simple, 1, cutoff)
    return simple[found[0]] if found else ""


def configuration(table: Table) -> tuple[Table, list[Problem]]:
    """Return what ``config.toml`` says, and what is wrong with it."""
    reader = _Reader()
    found = reader.table(
        table,
        (),
        {
            "model": reader.name,
            "currency": reader.text,
            "highlight": reader.highlight,
            "providers": lambda v, p: reader.named(v, p, reader.provider),
            "aliases": lambda v, p: reader.named(v, p, reader.alias),
        },
    )
    found["providers"] = found["providers"] or {}
    found["aliases"] = found["aliases"] or {}
    providers = {"openai", *found["providers"]}
    reader.target(found["model"], providers, ("model",))
    for name, alias in found["aliases"].items():
        path = ("aliases", name)
        reader.target(alias.get("model"), providers, path)
        if name in providers:
            remedy = "give the alias another name"
            reader.refuse(path, "a provider has that name", remedy)
    return found, reader.problems


def template(table: Table) -> tuple[Table, list[Problem]]:
    """Return what a file of the folder ``templates`` says, and what is wrong."""
    reader = _Reader()
    found = reader.table(
        table,
        (),
        {
            "prompt": reader.text,
            "system": reader.text,
            "model": reader.name,
            "options": reader.options,
            "defaults": lambda v, p: {
                name: reader.text(part, (*p, name)) for name, part in reader.items(v, p)
            },
        },
    )
    return found, reader.problems


def line_of(lines: list[str], path: Path) -> int:
    """Return the number of the line that `path` is written in.

    The parser does not tell. So the shortest beginning of the file is searched which it
    can read, and which has that key.
    """

    def has(count: int) -> bool | None:
        try:
            found: Any = tomllib.loads("\n".join(lines[:count]))
        except ValueError:
            return None
        for name in path:
            if not isinstance(found, dict) or name not in found:
                return False
            found = found[name]
        return True

    low, high = 0, len(lines)
    while True:
        middle = (low + high) // 2
        for count in sorted(range(low + 1, high), key=lambda n: abs(n - middle)):
            if (answer := has(count)) is not None:
                low, high = (low, count) if answer else (count, high)
                break
        else:
            return low + 1


def read(kind: str, path: str) -> Table:
    """Return what a file says, or the problems with their lines."""
    parts = {"configuration": configuration, "template": template}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
        table = tomllib.loads(text.replace("\r\n", "\n"))
        found, problems = parts[kind](table)
    except (ValueError, RecursionError) as exc:
        place = re.search(r" \(at (?:line (\d+),|end).*\)", str(exc))
        words = str(exc)[: place.start()] if place else str(exc)
        if isinstance(exc, UnicodeDecodeError):
            words = "it is not UTF-8"
        words = f"not TOML: {words[:1].lower()}{words[1:]}"
        remedy = "see https://toml.io for how it is written"
        line = int(place[1] or len(text.splitlines())) if place else 0
        return {
            "problems": [{"line": line, "key": "", "words": words, "remedy": remedy}]
        }
    lines = text.splitlines()
    said = [
        {
            "line": line_of(lines, one.path),
            "key": _SECRET.sub("…", ".".join(one.path)),
            "words": one.words,
            "remedy": one.remedy,
        }
        for one in problems[:_MOST_PROBLEMS]
    ]
    return {"problems": said} if said else {"found": found, "problems": []}


if __name__ == "__main__":
    sys.stdout.write("\x1e")
    json.dump(read(*sys.argv[1:]), sys.stdout)
