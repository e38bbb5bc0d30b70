# SPDX-License-Identifier: Apache-2.0
"""Exported functions: defaults of parameters, and calls that do not fit."""

from __future__ import annotations

import pytest
from runtime_parts import load

runtime = load("signatures")


@pytest.mark.parametrize(
    "value",
    [None, True, -3, 1.5, 2j, "it's", b"\0", (), (1, "a"), [1, [2]], {1}, {"a": (1,)}],
)
def test_a_literal_reads_as_itself(value: object) -> None:
    assert eval(runtime.literal_or_dots(value)) == value


@pytest.mark.parametrize(
    "value",
    [object(), float("inf"), float("nan"), complex("nanj"), [object()], {1: object()}]
    + [{float("inf"): 1}, frozenset(), range(2), type("Text", (str,), {})("x")],
)
def test_what_has_no_literal_is_dots(value: object) -> None:
    assert runtime.literal_or_dots(value) == "..."


def test_python_says_what_is_wrong_with_a_call() -> None:
    shape = runtime.function_of_shape("Point.move", "self, x, *, by=1")
    assert (shape.__name__, shape.__qualname__) == ("move", "Point.move")
    shape(1, 2, by=3)
    with pytest.raises(TypeError, match=r"Point.move\(\) missing 1 required .*'x'"):
        shape(1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        shape(1, 2, z=3)


def test_a_shape_is_kept_but_not_without_bound() -> None:
    first = runtime.function_of_shape("f", "a")
    assert runtime.function_of_shape("f", "a") is first
    for number in range(600):
        runtime.function_of_shape("f", f"a{number}")
    assert len(runtime._shapes) <= 256


def test_parameters_that_are_invalid_are_an_error() -> None:
    with pytest.raises(SyntaxError):
        runtime.function_of_shape("f", "a, a")
