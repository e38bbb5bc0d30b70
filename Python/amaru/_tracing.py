# SPDX-License-Identifier: Apache-2.0
"""Keeps the host's part in a script's imports from those who look at its frames."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Any)

__all__ = ["hidden", "untraced"]


def hidden(function: "F") -> "F":
    """Make a function one of importlib's for those who look at its frames.

    Tools that trace a script do not count it, and as ``_call_with_frames_removed`` it
    is left out of the traceback of an import, with the frames of importlib before it.
    """
    function.__code__ = function.__code__.replace(
        co_filename="<frozen importlib._bootstrap>",
        co_name="_call_with_frames_removed",
    )
    return function


@hidden
def _resume(profile: "Any") -> None:
    """Install again what `sys.getprofile` returned."""
    if profile is None or callable(profile):
        sys.setprofile(profile)
    elif (enable := getattr(profile, "enable", None)) is not None:
        # That of cProfile, which can only enable itself.
        enable()


def untraced(function: "F") -> "F":
    """Keep a function, with all that it calls, from those who trace or profile."""

    @hidden
    def call(*arguments: "Any", **named: "Any") -> "Any":
        trace, profile = sys.gettrace(), sys.getprofile()
        if trace is None and profile is None:
            return function(*arguments, **named)
        sys.settrace(None)
        sys.setprofile(None)
        try:
            return function(*arguments, **named)
        finally:
            _resume(profile)
            sys.settrace(trace)

    return call  # type: ignore[return-value]
