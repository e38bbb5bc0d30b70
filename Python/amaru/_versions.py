# SPDX-License-Identifier: Apache-2.0
"""Versions of packages and of Python, compared as PEP 440 says.

https://packaging.python.org/en/latest/specifications/version-specifiers/
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

__all__ = ["Version", "fits", "parsed"]

VERSION = re.compile(
    r"""\s* v? (?: (?P<epoch>\d+) ! )? (?P<release> \d+ (?:\.\d+)* )
    (?: [-_.]? (?P<stage> alpha | beta | preview | pre | a | b | c | rc )
        [-_.]? (?P<pre>\d*) )?
    (?P<after> -\d+ | [-_.]? (?: post | rev | r ) [-_.]? \d* )?
    (?P<unfinished> [-_.]? dev [-_.]? \d* )?
    (?: \+ (?P<local> [a-z0-9]+ (?: [-_.] [a-z0-9]+ )* ) )? \s*""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
CLAUSE = re.compile(r"\s*(~=|===|==|!=|<=|>=|<|>)\s*([^\s,;()]+?)(\.\*)?\s*")
STAGES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Version(NamedTuple):
    """A version; of two the later one is the greater tuple."""

    epoch: int
    release: tuple[int, ...]
    #: (0,) before all prereleases, (1, stage, number), or (2,).
    pre: tuple[Any, ...]
    post: int
    #: Whether it is no development release, and which it is.
    dev: tuple[bool, int]
    local: tuple[tuple[bool, int, str], ...]

    @property
    def is_prerelease(self) -> bool:
        """Whether a release of the same number comes after it."""
        return self.pre != (2,) or not self.dev[0]

    def begins(self, release: tuple[int, ...]) -> tuple[int, ...]:
        """Return as many numbers of the release as `release` has."""
        zeros = (0,) * (len(release) - len(self.release))
        return (self.release + zeros)[: len(release)]


def parsed(text: str) -> tuple[Version, tuple[int, ...]]:
    """Return a version, and the numbers of its release as they are written."""
    match = VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a version")
    written = tuple(map(int, match["release"].split(".")))
    after, unfinished = match["after"], match["unfinished"]
    stage = (match["stage"] or "").lower()
    pre: tuple[Any, ...] = (2,)
    if stage:
        pre = (1, STAGES.get(stage, stage), int(match["pre"] or 0))
    elif unfinished and not after:
        pre = (0,)
    parts = re.split(r"[-_.]", (match["local"] or "").lower())
    version = Version(
        int(match["epoch"] or 0),
        # Zeros at the end mean nothing.
        tuple(map(int, re.sub(r"(\.0+)+$", "", match["release"]).split("."))),
        pre,
        number(after) if after else -1,
        (not unfinished, number(unfinished)),
        tuple((p.isdigit(), int(p) if p.isdigit() else 0, p) for p in parts if p),
    )
    return version, written


def number(text: str | None) -> int:
    """Return the number at the end of a part; 0 without one."""
    return int(re.sub(r"\D", "", text or "") or 0)


def fits(version: str, specifier: str) -> bool:
    """Return whether a version is one of those that a list of clauses means.

    Prereleases are, as what is installed already. ValueError says that one of the two
    is invalid.
    """
    return all(
        [fits_clause(version, one) for one in specifier.split(",") if one.strip()]
    )


def fits_clause(version: str, clause: str) -> bool:
    """Do `fits` for one clause, such as ``>=1.2``."""
    match = CLAUSE.fullmatch(clause)
    if match is None:
        raise ValueError(f"{clause.strip()!r} is not a list of versions")
    sign, text, star = match.groups()
    if sign == "===":
        return version.strip().lower() == (text + (star or "")).lower()
    (have, _), (want, written) = parsed(version), parsed(text)
    if (
        (star and (sign not in ("==", "!=") or want[2:] != ((2,), -1, (True, 0), ())))
        or (want.local and sign not in ("==", "!="))
        or (sign == "~=" and len(written) < 2)
    ):
        raise ValueError(f"{clause.strip()!r} is not a list of versions")
    if star:
        starts = have.epoch == want.epoch and have.begins(written) == written
        return starts is (sign == "==")
    public = have._replace(local=())
    match sign:
        case "==":
            return (have if want.local else public) == want
        case "!=":
            return (have if want.local else public) != want
        case "<=":
            return public <= want
        case ">=":
            return public >= want
        case "<":
            # A prerelease of 2 does not come before 2 here.
            post = have.post if have.pre == (2,) else -1
            finished = have._replace(pre=(2,), post=post, dev=(True, 0), local=())
            return have < want and not (have.is_prerelease and finished == want)
        case ">":
            # Neither is 2.post1, nor 2+local, one of those after 2.
            is_post = have.post >= 0 > want.post
            first = public._replace(post=-1, dev=(True, 0)) if is_post else public
            return have > want and first != want
    up_to = written[:-1]
    return public >= want and have.epoch == want.epoch and have.begins(up_to) == up_to
