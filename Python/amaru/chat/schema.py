# SPDX-License-Identifier: Apache-2.0
"""Whether an answer is JSON that fits a schema.

The keywords are those of https://json-schema.org/draft/2020-12 that describe one value;
the package `jsonschema` knows the rest, and would need an environment. A schema with a
keyword that is not checked here is refused before anything is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from math import isclose
from operator import ge, gt, le, lt
from typing import Any, Final

from amaru.chat.client import Fault

__all__ = ["parse", "read"]

# They describe, and demand nothing.
_SILENT: Final = frozenset(
    "$schema $id $defs definitions $comment title description default examples format "
    "deprecated readOnly writeOnly contentEncoding contentMediaType".split()
)
_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": lambda value: _is_number(value),
    "integer": lambda value: _is_number(value) and value % 1 == 0,
}
_FENCE: Final = re.compile(r"\s*```(?:json)?[ \t]*\n(.*)\n\s*```\s*", re.S)


class _Misfit(Exception):
    """What does not fit: a JSON pointer, and words."""

    def __str__(self) -> str:
        path, why = self.args
        return f"{path}: {why}" if path else str(why)


def read(schema: Any) -> None:
    """Raise `Fault` for a schema with something that is not checked here."""
    try:
        _look(schema, "", schema)
    except RecursionError as exc:
        raise Fault("schema", "it is nested too deeply") from exc
    except _Misfit as exc:
        raise Fault("schema", str(exc)) from exc


def parse(text: str, schema: Any) -> Any:
    """Return the value that an answer is; raise `Fault` if it does not fit.

    A fence of Markdown around it is no part of it.
    """
    fenced = _FENCE.fullmatch(text)
    try:
        value = json.loads(fenced[1] if fenced else text, parse_constant=_refuse)
        for fault in _faults(value, schema, "", schema):
            raise _Misfit(*fault)
    except RecursionError as exc:
        raise Fault("misfit", "it, or the schema, is nested too deeply") from exc
    except json.JSONDecodeError as exc:
        raise Fault("misfit", f"it is not JSON ({exc})") from exc
    except _Misfit as exc:
        raise Fault("misfit", str(exc)) from exc
    return value


def _refuse(name: str) -> None:
    raise _Misfit("", f"it is not JSON ({name} is no value)")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# The schema itself.

_ONE: Final = ("additionalProperties", "contains", "else", "if", "items", "not")
_ONE_TOO: Final = ("propertyNames", "then")
_MANY: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED: Final = ("properties", "patternProperties", "$defs", "definitions")


_KINDS: Final[dict[str, type]] = {
    **dict.fromkeys((*_MANY, "enum", "required"), list),
    **dict.fromkeys(_NAMED, dict),
}


def _look(schema: Any, path: str, root: Any) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise _Misfit(path, "a schema is an object, true or false")
    for keyword, value in schema.items():
        here = f"{path}/{keyword}"
        if keyword in _ONE or keyword in _ONE_TOO:
            _look(value, here, root)
        elif keyword in _MANY and isinstance(value, list):
            for index, part in enumerate(value):
                _look(part, f"{here}/{index}", root)
        elif keyword in _NAMED and isinstance(value, dict):
            for name, part in value.items():
                _look(part, f"{here}/{name}", root)
        elif keyword == "$ref":
            _target(value, root, here)
        elif keyword not in _CHECKS and keyword not in _SILENT:
            raise _Misfit(here, "this keyword is not checked here: leave it out")
        _look_at_value(keyword, value, here)


def _look_at_value(keyword: str, value: Any, path: str) -> None:
    kind = _KINDS.get(keyword)
    if kind is not None and not isinstance(value, kind):
        raise _Misfit(path, f"must be of the type {kind.__name__}")
    names = value if isinstance(value, list) else [value]
    if keyword == "type" and not all(isinstance(n, str) and n in _TYPES for n in names):
        raise _Misfit(path, f"there is no type {value!r}")
    patterns = [value] if keyword == "pattern" else []
    patterns += value if keyword == "patternProperties" else []
    for pattern in patterns:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as exc:
            raise _Misfit(path, f"no regular expression: {exc}") from exc
    if re.match("(min|max|exclusiveM|multipleOf)", keyword) and not _is_number(value):
        raise _Misfit(path, "must be a number")
    if keyword == "multipleOf" and value <= 0:
        raise _Misfit(path, "must be more than 0")


def _target(reference: Any, root: Any, path: str) -> Any:
    """Return the schema that a reference in the same document names."""
    if not (isinstance(reference, str) and reference.startswith("#")):
        raise _Misfit(
            path, "a reference must be one within the schema, as #/$defs/name"
        )
    found = root
    for part in reference[1:].split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or part not in found:
            raise _Misfit(path, f"{reference} is not in the schema")
        found = found[part]
    return found


# A value: each check yields the places that do not fit, and why.

_Faults = Iterator[tuple[str, str]]


def _faults(value: Any, schema: Any, path: str, root: Any) -> _Faults:
    if schema is False:
        yield path, "nothing is allowed here"
    if not isinstance(schema, dict):
        return
    for keyword, wanted in schema.items():
        if check := _CHECKS.get(keyword):
            yield from check(value, wanted, path, schema, root)


def _fits(value: Any, schema: Any, root: Any) -> bool:
    return next(_faults(value, schema, "", root), None) is None


def _same(one: Any, other: Any) -> bool:
    # True is not 1 here, and 1 is 1.0.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _below(path: str, name: object) -> str:
    return f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _reference(v: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    yield from _faults(v, _target(wanted, root, path), path, root)


def _type(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
    names = wanted if isinstance(wanted, list) else [wanted]
    if not any(_TYPES[name](value) for name in names):
        yield path, f"{_shown(value)} is not of the type {' or '.join(names)}"


def _enum(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
    if not any(_same(value, one) for one in wanted):
        yield path, f"{_shown(value)} is not one of {_shown(wanted)}"


def _const(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
    if not _same(value, wanted):
        yield path, f"{_shown(value)} is not {_shown(wanted)}"


def _required(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
    if isinstance(value, dict):
        yield from ((path, f"{n!r} is missing") for n in wanted if n not in value)


def _properties(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    if isinstance(value, dict):
        for name, part in wanted.items():
            if name in value:
                yield from _faults(value[name], part, _below(path, name), root)


def _patterns(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    for pattern, part in wanted.items():
        for name in value if isinstance(value, dict) else ():
            if re.search(pattern, name):
                yield from _faults(value[name], part, _below(path, name), root)


def _additional(value: Any, wanted: Any, path: str, schema: Any, root: Any) -> _Faults:
    patterns = schema.get("patternProperties", ())
    for name in value if isinstance(value, dict) else ():
        known = name in schema.get("properties", ())
        if known or any(re.search(pattern, name) for pattern in patterns):
            continue
        here = _below(path, name)
        if wanted is False:
            yield here, "the schema has no such property"
        else:
            yield from _faults(value[name], wanted, here, root)


def _names(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    for name in value if isinstance(value, dict) else ():
        yield from _faults(name, wanted, _below(path, name), root)


def _items(value: Any, wanted: Any, path: str, schema: Any, root: Any) -> _Faults:
    first = len(schema.get("prefixItems", ()))
    if isinstance(value, list):
        for index in range(first, len(value)):
            yield from _faults(value[index], wanted, _below(path, index), root)


def _prefix(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    if isinstance(value, list):
        for index, (one, part) in enumerate(zip(value, wanted, strict=False)):
            yield from _faults(one, part, _below(path, index), root)


def _contains(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    if isinstance(value, list) and not any(_fits(v, wanted, root) for v in value):
        yield path, "no item fits what one must be"


def _unique(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
    if wanted and isinstance(value, list):
        seen = [json.dumps(one, sort_keys=True) for one in value]
        if len(set(seen)) < len(seen):
            yield path, "two items are equal"


def _pattern(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
    if isinstance(value, str) and not re.search(wanted, value):
        yield path, f"{_shown(value)} does not match {wanted}"


def _size(kind: type, isin: Callable[[Any, Any], Any], words: str) -> Any:
    def check(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
        if isinstance(value, kind) and not isin(len(value), wanted):  # type: ignore[arg-type]
            yield path, f"it has {len(value)} {words} {wanted:g}"  # type: ignore[arg-type]

    return check


def _bound(isin: Callable[[Any, Any], Any], words: str) -> Any:
    def check(value: Any, wanted: Any, path: str, *_: Any) -> _Faults:
        if _is_number(value) and not isin(value, wanted):
            yield path, f"{_shown(value)} is not {words} {wanted:g}"

    return check


def _is_multiple(value: Any, wanted: Any) -> bool:
    return isclose(value / wanted, round(value / wanted)) if wanted else True


def _all(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    for part in wanted:
        yield from _faults(value, part, path, root)


def _any(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    found = [next(_faults(value, part, path, root), None) for part in wanted]
    if None not in found and found:
        # What comes nearest is what fails deepest.
        yield max((f for f in found if f), key=lambda fault: fault[0].count("/"))


def _one(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    count = sum(_fits(value, part, root) for part in wanted)
    if count > 1:
        yield path, f"it fits {count} of the alternatives, and must fit one"
    elif count == 0:
        yield from _any(value, wanted, path, None, root)


def _not(value: Any, wanted: Any, path: str, _: Any, root: Any) -> _Faults:
    if _fits(value, wanted, root):
        yield path, f"{_shown(value)} is what it must not be"


def _if(value: Any, wanted: Any, path: str, schema: Any, root: Any) -> _Faults:
    branch = "then" if _fits(value, wanted, root) else "else"
    yield from _faults(value, schema.get(branch, True), path, root)


def _nothing(*_: Any) -> _Faults:
    return iter(())


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


_CHECKS: Final[dict[str, Callable[..., _Faults]]] = {
    "$ref": _reference,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "patternProperties": _patterns,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "prefixItems": _prefix,
    "contains": _contains,
    "uniqueItems": _unique,
    "pattern": _pattern,
    "minLength": _size(str, ge, "characters, and needs at least"),
    "maxLength": _size(str, le, "characters, and may have"),
    "minItems": _size(list, ge, "items, and needs at least"),
    "maxItems": _size(list, le, "items, and may have"),
    "minProperties": _size(dict, ge, "properties, and needs at least"),
    "maxProperties": _size(dict, le, "properties, and may have"),
    "minimum": _bound(ge, "at least"),
    "maximum": _bound(le, "at most"),
    "exclusiveMinimum": _bound(gt, "more than"),
    "exclusiveMaximum": _bound(lt, "less than"),
    "multipleOf": _bound(_is_multiple, "a multiple of"),
    "allOf": _all,
    "anyOf": _any,
    "oneOf": _one,
    "not": _not,
    "if": _if,
    "then": _nothing,
    "else": _nothing,
}
