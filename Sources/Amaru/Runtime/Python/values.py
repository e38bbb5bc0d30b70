# SPDX-License-Identifier: Apache-2.0
"""Values of classes of the standard library, whose modules are imported when needed.

A function returns the value, or a str that says why there is no value.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from decimal import Decimal
    from pathlib import Path
    from uuid import UUID
    from zoneinfo import ZoneInfo

    Day = tuple[int, int, int]
    Time = tuple[int, int, int, int]


def expected(name: str, value: object) -> str:
    """Return why a value of another class is refused."""
    return f"expected {name}, found {type(value).__name__}"


# Dates


def datetime_of(microseconds: int) -> datetime.datetime | str:
    """Return the moment so many microseconds after the start of 2001."""
    from datetime import UTC, datetime, timedelta

    try:
        start = datetime(2001, 1, 1, tzinfo=UTC)
        return start + timedelta(microseconds=microseconds)
    except OverflowError:
        return "the date is outside the years 1 to 9999, which datetime has"


def microseconds_of(value: object) -> int | str:
    """Return how many microseconds after the start of 2001 a datetime is."""
    from datetime import UTC, datetime, timedelta

    if not isinstance(value, datetime):
        return expected("datetime", value)
    if value.utcoffset() is None:
        return (
            f"naive datetime {value}: give it a time zone, as"
            " .replace(tzinfo=timezone.utc) does, or read it as DateComponents"
        )
    start = datetime(2001, 1, 1, tzinfo=UTC)
    return (value - start) // timedelta(microseconds=1)


def timedelta_of(seconds: int, microseconds: int) -> datetime.timedelta | str:
    """Return a duration."""
    from datetime import timedelta

    try:
        return timedelta(seconds=seconds, microseconds=microseconds)
    except OverflowError:
        return "the duration is longer than 999999999 days, the most of a timedelta"


def parts_of_timedelta(value: object) -> tuple[int, int] | str:
    """Return the seconds and microseconds of a duration."""
    from datetime import timedelta

    if not isinstance(value, timedelta):
        return expected("timedelta", value)
    return value.days * 86400 + value.seconds, value.microseconds


def zone_at(seconds: int) -> datetime.timezone:
    """Return the time zone so many seconds from UTC."""
    from datetime import UTC, timedelta, timezone

    return timezone(timedelta(seconds=seconds)) if seconds else UTC


def zone_named(name: str) -> ZoneInfo | str:
    """Return a time zone of the IANA database."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return f"time zone {name} is not known to zoneinfo: install the package tzdata"


def parts_of_zone(value: object) -> tuple[str | None, int] | str:
    """Return the name of a zone, or its distance from UTC in seconds."""
    from datetime import timezone
    from zoneinfo import ZoneInfo

    if isinstance(value, ZoneInfo):
        if value.key is None:
            return "the zone has no key, by which it could be found"
        return value.key, 0
    if not isinstance(value, timezone):
        return expected("timezone or ZoneInfo", value)
    offset = value.utcoffset(None)
    if offset.microseconds:
        return f"time zone {value} is not at whole seconds from UTC"
    return None, offset.days * 86400 + offset.seconds


def calendar_value(
    day: Day | None, time: Time | None, zone: datetime.tzinfo | None
) -> datetime.datetime | datetime.date | datetime.time | str:
    """Return a datetime, or a date or time if the other part is missing."""
    import datetime

    try:
        if day is not None and time is not None:
            return datetime.datetime(*day, *time, tzinfo=zone)
        if day is not None:
            return datetime.date(*day)
        if time is not None:
            return datetime.time(*time, tzinfo=zone)
    except ValueError as exc:
        return str(exc)
    return "there is neither a day nor a time"


def parts_of_calendar_value(
    value: object,
) -> tuple[Day | None, Time | None, datetime.tzinfo | None] | str:
    """Return the day, the time and the zone, as far as the value has them."""
    import datetime

    day = time = zone = None
    if isinstance(value, datetime.date):
        day = value.year, value.month, value.day
    if isinstance(value, (datetime.datetime, datetime.time)):
        if value.fold:
            return (
                f"{value} is the second one of its name (fold=1), which DateComponents"
                " lack"
            )
        time = value.hour, value.minute, value.second, value.microsecond
        zone = value.tzinfo
    if day is None and time is None:
        return expected("datetime, date or time", value)
    return day, time, zone


# Numbers, identifiers, places


def decimal_of(text: str) -> Decimal:
    """Return the number that a text denotes, with all its digits."""
    from decimal import Context, Decimal

    return Decimal(text, Context())


def parts_of_decimal(value: object) -> tuple[bool, str, int] | str:
    """Return whether a number is negative, its digits and its exponent of ten."""
    from decimal import Decimal

    if not isinstance(value, Decimal):
        return expected("Decimal", value)
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):  # A letter, for an infinity or NaN.
        return f"Decimal {value} is no number"
    return sign == 1, "".join(map(str, digits)), exponent


def uuid_of(contents: bytes) -> UUID:
    """Return the UUID of sixteen bytes."""
    from uuid import UUID

    return UUID(bytes=contents)


def bytes_of_uuid(value: object) -> bytes | str:
    """Return the sixteen bytes of a UUID."""
    from uuid import UUID

    return value.bytes if isinstance(value, UUID) else expected("UUID", value)


def path_of(text: str) -> Path:
    """Return the path that a text denotes."""
    from pathlib import Path

    return Path(text)


def parts_of_place(value: object) -> tuple[str, bool] | str:
    """Return the text of a URL or of a path, and whether it is a path."""
    from pathlib import PurePath

    if isinstance(value, str):
        return value, False
    if not isinstance(value, PurePath):
        return expected("str or Path", value)
    if not value.is_absolute():
        return f"path {str(value)!r} is relative: resolve() it"
    return str(value), True
