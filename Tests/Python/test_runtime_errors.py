# SPDX-License-Identifier: Apache-2.0
"""The text of exceptions; making exceptions and their classes."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from runtime_parts import load

runtime = load("errors", "codes", "sources")


def make(**changes: Any) -> Any:
    """Make a class with these properties; all others are simple."""
    given: dict[str, Any] = {
        "module": "app",
        "name": "Refused",
        "documentation": "A refusal.",
        "bases": [],
        "attributes": ["code", "reason"],
        "text": "{reason} ({code})",
        "arrival": None,
    }
    return runtime.make_exception_class(**given | changes)


def caught(source: str) -> BaseException:
    """The exception of a source, whose traceback has frames of the bridge."""
    try:
        asyncio.run(runtime.run_async(runtime.compile_source(source, None), {}))
    except Exception as exc:
        return exc
    raise AssertionError("the source raised nothing")


def test_the_text_leaves_out_modules_that_hide_unless_all_do() -> None:
    hiding: dict[str, Any] = {"__tracebackhide__": True}
    exec(compile("def call(inner): inner()", "caller.py", "exec"), hiding)
    with pytest.raises(ZeroDivisionError) as caught:
        hiding["call"](lambda: 1 / 0)
    text = runtime.format_exception(caught.value)
    assert "caller.py" not in text
    assert __file__ in text
    with pytest.raises(TypeError) as caught_alone:
        hiding["call"](None)
    alone = caught_alone.value
    alone.__traceback__ = alone.__traceback__ and alone.__traceback__.tb_next
    assert "caller.py" in runtime.format_exception(alone)


def test_the_text_leaves_the_frames_of_the_bridge_out() -> None:
    text = runtime.format_exception(caught("1 / 0"))
    assert text.startswith("Traceback (most recent call last):\n")
    assert text.endswith("ZeroDivisionError: division by zero\n")
    assert "<amaru>" not in text and "<source" in text


@pytest.mark.parametrize(
    "source",
    [
        "try:\n 1 / 0\nexcept Exception as exc:\n raise KeyError(1) from exc",
        "try:\n 1 / 0\nexcept Exception:\n raise KeyError(1)",
        "try:\n 1 / 0\nexcept Exception as e:\n raise ExceptionGroup('all', [e])",
    ],
)
def test_so_do_causes_contexts_and_members(source: str) -> None:
    inner = caught("1 / 0")
    namespace = {"inner": inner}
    with pytest.raises(Exception) as outer:
        codes = runtime.compile_source(source.replace("1 / 0", "raise inner"), None)
        asyncio.run(runtime.run_async(codes, namespace))
    text = runtime.format_exception(outer.value)
    assert "ZeroDivisionError" in text and "<amaru>" not in text


def test_a_cycle_of_causes_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert "first" in runtime.format_exception(first)


def test_lone_surrogates_are_escaped() -> None:
    assert r"\ud800" in runtime.format_exception(ValueError("\ud800"))


@pytest.mark.parametrize(
    ("name", "cls"),
    [("ValueError", ValueError), ("asyncio.TimeoutError", TimeoutError)],
)
def test_a_class_is_found_by_its_name(name: str, cls: type) -> None:
    assert runtime.find_class(name) is cls


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("int", TypeError),
        ("os.path", TypeError),
        ("NoSuchError", AttributeError),
        ("no_such_module.Error", ModuleNotFoundError),
    ],
)
def test_other_names_are_errors(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        runtime.find_class(name)


def test_an_exception_is_made_from_name_and_arguments() -> None:
    exc = runtime.make_exception("OSError", (2, "gone"))
    assert type(exc) is FileNotFoundError


def test_a_group_of_exceptions_is_an_exception() -> None:
    assert type(runtime.make_group("all", (ValueError(),))) is ExceptionGroup
    assert type(runtime.make_group("all", (KeyboardInterrupt(),))) is BaseExceptionGroup


def test_a_class_has_attributes_and_a_text() -> None:
    cls = make()
    exc = cls(404, "not here")
    assert (exc.code, exc.reason, str(exc)) == (404, "not here", "not here (404)")
    assert (cls.__module__, cls.__qualname__, cls.__doc__) == (
        "app",
        "Refused",
        "A refusal.",
    )
    assert cls.__bases__ == (Exception,)
    assert copy.copy(exc).args == exc.args


def test_the_class_has_its_bases_and_its_arrival() -> None:
    arrival = object()
    cls = make(bases=[LookupError], arrival=arrival)
    assert issubclass(cls, LookupError) and cls.__swift_arrival__ is arrival
    assert not hasattr(make(), "__swift_arrival__")


def test_a_missing_argument_is_named() -> None:
    exc = make()(404)
    with pytest.raises(AttributeError, match="Refused was made without .*'reason'"):
        _ = exc.reason
    assert str(exc) == "404"


def test_a_class_without_a_format_has_the_usual_text() -> None:
    assert str(make(text=None)(1, 2)) == "(1, 2)"


def test_an_attribute_must_be_a_name() -> None:
    with pytest.raises(ValueError, match="'not one' is no name for an attribute"):
        make(attributes=["not one"])
