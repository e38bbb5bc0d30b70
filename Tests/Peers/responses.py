# SPDX-License-Identifier: Apache-2.0
"""What one of Python's own parsers makes of responses, to be compared with Amaru's.

    python3 responses.py http.client|h11 INPUT OUTPUT

INPUT is a list in JSON of pairs: a method, and the bytes of a response (each a
character) that the end of the connection follows. OUTPUT is an object with the list of
outcomes, or with why there is none.
"""

import http.client
import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

Outcome = dict[str, object]


@dataclass(frozen=True, slots=True)
class Response:
    """A response, with every byte as a character."""

    status: int
    reason: str
    body: str
    fields: list[tuple[str, str]]
    informational: list[int] = field(default_factory=list)
    trailers: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Socket:
    """As much of a socket as `http.client` wants."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def read_by_http_client(method: str, data: bytes) -> Response:
    response = http.client.HTTPResponse(Socket(data), method=method)  # type: ignore[arg-type]
    response.begin()
    body = response.read()
    defects = [type(defect).__name__ for defect in response.msg.defects]
    return Response(
        status=response.status,
        reason=response.reason,
        body=body.decode("latin-1"),
        # It leaves the line ends of folded values in them.
        fields=[
            (name, re.sub(r"[ \t]*\r?\n[ \t]*", " ", value).strip(" \t"))
            for name, value in response.msg.raw_items()
        ],
        notes=defects,
    )


def read_by_h11(method: str, data: bytes) -> Response:
    import h11

    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=100 * 1024)
    headers = [("Host", "a"), ("Connection", "upgrade"), ("Upgrade", "b")]
    connection.send(h11.Request(method=method, target="/", headers=headers))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    head, body, informational = None, b"", []
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.InformationalResponse) and event.status_code != 101:
            informational.append(event.status_code)
        elif isinstance(event, h11.Response | h11.InformationalResponse):
            head = event
        elif isinstance(event, h11.EndOfMessage) or event is h11.PAUSED:
            trailers = getattr(event, "headers", None)
            break
        else:
            raise h11.RemoteProtocolError(f"{event!r} instead of a response")
    assert head is not None
    return Response(
        status=head.status_code,
        reason=head.reason.decode("latin-1"),
        body=body.decode("latin-1"),
        fields=_pairs(head.headers.raw_items()),
        informational=informational,
        trailers=_pairs(trailers.raw_items()) if trailers is not None else [],
    )


def _pairs(fields: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


def outcome(read: Callable[[str, bytes], Response], method: str, text: str) -> Outcome:
    try:
        return {"response": asdict(read(method, text.encode("latin-1")))}
    except Exception as exc:
        return {"refusal": f"{type(exc).__name__}: {exc}"}


def main() -> None:
    name, source, target = sys.argv[1:]
    answer: dict[str, object] = {"missing": f"{sys.executable} has no h11"}
    if name != "h11" or find_spec("h11"):
        read = read_by_h11 if name == "h11" else read_by_http_client
        inputs = json.loads(Path(source).read_text())
        answer = {"outcomes": [outcome(read, method, text) for method, text in inputs]}
    Path(target).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
