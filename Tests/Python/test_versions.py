# SPDX-License-Identifier: Apache-2.0
"""Versions are compared as PEP 440 says, by scripts' requirements and by micropip."""

from __future__ import annotations

import pytest

from amaru._versions import fits, parsed

ORDERED = """
    0.1.dev2 1.dev1 1a1.dev2 1a1 1a1.post1 1b1 1rc1 1 1+a 1+2 1.post1.dev1 1.post1
    1.0.1 1.1 1.2 1.10 2024.1 1!0.1
""".split()


def test_versions_have_an_order() -> None:
    keys = [parsed(text)[0] for text in ORDERED]
    assert keys == sorted(keys) and len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "spellings",
    [
        ("1", "1.0", "1.0.0", "v1", " 1 "),
        ("1a1", "1.0alpha1", "1.0-A.1", "1_a_1"),
        ("1rc2", "1c2", "1.pre2", "1-preview-2"),
        ("1.post3", "1-3", "1.rev3", "1r3"),
        ("1.dev0", "1dev", "1_DEV_0"),
        ("1+a.2", "1+A_2", "1+a-2"),
        ("0!1", "1"),
    ],
)
def test_a_version_has_several_spellings(spellings: tuple[str, ...]) -> None:
    assert len({parsed(text)[0] for text in spellings}) == 1


@pytest.mark.parametrize(
    ("specifier", "fit", "unfit"),
    [
        ("", "0 1rc1", ""),
        ("==1.1", "1.1 1.1.0 1.1+local", "1.1.1 1.1rc1 1.1.post1"),
        ("==1.1+local", "1.1+local", "1.1 1.1+other"),
        ("==1.1.*", "1.1 1.1.5 1.1a1 1.1.post1", "1.10 1 1!1.1"),
        ("!=1.1", "1.1rc1 1.2", "1.1 1.1.0 1.1+local"),
        ("!=1.1.*", "1.2 1", "1.1.3 1.1rc1"),
        ("===1.0", "1.0", "1 1.0.0"),
        (">=1.1", "1.1 1.2a1 1.1.post1 1.1+x", "1.1rc1 1.1.dev1 1.0.9"),
        ("<=1.1", "1.1 1.1+x 1.1rc1", "1.1.post1 1.1.1"),
        (">1.1", "1.1.1 1.2rc1 2", "1.1 1.1.post1 1.1+x 1.1rc1"),
        (">1.1.post1", "1.1.post2 1.2", "1.1.post1 1.1"),
        (">1.1a1", "1.1 1.1b1 1.1.post1", "1.1a1 1.1a1.post1"),
        ("<1.1", "1.0.9 1.0.post1", "1.1 1.1rc1 1.1.dev1 1.1a1.post1"),
        ("<1.1rc1", "1.1b1 1.1.dev1", "1.1rc1 1.1"),
        ("~=1.4.2", "1.4.2 1.4.9 1.4.10rc1", "1.5 1.4.1 1.4.2rc1"),
        ("~=2.2", "2.2 2.10", "3 2.1 3.0a1"),
        ("~=2.2.post3", "2.2.post3 2.3", "2.2 3"),
        ("~=2.0", "2.0 2.9", "3 1.9"),
        (">=1, <2 , !=1.5.*", "1 1.6", "1.5.1 2 2rc1 0.9"),
        (">= 1.0 ,", "1", "0"),
    ],
)
def test_clauses_choose_versions(specifier: str, fit: str, unfit: str) -> None:
    assert [one for one in fit.split() if not fits(one, specifier)] == []
    assert [one for one in unfit.split() if fits(one, specifier)] == []


@pytest.mark.parametrize(
    "specifier",
    ["1.0", ">=", "=1", ">=x", ">=1.*", "~=1", "~=1.0.*", ">=1+x", "==1rc1.*", "<1 2"],
)
def test_what_is_no_clause_is_refused(specifier: str) -> None:
    with pytest.raises(ValueError, match="is not a list of versions|is not a version"):
        fits("1", specifier)


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match="'one' is not a version"):
        fits("one", ">=1")
