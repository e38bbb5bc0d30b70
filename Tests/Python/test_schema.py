# SPDX-License-Identifier: Apache-2.0
"""An answer fits a schema, or the place where it does not is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amaru.chat import schema
from amaru.chat.client import Fault

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "friends": {"type": "array", "items": {"$ref": "#"}, "maxItems": 2},
    },
    "required": ["name"],
    "additionalProperties": False,
}
ADA: dict[str, Any] = {"name": "Ada"}

FITTING: list[tuple[Any, Any]] = [
    (True, [1, {}]),
    ({}, None),
    (PERSON, ADA),
    (PERSON, {"name": "Ada", "age": 36.0, "friends": [{"name": "B", "friends": []}]}),
    ({"enum": [1, "a", None]}, 1.0),
    ({"type": ["string", "null"]}, None),
    ({"const": {"a": [1]}}, {"a": [1]}),
    ({"oneOf": [{"type": "string"}, {"minimum": 3}]}, 4),
    ({"not": {"type": "string"}}, 1),
    (
        {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 0}},
        "ab",
    ),
    ({"prefixItems": [{"type": "string"}], "items": {"type": "null"}}, ["a", None]),
    ({"contains": {"const": 1}}, [0, 1]),
    ({"patternProperties": {"^x": {"type": "null"}}}, {"x1": None, "y": 1}),
    ({"propertyNames": {"pattern": "^[a-z]+$"}}, {"abc": 1}),
    ({"multipleOf": 0.1}, 0.3),
    ({"minLength": 3}, 1),
    ({"properties": {"a": {"type": "null"}}, "format": "odd", "title": "x"}, []),
]


@pytest.mark.parametrize(("wanted", "value"), FITTING)
def test_what_fits_is_returned(wanted: Any, value: Any) -> None:
    schema.read(wanted)
    assert schema.parse(json.dumps(value), wanted) == value


MISFITS: list[tuple[Any, Any, str]] = [
    (False, 1, "nothing is allowed here"),
    (PERSON, [], "[] is not of the type object"),
    (PERSON, {}, "'name' is missing"),
    (PERSON, {"name": ""}, "/name: it has 0 characters, and needs at least 1"),
    (PERSON, ADA | {"age": 3.5}, "/age: 3.5 is not of the type integer"),
    (PERSON, ADA | {"age": True}, "/age: true is not of the type integer"),
    (PERSON, ADA | {"age": -1}, "/age: -1 is not at least 0"),
    (PERSON, ADA | {"a/b": 1}, "/a~1b: the schema has no such property"),
    (PERSON, ADA | {"friends": [ADA, 3]}, "/friends/1: 3 is not of the type object"),
    (PERSON, ADA | {"friends": [ADA] * 3}, "/friends: it has 3 items, and may have 2"),
    ({"enum": [1]}, True, "true is not one of [1]"),
    ({"const": 1}, 2, "2 is not 1"),
    ({"oneOf": [{}, {}]}, 1, "it fits 2 of the alternatives"),
    ({"anyOf": [{"type": "null"}, {"items": {"type": "null"}}]}, [1], "/0: 1 is not"),
    ({"not": {}}, 1, "1 is what it must not be"),
    ({"if": {"type": "string"}, "then": {"minLength": 2}}, "a", "it has 1 characters"),
    ({"prefixItems": [{"type": "string"}]}, [1], "/0: 1 is not of the type string"),
    ({"items": {"type": "null"}}, [None, 1], "/1: 1 is not of the type null"),
    ({"contains": {"const": 1}}, [0], "no item fits"),
    ({"uniqueItems": True}, [{"a": 1}, {"a": 1}], "two items are equal"),
    ({"patternProperties": {"^x": {"type": "null"}}}, {"x1": 1}, "/x1: 1 is not"),
    ({"propertyNames": {"maxLength": 1}}, {"abc": 1}, "/abc: it has 3 characters"),
    ({"pattern": "^a$"}, "b", '"b" does not match ^a$'),
    ({"multipleOf": 2}, 3, "3 is not a multiple of 2"),
    ({"exclusiveMaximum": 3}, 3, "3 is not less than 3"),
    ({"minProperties": 1}, {}, "it has 0 properties, and needs at least 1"),
    ({"allOf": [{}, {"type": "null"}]}, 1, "1 is not of the type null"),
]


@pytest.mark.parametrize(("wanted", "value", "why"), MISFITS)
def test_what_does_not_fit_is_named(wanted: Any, value: Any, why: str) -> None:
    schema.read(wanted)
    with pytest.raises(Fault) as caught:
        schema.parse(json.dumps(value), wanted)
    assert caught.value.kind == "misfit"
    assert caught.value.detail.startswith(why)


@pytest.mark.parametrize(
    "text", ['```json\n{"a": 1}\n```', '\n```\n{"a": 1}\n```\n', ' {"a": 1} ']
)
def test_a_fence_is_no_part_of_the_answer(text: str) -> None:
    assert schema.parse(text, {}) == {"a": 1}


@pytest.mark.parametrize("text", ["", "no", '{"a": ', "NaN", "Sure: {}", "[" * 100_000])
def test_what_is_not_json_does_not_fit(text: str) -> None:
    with pytest.raises(Fault, match="not JSON|nested"):
        schema.parse(text, {})


def test_a_schema_that_refers_to_itself_only_ends() -> None:
    wanted = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    schema.read(wanted)
    with pytest.raises(Fault, match="nested too deeply"):
        schema.parse("1", wanted)


BAD: list[tuple[Any, str]] = [
    (1, "a schema is an object, true or false"),
    ({"properties": {"a": {"type": "text"}}}, "/properties/a/type: there is no type"),
    ({"dependentRequired": {}}, "/dependentRequired: this keyword is not checked"),
    ({"items": {"$ref": "http://h/s"}}, "/items/$ref: a reference must be one within"),
    ({"$ref": "#/$defs/a"}, "/$ref: #/$defs/a is not in the schema"),
    ({"pattern": "("}, "/pattern: no regular expression"),
    ({"patternProperties": {"(": {}}}, "/patternProperties: no regular expression"),
    ({"required": "name"}, "/required: must be of the type list"),
    ({"enum": "name"}, "/enum: must be of the type list"),
    ({"allOf": {}}, "/allOf: must be of the type list"),
    ({"properties": []}, "/properties: must be of the type dict"),
    ({"minimum": "1"}, "/minimum: must be a number"),
    ({"multipleOf": 0}, "/multipleOf: must be more than 0"),
    ({"type": 3}, "/type: there is no type 3"),
]


@pytest.mark.parametrize(("wanted", "why"), BAD)
def test_a_schema_that_cannot_be_checked_is_refused(wanted: Any, why: str) -> None:
    with pytest.raises(Fault) as caught:
        schema.read(wanted)
    assert caught.value.kind == "schema"
    assert caught.value.detail.startswith(why)
