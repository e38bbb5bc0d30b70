# SPDX-License-Identifier: Apache-2.0
"""The built-in chat, and a script of the tutorial's kind, as models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from scripted_server import Peer, Server, whole
from serving import Serving, obstacle

TUTORIAL = """
import asyncio
import js_module

queue = asyncio.Queue()

def sender_message_proxy(api_key, message):
    queue.put_nowait(message)

async def main():
    while True:
        message = await queue.get()
        await js_module.displayResponse(f"You said: {message}")
"""


@pytest.fixture(autouse=True)
def built() -> None:
    if why := obstacle():
        pytest.skip(why)


def ask(server: Serving, messages: list[Any], **more: Any) -> Any:
    with OpenAI(base_url=server.url, api_key="any", max_retries=0) as client:
        model = client.models.list().data[0].id
        answer = client.chat.completions.create(model=model, messages=messages, **more)
        return (
            "".join(
                chunk.choices[0].delta.content or ""
                for chunk in answer
                if chunk.choices
            )
            if more.get("stream")
            else answer
        )


def test_the_built_in_chat_sends_a_request_on(serve: Callable[..., Server]) -> None:
    def cut(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("Hel")
        peer.delta("lo", "length", usage={"prompt_tokens": 5, "completion_tokens": 2})
        peer.event("[DONE]")
        peer.end()

    upstream = serve(cut, lambda peer: peer.stream("again"))
    server = Serving(
        "--base-url",
        f"{upstream.origin}/v1",
        "--model",
        "small",
        "--no-key",
        script=None,
    )
    try:
        messages = [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "first"},
            {"role": "user", "content": [{"type": "text", "text": "two"}]},
        ]
        answer = ask(server, messages, temperature=0.5, max_tokens=9, stop=["never"])
        assert answer.model == "small"
        assert answer.choices[0].message.content == "Hello"
        assert answer.choices[0].finish_reason == "length"
        sent = upstream.received[0].json()
        assert sent["messages"] == messages
        assert (sent["temperature"], sent["max_tokens"]) == (0.5, 9)
        assert ask(server, messages[-1:], stream=True) == "again"
        assert upstream.received[1].json()["messages"] == messages[-1:]
    finally:
        server.close()


@pytest.mark.parametrize(("line", "status"), [("429 Slow", 429), ("503 Busy", 503)])
def test_the_sdk_asks_again_when_the_model_s_server_allows_it(
    serve: Callable[..., Server], line: str, status: int
) -> None:
    def busy(peer: Peer) -> None:
        peer.reply(line, "{}", Retry_After_Ms="100")

    answers: list[Any] = []
    http = openai.DefaultHttpxClient(event_hooks={"response": [answers.append]})
    # The chat itself asks three times for each request.
    upstream = serve(*[busy] * 3, whole("fine"), *[busy] * 6)
    server = Serving(
        "--base-url",
        f"{upstream.origin}/v1",
        "--model",
        "small",
        "--no-key",
        script=None,
    )
    asked: Any = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
    try:
        with OpenAI(
            base_url=server.url, api_key="any", max_retries=1, http_client=http
        ) as client:
            # One that fails again for the same key would not be asked.
            key = {"Idempotency-Key": "k"}
            answer = client.chat.completions.create(**asked, extra_headers=key)
            assert answer.choices[0].message.content == "fine"
            assert [answer.status_code for answer in answers] == [status, 200]
            answers.clear()
            with pytest.raises(openai.APIStatusError) as caught:
                client.chat.completions.create(**asked, stream=True)
    finally:
        server.close()
    assert caught.value.status_code == status
    assert [answer.status_code for answer in answers] == [status] * 2
    for answer in answers:
        assert answer.headers["retry-after"] == "1"
        assert "x-should-retry" not in answer.headers


def test_a_server_that_refuses_has_a_status_of_its_own(
    serve: Callable[..., Server],
) -> None:
    upstream = serve(lambda peer: peer.reply("401 Unauthorized", "{}"))
    server = Serving(
        "--base-url",
        f"{upstream.origin}/v1",
        "--model",
        "small",
        "--no-key",
        script=None,
    )
    try:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(server, [{"role": "user", "content": "hi"}])
        assert caught.value.status_code == 502
        assert caught.value.code == "authentication"
    finally:
        server.close()


def test_a_script_of_the_tutorials_kind_answers(tmp_path: Path) -> None:
    script = tmp_path / "tutorial.py"
    script.write_text(TUTORIAL)
    server = Serving(script=script, OPENAI_API_KEY="placeholder")
    try:
        question = [{"role": "user", "content": "hi"}]
        answer = ask(server, question)
        assert answer.model == "tutorial"
        assert answer.choices[0].message.content == "You said: hi"
        assert ask(server, question, stream=True) == "You said: hi"
        with pytest.raises(openai.BadRequestError) as caught:
            ask(server, question, response_format={"type": "json_object"})
        assert caught.value.param == "response_format"
    finally:
        server.close()


def test_a_script_that_does_not_start_is_said_to(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("import amaru\n1 / 0\n")
    server = Serving(script=script)
    try:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(server, [{"role": "user", "content": "hi"}])
        assert caught.value.status_code == 503
        assert "ZeroDivisionError" in caught.value.message
        assert str(tmp_path) not in caught.value.response.text
    finally:
        server.close()
