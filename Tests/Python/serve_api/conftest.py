# SPDX-License-Identifier: Apache-2.0
"""A server for the tests of a file, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from openai import AsyncOpenAI, OpenAI
from serving import Serving, obstacle


@pytest.fixture(scope="session")
def served() -> Iterator[Serving]:
    """The script behind ``/v1``."""
    if why := obstacle():
        pytest.skip(why)
    server = Serving()
    yield server
    server.close()


@pytest.fixture
def client(served: Serving) -> Iterator[OpenAI]:
    """The SDK, with its retries."""
    with OpenAI(base_url=served.url, api_key="any") as client:
        yield client


@pytest.fixture
async def asynchronous(served: Serving) -> AsyncIterator[AsyncOpenAI]:
    """The asynchronous SDK."""
    async with AsyncOpenAI(base_url=served.url, api_key="any") as client:
        yield client


@pytest.fixture
def model(client: OpenAI) -> str:
    """The model's name, which clients find by asking."""
    return client.models.list().data[0].id
