# SPDX-License-Identifier: Apache-2.0
"""Decoding: the fields and items of objects."""

from __future__ import annotations

from collections import ChainMap, namedtuple
from dataclasses import dataclass, field
from typing import Any

import pytest
from runtime_parts import load

runtime = load("coding")
Pair = namedtuple("Pair", "first second")


@dataclass
class Data:
    name: str = "x"
    _hidden: int = 1
    missing: int = field(init=False)


class Plain:
    def __init__(self) -> None:
        self.a, self._b = 1, 2


class Base:
    __slots__ = "one"


class Slotted(Base):
    __slots__ = ("two", "unset", "_private")

    def __init__(self) -> None:
        self.one, self.two, self._private = 1, 2, 3


class Model:
    model_fields = {"first": None, "second": None}
    first = second = 0


def test_a_mapping_becomes_a_dict() -> None:
    assert runtime.fields_of(ChainMap({"a": 1}, {"b": 2})) == {"a": 1, "b": 2}


@pytest.mark.parametrize("value", [Data(), Plain(), Pair(1, 2)])
def test_an_object_with_attributes_stays(value: object) -> None:
    assert runtime.fields_of(value) is value


@pytest.mark.parametrize("value", [None, "text", 1, b"", [], (1, 2), {1}])
def test_values_have_no_fields(value: object) -> None:
    kind = type(value).__name__
    assert runtime.fields_of(value) == f"expected dict, found {kind}"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"a": 1, 2: 3}, ["a", 2]),
        (Data(), ["name", "_hidden"]),
        (Model(), ["first", "second"]),
        (Pair(1, 2), ["first", "second"]),
        (Plain(), ["a"]),
        (Slotted(), ["one", "two"]),
        (object(), []),
    ],
)
def test_names_of_fields(value: object, names: list[Any]) -> None:
    assert runtime.names_of_fields(value) == names


@pytest.mark.parametrize("value", [[1, 2], (1, 2), range(1, 3), {1: "", 2: ""}.keys()])
def test_items_of_what_is_sized(value: object) -> None:
    assert runtime.items_of(value) == (1, 2)


@pytest.mark.parametrize("value", ["ab", b"ab", {}, 1, iter([1]), memoryview(b"")])
def test_text_mappings_and_iterators_have_no_items(value: object) -> None:
    kind = type(value).__name__
    assert runtime.items_of(value) == f"expected list, found {kind}"
