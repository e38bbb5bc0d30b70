# SPDX-License-Identifier: Apache-2.0
"""The newer API, as far as it is there."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import OpenAI


def test_a_response_is_whole(client: OpenAI, model: str) -> None:
    response = client.responses.create(model=model, input="say hello")
    assert (response.output_text, response.status) == ("hello", "completed")
    # The script has counted nothing.
    assert response.usage is None
    counted = client.responses.create(model=model, input="usage").usage
    assert counted is not None and counted.total_tokens == 7


def test_a_response_streams(client: OpenAI, model: str) -> None:
    with client.responses.stream(model=model, input="think") as events:
        kinds = [event.type for event in events]
        response = events.get_final_response()
    assert response.output_text == "so"
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"


def test_a_tool_is_called_and_its_result_arrives(client: OpenAI, model: str) -> None:
    response = client.responses.create(model=model, input="tools")
    calls = [item for item in response.output if item.type == "function_call"]
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Cusco", "Puno"]
    items: list[Any] = [{"role": "user", "content": "tools"}]
    for call in calls:
        items.append(call.model_dump(exclude_none=True))
    for call in calls:
        output = {"type": "function_call_output", "call_id": call.call_id}
        items.append(output | {"output": "sun"})
    last = client.responses.create(model=model, input=items)
    assert last.output_text == "sun and sun"


def test_what_is_stored_nowhere_is_refused(client: OpenAI, model: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=model, input="say x", previous_response_id="resp")
    assert caught.value.param == "previous_response_id"


def test_a_script_that_raises_fails_the_response(client: OpenAI, model: str) -> None:
    with pytest.raises(openai.InternalServerError):
        client.responses.create(model=model, input="raise")
    events = client.responses.create(model=model, input="partial", stream=True)
    *_, last = events
    assert last.type == "response.failed"
