# SPDX-License-Identifier: Apache-2.0
"""Headers as scripts give and see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Headers", "pairs"]


class Headers(dict[str, str]):
    """Headers by their names in lower case, which are found in any case.

    What a server sends more than once is joined by commas, in order.
    """

    @classmethod
    def flat(cls, fields: list[bytes]) -> Headers:
        """Return the headers of a list name, value, name, value."""
        decoded = [field.decode("latin-1") for field in fields]
        return cls.joined(zip(decoded[::2], decoded[1::2], strict=True))

    @classmethod
    def joined(cls, fields: Iterable[tuple[str, str]]) -> Headers:
        """Return headers with the values of each name in one."""
        headers = cls()
        for name, value in fields:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return headers

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name.lower() if isinstance(name, str) else name)

    def get(self, name: str, default: Any = None, /) -> Any:
        """Return the value of `name`, whatever its case, or `default`."""
        return super().get(name.lower(), default)


def pairs(given: Any) -> list[tuple[str, str]]:
    """Return headers that a caller gives as a mapping or as pairs; check them."""
    if given is None:
        return []
    fields = given.items() if hasattr(given, "items") else given
    if isinstance(fields, str | bytes) or not isinstance(fields, Iterable):
        raise TypeError(f"headers must be a dict or pairs, not {type(given).__name__}")
    return [_pair(field) for field in fields]


def _pair(field: Any) -> tuple[str, str]:
    if isinstance(field, str | bytes | Mapping) or len(field) != 2:
        raise TypeError(f"headers must be pairs of a name and a value, not {field!r}")
    name, value = (
        part.decode("latin-1") if isinstance(part, bytes) else part for part in field
    )
    if not isinstance(name, str):
        raise TypeError(f"the name of a header must be str, not {type(name).__name__}")
    text = str(value).strip(" \t\r\n")
    if not name or any(c in "\r\n\0 :" for c in name) or not name.isascii():
        raise ValueError(f"{name!r} cannot be the name of a header")
    if any(c in "\r\n\0" for c in text):
        raise ValueError(f"the value of the header {name!r} holds a line end or a NUL")
    if any(c > "\xff" for c in text):
        raise ValueError(f"the value of the header {name!r} is not in Latin-1")
    return name, text
