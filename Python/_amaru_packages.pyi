# Made from the module's description in Swift.
"""The host's installer."""

import asyncio
import typing

base: typing.Final[str]

def find(change: typing.Any) -> str | None:
    """The environment that a change leads to, if it was made before."""

def make(change: typing.Any) -> asyncio.Future[typing.Any]:
    """Makes the environment that a change leads to."""

def make_blocking(change: typing.Any) -> typing.Any:
    """Does what make does, for code that cannot await."""
