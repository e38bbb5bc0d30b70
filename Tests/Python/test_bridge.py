# SPDX-License-Identifier: Apache-2.0
"""The bridge says clearly what is missing outside the host."""

from __future__ import annotations

import pytest
from recording_chat import RecordingChat

from amaru import _bridge


def test_plain_cpython_is_not_amaru() -> None:
    assert not _bridge.IN_AMARU


@pytest.mark.parametrize("name", ["http", "chat"])
def test_what_needs_the_host_says_so(name: str) -> None:
    with pytest.raises(RuntimeError, match=f"_amaru_{name}.*amaru run"):
        getattr(_bridge, name)()


def test_a_stand_in_is_found(screen: RecordingChat) -> None:
    assert _bridge.chat() is screen
