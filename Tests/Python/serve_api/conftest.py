# SPDX-License-Identifier: Apache-2.0
"""A server for the tests of a file, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from openai import AsyncOpenAI, OpenAI
from serve_api.blocking import Blocking, loop
from serving import Serving, obstacle


@pytest.fixture(scope="session")
def served() -> Iterator[Serving]:
    """The script behind ``/v1``."""
    if why := obstacle():
        pytest.skip(why)
    server = Serving()
    yield server
    server.close()


@pytest.fixture(params=["sync", "async"])
def client(served: Serving, request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    """The SDK, with its retries, in both of its forms."""
    place: Any = {"base_url": served.url, "api_key": "any"}
    if request.param == "sync":
        with OpenAI(**place) as client:
            yield client
    else:
        with loop() as run:
            with Blocking(AsyncOpenAI(**place), run) as blocking:
                yield cast(OpenAI, blocking)


@pytest.fixture(scope="session")
def model(served: Serving) -> str:
    """The model's name, which clients find by asking."""
    with OpenAI(base_url=served.url, api_key="any") as client:
        return client.models.list().data[0].id
