# SPDX-License-Identifier: Apache-2.0
"""A server for the page with answers that a test writes, and with faults on demand.

It speaks the page's API and keeps everything in memory. A turn grows by `say` and ends
by `finish`, which a test calls, or a thread if the stub has a script.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from page.stub_answers import MILLISECONDS, USAGE, Conversation, Turn

ASSETS = Path(__file__).parents[3] / "Sources" / "AmaruServe" / "Assets"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types amaru-md"
)
# What a stub says while nothing happens; the page's own limits are longer.
HEARTBEAT = 5.0

Script = Callable[[Turn], None]


class Stub:
    """A server of its own; `url` is where the page is."""

    def __init__(
        self,
        script: Script | None = None,
        base: str = "/",
        token: str | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.script, self.base, self.token = script, base, token
        self.conversations: dict[str, Conversation] = {}
        self.requests: dict[str, Turn] = {}
        self.turns: list[Turn] = []
        self.ready = True
        self.models: list[str] = []
        # The model that each message asked for.
        self.asked: list[str | None] = []
        self.fault: dict[str, str] | None = None
        self.warning: dict[str, str] | None = None
        # Faults: answers to refuse, and events after which connections are cut.
        self.busy = 0
        self.lose = 0
        self.cuts_receipts = False
        self.cut_every = 0
        # Cleared, it holds back all events.
        self.flow = threading.Event()
        self.flow.set()
        # Each holds back the response to one request for a conversation.
        self.delays: list[threading.Event] = []
        self.posts = 0
        self.paths: list[str] = []
        self.connections = 0
        self._generation = 0
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        stub = self

        class Handler(_Handler):
            server_stub = stub

        self._handler = Handler
        self._address = (host, 0)
        self.start()
        self.url = f"http://localhost:{self.server.server_port}{base}"

    def start(self) -> None:
        """Listen, at the same port as before."""
        self.server = ThreadingHTTPServer(self._address, self._handler)
        self.server.daemon_threads = True
        self._address = (self._address[0], self.server.server_port)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.cut()
        self.server.shutdown()
        self.server.server_close()

    @property
    def turn(self) -> Turn:
        """The newest turn, once there is one."""
        return self.turns[-1]

    def wait_for_turns(self, count: int, limit: float = 30) -> Turn:
        """The turn of that number, as soon as the page has asked for it."""
        end = time.monotonic() + limit
        while len(self.turns) < count:
            assert time.monotonic() < end, "the page sent nothing"
            time.sleep(0.01)
        return self.turns[count - 1]

    def cut(self) -> None:
        """Cut the connections of all who follow a turn."""
        self._generation += 1
        for turn in self.turns:
            with turn.changed:
                turn.changed.notify_all()

    def kill(self) -> None:
        """Let all running turns be what a process that was killed leaves."""
        for turn in self.turns:
            with turn.changed:
                if turn.state == "running":
                    turn.state = "interrupted"
        self.cut()

    def new_conversation(self, title: str = "") -> Conversation:
        with self._lock:
            conversation = Conversation(f"c{next(self._numbers)}", title)
            conversation.changed = time.time() + next(self._numbers) / 1000
            self.conversations[conversation.id] = conversation
        return conversation

    def new_turn(
        self, conversation: Conversation, question: str, parent: str | None
    ) -> Turn:
        turn = Turn(f"t{next(self._numbers)}", question, parent)
        conversation.turns.append(turn)
        conversation.head = turn.id
        conversation.title = conversation.title or question[:60]
        conversation.changed = time.time() + next(self._numbers) / 1000
        self.turns.append(turn)
        return turn

    def open_turn(
        self, conversation: Conversation, body: dict[str, Any]
    ) -> tuple[int, Turn]:
        with self._lock:
            self.posts += 1
            if body["request"] in self.requests:
                return 200, self.requests[body["request"]]
            parent = body["parent"] if "parent" in body else conversation.head
            turn = self.new_turn(conversation, body["message"], parent)
            self.asked.append(body.get("model"))
            conversation.model = body.get("model", conversation.model)
            self.requests[body["request"]] = turn
            turn.request = body["request"]
        if self.script:
            threading.Thread(target=self.script, args=(turn,), daemon=True).start()
        return 202, turn


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_stub: Stub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            # The browser left.
            self.close_connection = True

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    # Answers

    def _send(
        self,
        status: int,
        content: bytes = b"",
        kind: str = "application/json",
        **headers: str,
    ) -> None:
        self.send_response(status)
        self._safety()
        if status != 204:
            self.send_header("Content-Type", kind)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _safety(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")

    def _json(self, status: int, value: object) -> None:
        self._send(status, json.dumps(value).encode())

    def _refuse(self, status: int, code: str, message: str, **headers: str) -> None:
        error = {"code": code, "message": message, "remedy": ""}
        self._send(status, json.dumps({"error": error}).encode(), **headers)

    # Routes

    def _answer(self, method: str) -> None:
        stub = self.server_stub
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        sent = json.loads(self.rfile.read(length) or b"{}")
        if not parts.path.startswith(stub.base):
            return self._refuse(404, "not_found", "no such page")
        path = parts.path.removeprefix(stub.base)
        stub.paths.append(f"{method} {path}")
        if not path.startswith("api/"):
            return self._asset(path or "index.html")
        names = [unquote(name) for name in path.split("/")[1:]]
        if names == ["login"]:
            if sent.get("token") != stub.token:
                return self._refuse(401, "unauthorized", "wrong token")
            cookie = "amaru_stub=in; HttpOnly; SameSite=Strict; Path=/"
            return self._send(204, Set_Cookie=cookie)
        if stub.token and "amaru_stub=in" not in (self.headers.get("Cookie") or ""):
            return self._refuse(401, "unauthorized", "sign in first")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match [method, *names]:
            case ["GET", "state"]:
                self._json(
                    200,
                    {
                        "title": "Amaru",
                        "script": "chat.py",
                        "model": "stub-1",
                        "models": stub.models,
                        "version": "0.0",
                        "ready": stub.ready,
                        "fault": stub.fault,
                        "warning": stub.warning,
                    },
                )
            case ["GET", "conversations"]:
                self._list(query)
            case ["POST", "conversations"]:
                self._json(201, {"id": stub.new_conversation().id})
            case [_, "conversations", name, *rest] if name in stub.conversations:
                self._conversation(method, stub.conversations[name], rest, sent)
            case [_, "turns", name, action]:
                found = [turn for turn in stub.turns if turn.id == name]
                if not found:
                    self._refuse(404, "not_found", "no such turn")
                elif action == "stop":
                    found[0].finish("stopped")
                    self._send(204)
                else:
                    self._events(found[0], query)
            case _:
                self._refuse(404, "not_found", "no such thing")

    def _asset(self, name: str) -> None:
        path = ASSETS / name
        if "/" in name or not path.is_file():
            return self._refuse(404, "not_found", "no such file")
        self._send(200, path.read_bytes(), TYPES[path.suffix] + "; charset=utf-8")

    def _list(self, query: dict[str, str]) -> None:
        every = sorted(
            self.server_stub.conversations.values(),
            key=lambda one: one.changed,
            reverse=True,
        )
        words = query.get("search", "").lower()
        every = [
            one
            for one in every
            if words in one.title.lower()
            or any(words in turn.question.lower() for turn in one.turns)
        ]
        if "before" in query:
            every = [one for one in every if one.changed < float(query["before"])]
        limit = int(query.get("limit", "40"))
        self._json(
            200,
            {
                "conversations": [
                    {
                        "id": one.id,
                        "title": one.title,
                        "model": "stub-1",
                        "changed": one.changed,
                    }
                    for one in every[:limit]
                ],
                "more": len(every) > limit,
            },
        )

    def _conversation(
        self,
        method: str,
        conversation: Conversation,
        rest: list[str],
        sent: dict[str, Any],
    ) -> None:
        stub = self.server_stub
        match [method, *rest]:
            case ["GET"]:
                turns = [self._turn(conversation, one) for one in conversation.branch()]
                about = {"id": conversation.id, "title": conversation.title}
                if stub.delays:
                    stub.delays.pop().wait(60)
                about["model"] = conversation.model
                self._json(200, {**about, "turns": turns})
            case ["PATCH"]:
                conversation.title = sent.get("title", conversation.title)
                if "head" in sent:
                    self._move(conversation, sent["head"])
                self._send(204)
            case ["DELETE"]:
                del stub.conversations[conversation.id]
                self._send(204)
            case ["POST", "turns"]:
                if stub.busy:
                    stub.busy -= 1
                    return self._refuse(
                        429, "busy", "the queue is full", Retry_After="1"
                    )
                if (model := sent.get("model")) and model not in stub.models:
                    message = f"the model {model} is not offered here"
                    return self._refuse(404, "model_not_found", message)
                status, turn = stub.open_turn(conversation, sent)
                if stub.lose:
                    # It was taken, but its sender never hears of it.
                    stub.lose -= 1
                    self.close_connection = True
                    if stub.cuts_receipts:
                        self._send(status, b"{", Content_Length="9")
                    return
                self._json(status, {"turn": turn.id})
            case _:
                self._refuse(404, "not_found", "no such thing")

    def _move(self, conversation: Conversation, head: str) -> None:
        """Show the branch of a turn, up to its newest end."""
        place: str | None = head
        while place is not None:
            conversation.head = place
            ends = [turn.id for turn in conversation.turns if turn.parent == place]
            place = ends[-1] if ends else None

    def _turn(self, conversation: Conversation, turn: Turn) -> dict[str, Any]:
        return {
            "id": turn.id,
            "request": f"{conversation.id} {turn.request}",
            "question": turn.question,
            "state": turn.state,
            "reason": None,
            "model": "stub-1",
            "blocks": turn.shown,
            "reasoning": turn.reasoning,
            "usage": None if turn.state == "running" else USAGE,
            "ms": None if turn.state in ("running", "interrupted") else MILLISECONDS,
            "error": turn.error,
            **conversation.versions(turn),
        }

    # Events

    def _events(self, turn: Turn, query: dict[str, str]) -> None:
        last = self.headers.get("Last-Event-ID") or query.get("after", "")
        # The whole id, which says whose log the position is of.
        assert not last or last.startswith(f"{turn.id}."), last
        seen = int(last.rpartition(".")[2] or 0)
        if turn.state != "running" and seen >= len(turn.log):
            return self._send(204)
        stub = self.server_stub
        self.close_connection = True
        self.send_response(200)
        self._safety()
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-store, no-transform")
        self.send_header("Connection", "close")
        self.end_headers()
        stub.connections += 1
        try:
            for text in self._stream(turn, seen):
                self.wfile.write(text.encode())
                self.wfile.flush()
        finally:
            stub.connections -= 1

    def _stream(self, turn: Turn, seen: int) -> Iterator[str]:
        stub = self.server_stub
        generation = stub._generation
        count = 0
        yield "retry: 1000\n\n"
        stub.flow.wait(60)
        while True:
            with turn.changed:
                waiting = seen >= len(turn.log) and turn.state == "running"
                if waiting and generation == stub._generation:
                    waiting = not turn.changed.wait(HEARTBEAT)
                batches, state = turn.log[seen:], turn.state
            if generation != stub._generation:
                return
            if not batches and waiting:
                yield ":\n\n"
            for batch in batches:
                seen += 1
                text = ""
                for number, (name, data) in enumerate(batch):
                    if number == len(batch) - 1:
                        text += f"id: {turn.id}.{seen}\n"
                    text += f"event: {name}\ndata: {json.dumps(data)}\n\n"
                count += 1
                if stub.cut_every and count % stub.cut_every == 0:
                    # In the middle of a message.
                    yield text[: len(text) // 2]
                    return
                yield text
            if state != "running" and seen >= len(turn.log):
                if state == "interrupted":
                    done = {"state": state, "blocks": len(turn.shown)}
                    yield f"event: done\ndata: {json.dumps(done)}\n\n"
                return
