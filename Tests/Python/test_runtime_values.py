# SPDX-License-Identifier: Apache-2.0
"""Values of classes of the standard library, made and taken apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePath, PureWindowsPath
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from runtime_parts import load, run

runtime = load("values")
START = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("count", [0, 1, -1, 10**15, -(10**15), 999_999])
def test_moments_both_ways(count: int) -> None:
    moment = runtime.datetime_of(count)
    assert moment == START + timedelta(microseconds=count)
    assert runtime.microseconds_of(moment) == count


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    moment = datetime(2001, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert runtime.microseconds_of(moment) == 0


@pytest.mark.parametrize("count", [10**18, -(10**17), 10**30])
def test_a_moment_beyond_the_years_of_datetime_is_refused(count: int) -> None:
    assert "outside the years" in runtime.datetime_of(count)


def test_a_naive_datetime_is_refused_with_a_remedy() -> None:
    reason = runtime.microseconds_of(datetime(2001, 1, 1))
    assert reason.startswith("naive datetime 2001-01-01") and ".replace(" in reason


@pytest.mark.parametrize("parts", [(0, 0), (5, 250), (-1, 1), (10**9, 999_999)])
def test_durations_both_ways(parts: tuple[int, int]) -> None:
    duration = runtime.timedelta_of(*parts)
    assert duration == timedelta(seconds=parts[0], microseconds=parts[1])
    assert runtime.parts_of_timedelta(duration) == parts


def test_a_duration_that_is_too_long_is_refused() -> None:
    assert "longer than" in runtime.timedelta_of(10**18, 0)


@pytest.mark.parametrize("seconds", [3600, -16200, 1])
def test_fixed_zones_both_ways(seconds: int) -> None:
    zone = runtime.zone_at(seconds)
    assert zone == timezone(timedelta(seconds=seconds))
    assert runtime.parts_of_zone(zone) == (None, seconds)


def test_no_distance_is_utc() -> None:
    assert runtime.zone_at(0) is UTC
    assert runtime.parts_of_zone(UTC) == (None, 0)


def test_a_fraction_of_a_second_from_utc_is_refused() -> None:
    zone = timezone(timedelta(microseconds=1))
    assert "not at whole seconds" in runtime.parts_of_zone(zone)


def test_named_zones_both_ways() -> None:
    zone = runtime.zone_named("UTC")
    if isinstance(zone, str):
        pytest.skip(zone)
    assert runtime.parts_of_zone(zone) == ("UTC", 0)


@pytest.mark.parametrize("name", ["No/Such", "../etc/passwd", "", "\0"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    assert "is not known to zoneinfo" in runtime.zone_named(name)


def test_a_zone_without_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = runtime.zone_named("UTC")
    if not isinstance(zone, ZoneInfo):
        pytest.skip("there is no time zone database")

    class Keyless(ZoneInfo):
        key = None  # type: ignore[assignment]

    assert "has no key" in runtime.parts_of_zone(Keyless("UTC"))


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (date(2024, 2, 29), ((2024, 2, 29), None, None)),
        (time(1, 2, 3, 4), (None, (1, 2, 3, 4), None)),
        (time(1, tzinfo=UTC), (None, (1, 0, 0, 0), UTC)),
        (datetime(2024, 2, 29, 1, 2, 3, 4), ((2024, 2, 29), (1, 2, 3, 4), None)),
        (datetime(2024, 1, 1, tzinfo=UTC), ((2024, 1, 1), (0, 0, 0, 0), UTC)),
    ],
)
def test_calendar_values_both_ways(value: object, parts: object) -> None:
    assert runtime.parts_of_calendar_value(value) == parts
    made = runtime.calendar_value(*runtime.parts_of_calendar_value(value))
    assert (type(made), made) == (type(value), value)


@pytest.mark.parametrize(
    ("day", "moment", "reason"),
    [
        ((2023, 2, 29), None, "day"),
        ((2024, 13, 1), (0, 0, 0, 0), "month"),
        (None, (24, 0, 0, 0), "hour"),
        (None, None, "neither a day nor a time"),
    ],
)
def test_what_is_no_day_or_time_is_refused(
    day: object, moment: object, reason: str
) -> None:
    assert reason in runtime.calendar_value(day, moment, None)


def test_the_second_one_of_a_name_is_refused() -> None:
    assert "fold=1" in runtime.parts_of_calendar_value(datetime(2024, 1, 1, fold=1))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0", (False, "0", 0)),
        ("-1.50", (True, "150", -2)),
        ("1E+400", (False, "1", 400)),
        ("1" * 60, (False, "1" * 60, 0)),
    ],
)
def test_decimals_both_ways(text: str, parts: object) -> None:
    number = runtime.decimal_of(text)
    assert str(number) == str(Decimal(text))
    assert runtime.parts_of_decimal(number) == parts


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_refused(text: str) -> None:
    assert "is no number" in runtime.parts_of_decimal(Decimal(text))


def test_uuids_both_ways() -> None:
    value = UUID("12345678-1234-5678-1234-567812345678")
    assert runtime.uuid_of(runtime.bytes_of_uuid(value)) == value
    with pytest.raises(ValueError):
        runtime.uuid_of(b"short")


def test_places_both_ways() -> None:
    assert runtime.path_of("/tmp/a") == Path("/tmp/a")
    assert runtime.parts_of_place(Path("/tmp/a")) == ("/tmp/a", True)
    assert runtime.parts_of_place("https://a/b") == ("https://a/b", False)
    assert runtime.parts_of_place(PureWindowsPath("C:/a")) == ("C:\\a", True)


def test_a_relative_path_is_refused() -> None:
    assert "is relative" in runtime.parts_of_place(PurePath("a"))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("microseconds_of", "datetime"),
        ("parts_of_timedelta", "timedelta"),
        ("parts_of_zone", "timezone or ZoneInfo"),
        ("parts_of_calendar_value", "datetime, date or time"),
        ("parts_of_decimal", "Decimal"),
        ("bytes_of_uuid", "UUID"),
        ("parts_of_place", "str or Path"),
    ],
)
@pytest.mark.parametrize("value", [None, 1, b"", object()])
def test_values_of_other_classes_are_refused(
    function: str, name: str, value: object
) -> None:
    kind = type(value).__name__
    assert getattr(runtime, function)(value) == f"expected {name}, found {kind}"


def test_a_module_is_imported_when_it_is_needed() -> None:
    modules = "{'datetime', 'zoneinfo', 'decimal', 'uuid'}"
    done = run(
        f"""
        assert not {modules} & set(sys.modules)
        runtime.decimal_of("1")
        assert {modules} & set(sys.modules) <= {{"decimal"}}
        """,
        "values",
    )
    assert done.returncode == 0, done.stderr
