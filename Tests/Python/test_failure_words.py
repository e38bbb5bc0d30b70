# SPDX-License-Identifier: Apache-2.0
"""How faults are described, without a server."""

from __future__ import annotations

from typing import Any

import pytest
from recording_chat import ChatSettings

from amaru.chat.client import Fault
from amaru.chat.failures import describe, may_pass

SETTINGS: Any = ChatSettings("m", "http://h/v1")


def test_what_is_not_in_the_table_is_an_internal_fault() -> None:
    code, message, *_ = describe(ZeroDivisionError("by zero"), SETTINGS)
    assert code == "internal"
    assert "ZeroDivisionError: by zero" in message


def test_braces_in_a_servers_text_are_only_text() -> None:
    fault = Fault("in_stream", "{origin} {0}")
    assert "{origin} {0}" in describe(fault, SETTINGS)[1]


def test_a_long_text_is_one_short_line() -> None:
    fault = Fault("in_stream", "a\n" * 1000)
    message = describe(fault, SETTINGS)[1]
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        (
            "could not connect to http://h:1: Connection refused (errno 111). "
            "Check that the server runs and that the port is right.",
            "cannot connect to http://h:1: Connection refused (errno 111)",
        ),
        (
            "could not connect to the proxy p for http://h:1: no route. "
            "Check its address.",
            "cannot connect to http://h:1: could not connect to the proxy p for "
            "http://h:1: no route",
        ),
        (
            'could not find the host "h" of http://h:1: the name does not resolve. '
            "Check its spelling and the network connection.",
            "cannot connect to http://h:1: the name does not resolve",
        ),
        (
            'could not find the host "p" of the proxy: the name does not resolve. '
            "Check its spelling and the network connection.",
            'cannot connect to http://h:1: could not find the host "p" of the '
            "proxy: the name does not resolve",
        ),
    ],
)
def test_the_networks_advice_and_repetitions_are_left_out(
    detail: str, expected: str
) -> None:
    settings: Any = ChatSettings("m", "http://h:1/v1")
    _, message, remedy, _ = describe(Fault("connect", detail), settings)
    assert message == expected
    assert remedy


@pytest.mark.parametrize(
    ("url", "asks"),
    [
        ("http://h", True),
        ("http://h/api", True),
        ("http://h/v1", False),
        ("http://h/v1beta/", False),
    ],
)
def test_a_version_that_is_in_the_url_is_not_missed(url: str, asks: bool) -> None:
    settings: Any = ChatSettings("m", url)
    remedy = describe(Fault("status", "", 404), settings)[2]
    assert remedy == f"check the base URL ({url})" + ": is it missing /v1?" * asks


@pytest.mark.parametrize(
    ("variable", "remedy"),
    [
        ("MY_KEY", "check the key in the variable MY_KEY"),
        ("", "check the key for http://h"),
    ],
)
def test_a_rejected_key_is_looked_for_where_it_was_found(
    variable: str, remedy: str
) -> None:
    settings: Any = ChatSettings(
        "m", "http://h/v1", api_key="placeholder-1", key_variable=variable
    )
    assert describe(Fault("status", "", 401), settings)[2] == remedy


@pytest.mark.parametrize(
    ("key", "variable", "remedy"),
    [
        ("", "", "run amaru keys set fake"),
        ("k", "", "check the key for http://h: run amaru keys set fake"),
        ("k", "FAKE_KEY", "check the key in the variable FAKE_KEY"),
    ],
)
def test_the_key_of_a_provider_is_its_own(key: str, variable: str, remedy: str) -> None:
    settings: Any = ChatSettings(
        "m",
        "http://h/v1",
        api_key=key,
        key_variable=variable,
        key_remedy="run amaru keys set fake",
    )
    assert describe(Fault("status", "", 401), settings)[2] == remedy


@pytest.mark.parametrize(
    ("status", "seconds", "words"),
    [
        (429, "600", "10 minutes"),
        (503, "61", "61 seconds"),
        (429, "7201", "3 hours"),
        (429, "1e9", "11575 days"),
    ],
)
def test_who_asks_to_wait_for_long_is_not_asked_again(
    status: int, seconds: str, words: str
) -> None:
    fault = Fault("status", "", status, headers={"retry-after": seconds})
    assert not may_pass(fault)
    _, _, remedy, wait = describe(fault, SETTINGS)
    assert remedy == f"the server asks to wait {words}"
    assert wait == min(float(seconds), 86_400)


@pytest.mark.parametrize("seconds", ["60", "0", "-1", "nan", "inf", "soon", ""])
def test_who_asks_to_wait_for_less_is_asked_again(seconds: str) -> None:
    fault = Fault("status", "", 429, headers={"retry-after": seconds})
    assert may_pass(fault)
    assert "wait a little" in describe(fault, SETTINGS)[2]


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"retry-after": "7"}, 7),
        (503, {"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        (529, {"retry-after": "1e999"}, None),
        (429, {"retry-after": "0"}, None),
        (429, {"retry-after": "soon"}, None),
        (429, {}, None),
        # It was refused, and is so in a while.
        (401, {"retry-after": "7"}, None),
    ],
)
def test_a_server_says_when_to_ask_again(
    status: int, headers: dict[str, str], wait: float | None
) -> None:
    assert describe(Fault("status", "", status, headers=headers), SETTINGS)[3] == wait


@pytest.mark.parametrize("key", ["code", "type"])
def test_a_used_up_quota_is_not_asked_again(key: str) -> None:
    detail = f'{{"error": {{"message": "No more", "{key}": "insufficient_quota"}}}}'
    fault = Fault("status", detail, 429, headers={"retry-after": "600"})
    assert not may_pass(fault)
    _, _, remedy, wait = describe(fault, SETTINGS)
    assert "billing" in remedy
    assert wait is None


def test_a_key_that_stays_here_is_no_library_s_advice() -> None:
    detail = (
        'the key in the header "authorization" belongs to http://a.example and was not '
        "sent to http://h. Use a key that belongs to that origin."
    )
    _, message, remedy, _ = describe(Fault("secret_refused", detail), SETTINGS)
    assert message.endswith("and was not sent to http://h")
    assert remedy.endswith("with --key-env NAME@ORIGIN")


def test_what_a_recording_lacks_is_not_called_refused() -> None:
    detail = (
        "the recording r.jsonl has no answer, or no more, to GET http://h/. Record it."
    )
    fault = Fault("not_allowed", detail, reason="not_recorded")
    _, message, *_ = describe(fault, SETTINGS)
    assert message == (
        "nothing is recorded for this request to http://h: "
        "the recording r.jsonl has no answer, or no more, to GET http://h/"
    )


KEYS = [
    "sk-abcdef123456",
    "sk-ant-api03-abcdef_123456-AA",
    "sk-proj-abcdef123456",
    "gsk_abcdef123456",
    "xai-abcdef123456",
    "AIzaSyabcdef123456",
    "hf_abcdef123456",
    "r8_abcdef123456",
    "nvapi-abcdef123456",
    "pplx-abcdef123456",
    "github_pat_abcdef123456",
    "ghp_abcdef123456",
    "ghs_abcdef123456",
    "tgp_v1_abcdef123456",
    "csk-abcdef123456",
    "xoxb-123456-abcdef123456",
    "xoxp-123456-abcdef123456",
    "xapp-1-abcdef123456",
    "sk_live_abcdef123456",
    "eyJhbGciOiJabcdef.eyJzdWIi.c2lnabcdef",
    "Bearer abcdef123456",
    "bearer  abcdef123456",
    'Authorization: "abcdef123456"',
    '{"api_key": "abcdef123456"}',
    "https://h/v1?key=1&api-key=abcdef123456&x=1",
    "token=abcdef123456",
    "placeholder-1",
]


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_never_shown(key: str) -> None:
    settings: Any = ChatSettings("m", "http://h/v1", api_key="placeholder-1")
    text = f"Incorrect key ({key}), {key}; not the key {key}."
    _, message, remedy, _ = describe(Fault("status", text, 400), settings)
    assert "Incorrect key" in message
    for part in ("abcdef", "c2ln", "eyJzd", "placeholder-1"):
        assert part not in message + remedy


@pytest.mark.parametrize(
    "text",
    [
        "the task-oriented model asks for bearer authentication",
        "Invalid value for token: too many",
        "missing api_key: none was given",
    ],
)
def test_other_words_are_shown(text: str) -> None:
    assert describe(Fault("status", text, 400), SETTINGS)[1].endswith(text)
