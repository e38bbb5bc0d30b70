# SPDX-License-Identifier: Apache-2.0
"""What tests import to make values of any kind."""

from hypothesis import settings
from hypothesis import strategies as st

__all__ = ["any_equal_to_self_strategy", "any_strategy", "std_hypothesis_settings"]

any_equal_to_self_strategy = st.one_of(st.none(), st.integers(), st.text())
any_strategy = st.one_of(any_equal_to_self_strategy, st.floats())
std_hypothesis_settings = settings(settings.default, deadline=2000, max_examples=10)
