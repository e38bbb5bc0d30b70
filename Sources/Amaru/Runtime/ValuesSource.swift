// The Python side of dates, decimals and other values of the standard library.
// SPDX-License-Identifier: Apache-2.0

extension Runtime.Part {
    /// Values of classes of the standard library, whose modules are imported when they are needed.
    ///
    /// A function returns the value, or a str that says why there is no value.
    static let values = Runtime.Part("values") {
        #"""
        def expected(name, value):
            return f"expected {name}, found {type(value).__name__}"


        # Dates

        def datetime_of(microseconds):
            """The moment so many microseconds after the start of 2001."""
            from datetime import datetime, timedelta, timezone
            try:
                start = datetime(2001, 1, 1, tzinfo=timezone.utc)
                return start + timedelta(microseconds=microseconds)
            except OverflowError:
                return "the date is outside the years 1 to 9999, which datetime has"


        def microseconds_of(value):
            from datetime import datetime, timedelta, timezone
            if not isinstance(value, datetime):
                return expected("datetime", value)
            if value.utcoffset() is None:
                return (
                    f"naive datetime {value}: give it a time zone, as"
                    " .replace(tzinfo=timezone.utc) does, or read it as DateComponents")
            start = datetime(2001, 1, 1, tzinfo=timezone.utc)
            return (value - start) // timedelta(microseconds=1)


        def timedelta_of(seconds, microseconds):
            from datetime import timedelta
            try:
                return timedelta(seconds=seconds, microseconds=microseconds)
            except OverflowError:
                return "the duration is longer than 999999999 days, the most of a timedelta"


        def parts_of_timedelta(value):
            from datetime import timedelta
            if not isinstance(value, timedelta):
                return expected("timedelta", value)
            return value.days * 86400 + value.seconds, value.microseconds


        def zone_at(seconds):
            from datetime import timedelta, timezone
            return timezone(timedelta(seconds=seconds)) if seconds else timezone.utc


        def zone_named(name):
            from zoneinfo import ZoneInfo
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                return f"time zone {name} is not known to zoneinfo: install the package tzdata"


        def parts_of_zone(value):
            """The name of a zone, or its distance from UTC in seconds."""
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


        def calendar_value(day, time, zone):
            import datetime
            try:
                if day is None:
                    return datetime.time(*time, tzinfo=zone)
                if time is None:
                    return datetime.date(*day)
                return datetime.datetime(*day, *time, tzinfo=zone)
            except ValueError as exc:
                return str(exc)


        def parts_of_calendar_value(value):
            import datetime
            day = time = zone = None
            if isinstance(value, datetime.date):
                day = value.year, value.month, value.day
            if isinstance(value, (datetime.datetime, datetime.time)):
                if value.fold:
                    return f"{value} is the second one of its name (fold=1), which DateComponents lack"
                time = value.hour, value.minute, value.second, value.microsecond
                zone = value.tzinfo
            if day is None and time is None:
                return expected("datetime, date or time", value)
            return day, time, zone


        # Numbers, identifiers, places

        def decimal_of(text):
            from decimal import Context, Decimal
            return Decimal(text, Context())


        def parts_of_decimal(value):
            from decimal import Decimal
            if not isinstance(value, Decimal):
                return expected("Decimal", value)
            if not value.is_finite():
                return f"Decimal {value} is no number"
            sign, digits, exponent = value.as_tuple()
            return sign == 1, "".join(map(str, digits)), exponent


        def uuid_of(contents):
            from uuid import UUID
            return UUID(bytes=contents)


        def bytes_of_uuid(value):
            from uuid import UUID
            return value.bytes if isinstance(value, UUID) else expected("UUID", value)


        def path_of(text):
            from pathlib import Path
            return Path(text)


        def parts_of_place(value):
            """The text of a URL or of a path, and which of the two it is."""
            from pathlib import PurePath
            if isinstance(value, str):
                return value, False
            if not isinstance(value, PurePath):
                return expected("str or Path", value)
            if not value.is_absolute():
                return f"path {str(value)!r} is relative: resolve() it"
            return str(value), True
        """#
    }
}
