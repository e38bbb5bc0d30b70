# SPDX-License-Identifier: Apache-2.0
"""Containers become JavaScript's and Python's again."""

from __future__ import annotations

import array
import copy
import io
import pickle
from typing import Any

import pytest

from js import Object, Uint8Array, Uint16Array
from pyodide import ffi
from pyodide.ffi import to_js


class Thing:
    pass


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([1, [2]], ffi.JsArray),
        ((1, 2), ffi.JsArray),
        ({"a": {"b": 1}}, ffi.JsProxy),
        ({1: "a"}, ffi.JsMutableMap),
        ({1, 2}, ffi.JsIterable),
        (b"ab", ffi.JsTypedArray),
        (bytearray(b"ab"), ffi.JsBuffer),
        (array.array("d", [1.5]), ffi.JsTypedArray),
    ],
)
def test_what_can_be_changed_becomes_an_object(value: Any, kind: type) -> None:
    converted: Any = to_js(value)
    assert isinstance(converted, kind) and isinstance(converted, ffi.JsProxy)
    assert converted is not value
    # The host takes lists and dicts.
    if isinstance(value, list | dict | set):
        plain: Any = converted
        assert plain == value and isinstance(plain, type(value))


@pytest.mark.parametrize(
    "value", [1, 2**70, 1.5, "é\ud800", True, None, Thing, print, ffi.jsnull]
)
def test_what_cannot_be_changed_and_strangers_stay(value: Any) -> None:
    assert to_js(value) is value


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        [1, "a", None, [2.5, {"b": [True]}]],
        {"a": {"b": {"c": []}}, "items": 1, "from": 2},
        {1: "a", 2.5: "b"},
        {1, "a"},
    ],
)
def test_a_round_trip_returns_equal_and_plain_values(value: Any) -> None:
    back = to_js(value).to_py()
    assert back == value and type(back) is type(value)


def test_a_buffer_comes_back_as_memory() -> None:
    back = to_js(b"ab").to_py()
    assert isinstance(back, memoryview) and back.tobytes() == b"ab"
    assert to_js(array.array("h", [-1, 2])).to_py().tolist() == [-1, 2]
    assert to_js(memoryview(bytes(6)).cast("B", (2, 3))) == [[0, 0, 0], [0, 0, 0]]


def test_cycles_and_shared_parts_stay() -> None:
    shared = [1]
    value: dict[str, Any] = {"a": shared, "b": shared}
    value["self"] = value
    converted = to_js(value)
    assert converted.self is converted and converted.a is converted.b
    back = converted.to_py()
    assert back["self"] is back and back["a"] is back["b"]


def test_depth_limits_both_ways() -> None:
    inner: dict[str, list[int]] = {"b": []}
    converted = to_js({"a": inner}, depth=1)
    assert converted.a is inner
    assert to_js([inner], depth=0) == [inner]
    deep = to_js({"a": inner})
    assert isinstance(deep.to_py(depth=1)["a"], ffi.JsProxy)


def test_dicts_are_made_by_a_converter_of_ones_own() -> None:
    made = to_js({"a": {"b": 1}}, dict_converter=Object.fromEntries)
    assert made.a.b == 1
    pairs = to_js({"a": 1}, dict_converter=list)
    assert pairs == [["a", 1]]


def test_converters_know_strangers() -> None:
    def convert(obj: Any, convert: Any, cache: Any) -> Any:
        return ["thing"] if isinstance(obj, Thing) else obj

    assert to_js([Thing()], default_converter=convert) == [["thing"]]
    eager = to_js(
        {"a": (1, 2)},
        eager_converter=lambda obj, convert, cache: (
            "pair" if isinstance(obj, tuple) else convert(obj)
        ),
    )
    assert eager == {"a": "pair"} and isinstance(eager, ffi.JsProxy)
    untouched = [[1]]
    same = to_js(untouched, eager_converter=lambda obj, convert, cache: obj)
    assert same is untouched
    assert to_js(
        [Thing()], default_converter=lambda obj, convert, cache: convert({"x": [1]})
    ) == [{"x": [1]}]
    with pytest.raises(ffi.ConversionError, match="Thing has no form"):
        to_js([Thing()], create_pyproxies=False)


@pytest.mark.parametrize("value", [{(1, 2): 1}, {(1, 2)}, {frozenset(): 1}])
def test_keys_that_javascript_lacks_are_refused(value: Any) -> None:
    with pytest.raises(ffi.ConversionError, match="as a key for a Javascript Map"):
        to_js(value)


# Objects


def test_properties_are_attributes_and_hide_methods() -> None:
    made = to_js({"items": [1], "keys": 2, "name": "x"})
    assert (made.items, made.keys, made.name, made["name"]) == ([1], 2, "x", "x")
    made.name = "y"
    made.other = 3
    del made.keys
    assert made == {"items": [1], "name": "y", "other": 3}
    with pytest.raises(AttributeError):
        _ = made.missing
    with pytest.raises(AttributeError, match="no property 'missing'"):
        del made.missing
    assert made and to_js({}) and not to_js([])
    assert made.object_keys() == ["items", "name", "other"]
    assert made.object_values() == [[1], "y", 3]
    assert made.object_entries()[1] == ["name", "y"]


def test_properties_are_the_items_of_a_map() -> None:
    made = to_js({"items": 1, "inner": {"keys": 2}})
    properties = made.as_object_map()
    assert list(properties.items()) == [("items", 1), ("inner", {"keys": 2})]
    assert "items" in properties and isinstance(made.as_object_map(), ffi.JsMutableMap)
    properties["other"] = 3
    del properties["items"]
    assert made == {"inner": {"keys": 2}, "other": 3} and len(properties) == 2
    assert repr(properties) == "{'inner': {'keys': 2}, 'other': 3}"
    inner = made.as_object_map(hereditary=True)["inner"]
    assert dict(inner.items()) == {"keys": 2}
    assert type(properties.to_py()) is type(properties.to_py()["inner"]) is dict


def test_reserved_words_have_an_underscore_behind() -> None:
    made = to_js({"from": 1, "async": 2, "async_": 3, "plain_": 4})
    assert (made.from_, made.async_, made.async__, made.plain_) == (1, 2, 3, 4)
    assert dir(made) == ["async_", "async__", "from_", "plain_"]
    made.class_ = 5
    assert made["class"] == 5


@pytest.mark.parametrize(
    "value", [{"a": [1, {"items": 2}]}, [1], {1: 2}, {1}, b"ab"], ids=repr
)
def test_objects_are_copied_and_pickled(value: Any) -> None:
    made = to_js(value)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert again == made and type(again) is type(made)


def test_arrays_have_the_methods_of_javascript() -> None:
    made = to_js([1, 2])
    assert (made.push(3, 4), made.length) == (4, 4)
    assert (made.shift(), made.pop(), made.unshift(9)) == (1, 4, 3)
    assert made == [9, 2, 3]
    assert made.map(lambda x: x * 2) == [18, 4, 6]
    assert made.map(lambda x, number: number) == [0, 1, 2]
    assert made.filter(lambda x: x > 2) == [9, 3]
    assert (made.slice(1), made.slice(0, 1)) == ([2, 3], [9])
    assert made.concat([1]) == [9, 2, 3, 1]
    assert (made.join("-"), made.includes(2), made.indexOf(3)) == ("9-2-3", True, 2)
    assert made.indexOf(7) == -1
    seen: list[int] = []
    made.forEach(seen.append)
    assert seen == [9, 2, 3]
    assert (made.find(lambda x: x < 9), made.find(lambda x: x > 9)) == (2, None)
    assert made.some(lambda x, number: number == 2) and not made.every(lambda x: x > 2)
    assert made.reduce(lambda total, x: total - x) == 4
    assert made.reduce(lambda total, x, number: total + [number], []) == [0, 1, 2]
    with pytest.raises(ffi.JsException, match="empty array"):
        to_js([]).reduce(max)


def test_maps_and_sets_have_the_methods_of_javascript() -> None:
    made = to_js({1: "a"})
    assert made.set("b", 2) is made and made.has("b") and made.size == 2
    assert (made.delete("b"), made.delete("b"), made.get(1)) == (True, False, "a")
    assert made.entries() == [[1, "a"]]
    items = to_js({1})
    assert (items.has(1), items.size, items.delete(1), items.delete(1)) == (
        True,
        1,
        True,
        False,
    )


# Buffers


def test_typed_arrays_copy_from_and_to_buffers() -> None:
    made = Uint8Array.new(4)
    made.assign(b"abcd")
    assert made.to_bytes() == b"abcd" and made.to_string() == "abcd"
    out = bytearray(4)
    made.assign_to(out)
    assert out == b"abcd"
    view = made.to_memoryview()
    made[0] = 0
    assert view.tobytes() == b"abcd"
    file = io.BytesIO()
    made.to_file(file)
    file.seek(0)
    other = Uint8Array.new(4)
    other.from_file(file)
    assert other == made
    with pytest.raises(ValueError, match="4 bytes, and the other buffer 2"):
        made.assign(b"ab")
    with pytest.raises(OverflowError):
        made[0] = 256


def test_typed_arrays_are_made_of_numbers_sizes_and_buffers() -> None:
    assert Uint16Array.new([1, 2]).byteLength == 4
    assert Uint16Array.new(2).tolist() == [0, 0]
    assert Uint16Array.new(b"\1\0\2\0").tolist() == [1, 2]
    assert Uint16Array.new([1, 2, 3]).slice(1).tolist() == [2, 3]
    with pytest.raises(TypeError, match="format 'P' has no typed array"):
        to_js(memoryview(bytes(8)).cast("P"))
