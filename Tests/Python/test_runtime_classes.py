# SPDX-License-Identifier: Apache-2.0
"""Copying and pickling instances of exported classes."""

from __future__ import annotations

import pytest
from runtime_parts import load

runtime = load("classes")


class Point:
    pass


class Slotted:
    __slots__ = ()


def test_an_instance_is_made_again_from_class_state_and_attributes() -> None:
    point = Point()
    point.note = "here"  # type: ignore[attr-defined]
    make, arguments, state = runtime.reduce_instance(point, (1, 2))
    assert type(make(*arguments)) is Point
    assert state == ((1, 2), {"note": "here"})


def test_an_instance_without_a_dict_has_no_attributes() -> None:
    assert runtime.reduce_instance(Slotted(), 1)[2] == (1, None)


def test_attributes_are_restored() -> None:
    point = Point()
    runtime.restore_attributes(point, {"note": "here"})
    assert point.__dict__ == {"note": "here"}


@pytest.mark.parametrize("attributes", [None, {}])
def test_nothing_is_restored_without_attributes(attributes: object) -> None:
    runtime.restore_attributes(Slotted(), attributes)
