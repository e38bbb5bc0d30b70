# SPDX-License-Identifier: Apache-2.0
"""A script as a model of the openai SDK: what clients rely on, line by line."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from serve_api.blocking import Blocking, loop
from serving import Serving, eventually, obstacle

names = count()


def asked(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def stream(client: OpenAI, model: str, text: str, **more: Any) -> Any:
    return client.chat.completions.create(
        model=model, messages=asked(text), stream=True, **more
    )


def complete(client: OpenAI, model: str, text: str, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=asked(text), **more)


def said(chunks: Any) -> str:
    return "".join(
        choice.delta.content or "" for chunk in chunks for choice in chunk.choices
    )


def test_models_are_listed_and_found(client: OpenAI, model: str) -> None:
    found = client.models.retrieve(model)
    assert (found.id, found.object) == (model, "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no/such model")


def test_an_answer_is_whole(client: OpenAI, model: str) -> None:
    answer = complete(client, model, "say hello")
    (choice,) = answer.choices
    assert choice.message.content == "hello"
    assert (choice.finish_reason, answer.model) == ("stop", model)
    # Clients read integers without asking whether they are there; nothing was counted.
    assert answer.usage.model_dump()["total_tokens"] == 0
    counted = complete(client, model, "usage")
    assert (counted.usage.prompt_tokens, counted.usage.completion_tokens) == (3, 4)


def test_deltas_come_before_the_script_ends(
    client: OpenAI, model: str, served: Serving
) -> None:
    name = f"go{next(names)}"
    chunks = stream(client, model, f"wait {name}")
    seen = ""
    while not seen:
        seen += said([next(chunks)])
    assert seen == "first "
    served.touch(name)
    assert said(chunks) == "second"


@pytest.mark.parametrize("wanted", [True, False, None])
def test_tokens_are_counted_for_those_who_ask(
    client: OpenAI, model: str, wanted: bool | None
) -> None:
    more = {} if wanted is None else {"stream_options": {"include_usage": wanted}}
    chunks = list(stream(client, model, "usage", **more))
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    if wanted:
        assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 7
    else:
        assert chunks[-1].usage is None


def test_nothing_is_said_of_tokens_that_nobody_has_counted(
    client: OpenAI, model: str
) -> None:
    more = {"stream_options": {"include_usage": True}}
    chunks = list(stream(client, model, "say hello", **more))
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)
    assert all(chunk.choices for chunk in chunks)


def test_the_role_comes_first_and_the_reason_last(client: OpenAI, model: str) -> None:
    chunks = list(stream(client, model, "say hello"))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert [delta.role for delta in deltas] == ["assistant", None, None]
    assert [delta.content for delta in deltas] == ["", "hello", None]
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons == [None, None, "stop"]


def test_chunks_have_one_name_and_one_time(client: OpenAI, model: str) -> None:
    chunks = list(stream(client, model, "say hello"))
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    others = list(stream(client, model, "say hello"))
    assert others[0].id != chunks[0].id


@pytest.mark.parametrize("streams", [True, False])
def test_two_tools_are_called_and_their_results_arrive(
    client: OpenAI, model: str, streams: bool
) -> None:
    calls: dict[int, dict[str, str]] = {}
    if streams:
        for chunk in stream(client, model, "tools"):
            for part in chunk.choices[0].delta.tool_calls or ():
                call = calls.setdefault(part.index, {"id": "", "arguments": ""})
                call["id"] += part.id or ""
                call["arguments"] += part.function.arguments or ""
        assert chunk.choices[0].finish_reason == "tool_calls"
    else:
        answer = complete(client, model, "tools")
        assert answer.choices[0].finish_reason == "tool_calls"
        assert answer.choices[0].message.content is None
        for index, one in enumerate(answer.choices[0].message.tool_calls):
            calls[index] = {"id": one.id, "arguments": one.function.arguments}
    cities = [json.loads(call["arguments"])["city"] for call in calls.values()]
    assert cities == ["Cusco", "Puno"]
    assert len({call["id"] for call in calls.values()}) == 2
    messages: list[Any] = asked("tools")
    function = {"name": "weather", "arguments": "{}"}
    asking = [
        {"id": c["id"], "type": "function", "function": function}
        for c in calls.values()
    ]
    messages.append({"role": "assistant", "content": None, "tool_calls": asking})
    for call, weather in zip(calls.values(), ("sun", "rain"), strict=True):
        messages.append(
            {"role": "tool", "tool_call_id": call["id"], "content": weather}
        )
    last = client.chat.completions.create(model=model, messages=messages)
    assert last.choices[0].message.content == "sun and rain"


def test_content_may_come_in_parts(client: OpenAI, model: str) -> None:
    parts: Any = [{"type": "text", "text": "say "}, {"type": "text", "text": "both"}]
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": parts}]
    )
    assert answer.choices[0].message.content == "both"


@pytest.mark.parametrize("stop", ["STOP", ["never", "STOP"]])
def test_a_stop_sequence_ends_the_answer_across_chunks(
    client: OpenAI, model: str, stop: Any
) -> None:
    assert said(stream(client, model, "stop", stop=stop)) == "one "
    answer = complete(client, model, "stop", stop=stop)
    assert answer.choices[0].message.content == "one "
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_an_answer_that_is_cut_says_so(client: OpenAI, model: str, name: str) -> None:
    # What a token is, the script knows: here, a word.
    text = "limited one two three"
    for limit, wanted, reason in (
        (2, "one two ", "length"),
        (9, "one two three ", "stop"),
    ):
        answer = complete(client, model, text, **{name: limit})
        assert answer.choices[0].message.content == wanted
        assert answer.choices[0].finish_reason == reason
        chunks = list(stream(client, model, text, **{name: limit}))
        assert said(chunks) == wanted
        assert chunks[-1].choices[0].finish_reason == reason


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"temperature": "hot"}, "temperature"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(
    client: OpenAI, model: str, more: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        complete(client, model, "say hello", **more)
    assert caught.value.param == param


def test_no_other_model_answers_in_place_of_an_unknown_one(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        complete(client, "other", "say hello")
    assert caught.value.code == "model_not_found"


def test_a_wrong_key_is_refused() -> None:
    if why := obstacle():
        pytest.skip(why)
    token = "a-token-that-is-long-enough-for-a-test-0123456789"
    server = Serving(AMARU_SERVE_TOKEN=token)
    try:
        with OpenAI(base_url=server.url, api_key="wrong") as client:
            with pytest.raises(openai.AuthenticationError):
                client.models.list()
        with OpenAI(base_url=server.url, api_key=token) as client:
            assert client.models.list().data
    finally:
        server.close()


def test_a_script_that_raises_runs_once(
    client: OpenAI, model: str, served: Serving
) -> None:
    for streams in (True, False):
        before = served.runs("raise")
        with pytest.raises(openai.InternalServerError) as caught:
            complete(client, model, "raise", stream=streams)
        assert served.runs("raise") == before + 1
        assert "ValueError: no such thing" in caught.value.message
        for trace in ("Traceback", ".py", "line "):
            assert trace not in caught.value.response.text


def test_an_answer_has_a_thousand_pictures_at_most(client: OpenAI, model: str) -> None:
    message = complete(client, model, "pictures 1000").choices[0].message
    assert len(message.images) == 1000
    assert message.content.split("\n\n") == ["[`a'*b*`, 0 bytes]"] * 1000
    with pytest.raises(openai.APIError, match="may have 1000 files; send fewer"):
        complete(client, model, "pictures 300000")
    chunks = stream(client, model, "pictures 300000")
    with pytest.raises(openai.APIError, match="may have 1000 files; send fewer"):
        said(chunks)


def test_a_script_that_says_when_to_ask_again_is_asked(
    client: OpenAI, model: str, served: Serving
) -> None:
    before = served.runs("later")
    with pytest.raises(openai.RateLimitError) as caught:
        complete(client.with_options(max_retries=1), model, "later 0.1")
    assert caught.value.response.headers["retry-after"] == "1"
    assert served.runs("later") == before + 2
    # The SDK waits for no more than two minutes.
    with pytest.raises(openai.RateLimitError):
        complete(client, model, "later 121")
    assert served.runs("later") == before + 3


def test_what_is_not_supported_is_asked_for_once(client: OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        client.embeddings.create(model="m", input="x")
    assert caught.value.status_code == 501
    assert caught.value.request.headers["x-stainless-retry-count"] == "0"


def test_a_script_that_raises_in_the_middle_is_seen(client: OpenAI, model: str) -> None:
    text = ""
    with pytest.raises(openai.APIError, match="broke off"):
        for chunk in stream(client, model, "partial"):
            text += said([chunk])
    assert text == "partial"


@pytest.mark.timeout(300)
@pytest.mark.skipif(
    "AMARU_SLOW_TESTS" not in os.environ, reason="it takes 70 s: set AMARU_SLOW_TESTS"
)
def test_a_long_silence_is_survived(model: str, served: Serving) -> None:
    name = f"go{next(names)}"
    place: Any = {"base_url": served.url, "api_key": "any"}
    # Both forms of the SDK at once, which takes the time of one.
    with loop() as run, OpenAI(**place) as client:
        with Blocking(AsyncOpenAI(**place), run) as other:
            begin, both = time.monotonic(), (client, other)
            ask = partial(stream, model=model, text=f"silent {name}")
            # A stream is there with its first sign of life.
            with ThreadPoolExecutor() as pool:
                streams = list(pool.map(ask, both))
            time.sleep(begin + 70 - time.monotonic())
            served.touch(name)
            assert [said(chunks) for chunks in streams] == ["late", "late"]


def test_a_client_that_leaves_stops_the_script(
    client: OpenAI, model: str, served: Serving
) -> None:
    for _ in range(20):
        name = f"stopped{next(names)}"
        with stream(client, model, f"forever {name}") as chunks:
            while not said([next(chunks)]):
                pass
        eventually((served.folder / name).exists, within=10)
    assert complete(client, model, "say still here").choices[0].message.content


def test_characters_are_whole_however_they_are_written(
    client: OpenAI, model: str
) -> None:
    assert said(stream(client, model, "emoji")) == "👩\u200d👩\u200d👧 ok"


def test_a_long_delta_is_whole(client: OpenAI, model: str) -> None:
    assert said(stream(client, model, "big")) == "x" * 100_000


def test_thoughts_are_no_content(client: OpenAI, model: str) -> None:
    deltas = [c.choices[0].delta for c in stream(client, model, "think")]
    thoughts = [d.model_extra.get("reasoning_content", "") for d in deltas]
    assert "".join(thoughts) == "hm"
    assert "".join(d.content or "" for d in deltas) == "so"


def test_the_script_sees_the_whole_request(client: OpenAI, model: str) -> None:
    before: list[Any] = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "first"},
    ]
    answer = client.chat.completions.create(
        model=model,
        messages=[*before, *asked("see")],
        temperature=0.5,
        user="somebody",
        extra_body={"own": {"b": 1, "a": 2}},
    )
    seen = json.loads(answer.choices[0].message.content or "")
    assert seen["messages"] == [*before, *asked("see")]
    assert seen["history"] == before
    assert list(seen["options"].pop("own")) == ["b", "a"]
    assert seen["options"] == {"temperature": 0.5, "user": "somebody"}
