# SPDX-License-Identifier: Apache-2.0
"""What a request holds beside the messages: options, header fields, files, a schema."""

from __future__ import annotations

import base64
import json
from types import ModuleType
from typing import Any

import pytest
from recording_chat import ChatSettings, RecordingChat
from scripted_server import Peer, Serve, whole

from amaru import Attachment, host
from amaru.chat import Conversation

pytestmark = pytest.mark.usefixtures("core")


def conversation(origin: str, **options: Any) -> Conversation:
    settings: Any = ChatSettings("small", f"{origin}/v1", **options)
    return Conversation(settings)


async def test_options_are_fields_of_the_request(
    screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("fine"))
    chat = conversation(server.origin, options={"temperature": 0.2, "new_one": [1]})
    await chat.send(screen.turn(), "hi")
    request = server.received[0].json()
    assert (request["temperature"], request["new_one"]) == (0.2, [1])
    assert request["messages"] == [{"role": "user", "content": "hi"}]


def test_settings_are_json_on_the_way_to_the_script(screen: RecordingChat) -> None:
    screen.given = {
        "model": "m",
        "base_url": "",
        "options": {"stop": '["a"]', "user": '"x"'},
        "schema": '{"type": "object", "b": 1, "a": 2}',
    }
    settings = host.settings()
    assert settings.options == {"stop": ["a"], "user": "x"}
    assert list(settings.schema) == ["type", "b", "a"]
    screen.given = {"model": "m", "base_url": "", "options": {}, "schema": ""}
    assert host.settings().schema is None


async def test_header_fields_take_the_place_of_ours(
    screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("fine"))
    headers = {"X-Team": "andes", "user-agent": "mine", "AUTHORIZATION": "Custom 1"}
    chat = conversation(server.origin, api_key="placeholder-1", headers=headers)
    await chat.send(screen.turn(), "hi")
    sent = server.received[0].headers
    assert sent["x-team"] == "andes"
    assert (sent["user-agent"], sent["authorization"]) == ("mine", "Custom 1")


async def test_header_fields_are_not_sent_elsewhere(
    screen: RecordingChat, serve: Serve
) -> None:
    other = serve(whole("fine"))
    target = f"{other.origin.replace('127.0.0.1', 'localhost')}/x"
    server = serve(lambda peer: peer.reply("307 Moved", "", Location=target))
    chat = conversation(server.origin, headers={"X-Secret": "s"})
    await chat.send(screen.turn(), "hi")
    assert "x-secret" in server.received[0].headers
    assert "x-secret" not in other.received[0].headers


REFUSALS = [
    ("temperature", {"param": "temperature", "message": "Unsupported value"}),
    ("reasoning_effort", {"message": "Unrecognized argument: reasoning_effort"}),
    ("n", {"message": "'n' must be 1"}),
]


@pytest.mark.parametrize(("option", "error"), REFUSALS)
async def test_a_server_that_refuses_an_option_is_reported_with_its_name(
    screen: RecordingChat, serve: Serve, option: str, error: dict[str, str]
) -> None:
    body = json.dumps({"error": error})
    server = serve(lambda peer: peer.reply("400 Bad", body))
    await conversation(server.origin, options={option: 1, "user": "a"}).send(
        screen.turn(), "hi"
    )
    code, message, remedy = screen.failure
    assert code == "bad_request"
    assert message.startswith(f"{server.origin} refused the option {option} (400): ")
    assert remedy == "check its name and its value, or leave it out"


async def test_a_short_option_is_not_seen_in_any_sentence(
    screen: RecordingChat, serve: Serve
) -> None:
    body = '{"error": {"message": "n tokens are too many"}}'
    server = serve(lambda peer: peer.reply("400 Bad", body))
    await conversation(server.origin, options={"n": 1}).send(screen.turn(), "hi")
    assert "option" not in screen.failure[1]


async def test_an_answer_may_be_asked_for_as_a_whole(
    screen: RecordingChat, serve: Serve
) -> None:
    message = {"message": {"content": "whole"}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    body = json.dumps({"choices": [message], "usage": usage})
    server = serve(lambda p: p.reply("200 OK", body, Content_Type="application/json"))
    await conversation(server.origin, streams=False).send(screen.turn(), "hi")
    request = server.received[0].json()
    assert request["stream"] is False
    assert "stream_options" not in request
    assert screen.of("text") == [(1, "whole")]
    assert screen.of("usage") == [(1, 3, 4)]


async def test_a_dry_run_shows_the_request_and_sends_nothing(
    screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("fine"))
    chat = conversation(
        server.origin,
        api_key="placeholder-1",
        headers={"X-Api-Key": "secret", "X-Team": "andes"},
        options={"user": "placeholder-1"},
        dry_run=True,
    )
    await chat.send(screen.turn(), "héllo")
    head, _, body = screen.shown(1).partition("\n\n")
    lines = head.splitlines()
    assert lines[0] == f"POST {server.origin}/v1/chat/completions"
    assert "Authorization: Bearer ***" in lines
    assert "X-Api-Key: ***" in lines and "X-Team: andes" in lines
    assert (
        f"Content-Length: {len(body.replace('***', 'placeholder-1').encode())}" in lines
    )
    assert json.loads(body)["messages"] == [{"role": "user", "content": "héllo"}]
    assert not server.received
    assert screen.of("finished") == [(1, "stop")]


# Attachments.


async def said_with(
    screen: RecordingChat, serve: Serve, *files: Attachment
) -> list[Any]:
    server = serve(whole("fine"), whole("again"))
    chat = conversation(server.origin)
    turn = screen.turn()
    turn.attachments = list(files)
    await chat.send(turn, "what is this?")
    if server.received:
        await chat.send(screen.turn(2), "and now?")
        # It is part of the history.
        first = server.received[0].json()["messages"]
        assert server.received[1].json()["messages"][:1] == first
    return [request.json()["messages"][0]["content"] for request in server.received[:1]]


async def test_texts_are_put_before_the_question(
    screen: RecordingChat, serve: Serve
) -> None:
    files = [
        Attachment("a.txt", "text/plain", "\ufeffgrün\n".encode()),
        Attachment('b".py', "text/x-python", b"x = 1"),
    ]
    assert await said_with(screen, serve, *files) == [
        '<file name="a.txt">\ngrün\n</file>\n\n<file name="b\'.py">\nx = 1\n</file>\n\n'
        "what is this?"
    ]


async def test_images_and_pdfs_are_parts_of_their_own(
    screen: RecordingChat, serve: Serve
) -> None:
    [content] = await said_with(
        screen,
        serve,
        Attachment("p.png", "image/png", b"\x89PNG\0"),
        Attachment("d.pdf", "application/pdf", b"%PDF-1.7"),
    )
    encoded = base64.b64encode(b"%PDF-1.7").decode()
    assert content == [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORwA="}},
        {
            "type": "file",
            "file": {
                "filename": "d.pdf",
                "file_data": f"data:application/pdf;base64,{encoded}",
            },
        },
    ]


async def test_another_file_is_refused_by_name(
    screen: RecordingChat, serve: Serve
) -> None:
    file = Attachment("s.mp3", "audio/mpeg", b"ID3\0")
    assert await said_with(screen, serve, file) == []
    code, message, remedy = screen.failure
    assert code == "attachment"
    assert message.startswith("s.mp3 cannot be sent: it is audio/mpeg")
    assert remedy == "convert it to one of those"


# A schema.

SCHEMA = {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}}


async def test_an_answer_that_fits_is_shown_as_json(
    screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("```json\n{", '"b":"grün"}\n```'))
    await conversation(server.origin, schema=SCHEMA).send(screen.turn(), "hi")
    assert server.received[0].json()["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA},
    }
    assert screen.of("text") == [(1, '{\n  "b": "grün"\n}')]
    assert screen.of("finished") == [(1, "stop")]


async def test_an_answer_that_does_not_fit_fails_with_the_place(
    screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole('{"b": ', "1}"))
    await conversation(server.origin, schema=SCHEMA).send(screen.turn(), "hi")
    assert screen.of("text") == [(1, '{"b": 1}')]
    code, message, _ = screen.failure
    assert code == "schema"
    assert message == (
        "the answer does not fit the schema: /b: 1 is not of the type string"
    )


async def test_a_schema_that_cannot_be_checked_is_refused_before_sending(
    screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("fine"))
    await conversation(server.origin, schema={"x-y": 1}).send(screen.turn(), "hi")
    assert screen.failure[0] == "bad_schema"
    assert "/x-y: this keyword is not checked here" in screen.failure[1]
    assert not server.received


async def test_a_server_that_takes_no_schema_is_reported(
    screen: RecordingChat, serve: Serve
) -> None:
    body = '{"error": {"message": "response_format is not supported"}}'
    server = serve(lambda peer: peer.reply("400 Bad", body))
    await conversation(server.origin, schema=SCHEMA).send(screen.turn(), "hi")
    assert " refused the JSON schema (400)" in screen.failure[1]
    assert "small answers by a schema" in screen.failure[2]


# Waiting.


async def test_a_server_that_sends_no_content_is_told_of_before_it_fails(
    screen: RecordingChat, serve: Serve, core: ModuleType
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("a")
        while not screen.of("failed"):
            # Bytes, but nothing of an answer.
            peer.chunk(": alive\n\n")

    server = serve(answer)
    chat = conversation(server.origin, stall_timeout=0.3)
    await chat.send(screen.turn(), "hi")
    line = f"nothing more of the answer has come from {server.origin} for 0.1 s"
    assert set(screen.of("stalled")) == {(1, f"{line}; it fails after 0.3 s")}
    assert screen.failure[0] == "stall"
