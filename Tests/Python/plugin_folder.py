# SPDX-License-Identifier: Apache-2.0
"""A folder of plugin files, and the part of the host that plugins need."""

from __future__ import annotations

import threading
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any

from amaru.plugins import Plugins

HEAD = "from amaru.plugins import hookimpl\n\n"
FILTERS = ["message", "chunk", "answer"]
TURN: Any = object()
BLOCK = "# /// script\n{}# ///\n"
COMMANDS = """
def roll(arguments):
    '''Roll a die.

    Or several.'''
    return f"rolled {arguments}"

async def later(arguments):
    return "later"

def fail(arguments):
    raise ValueError("six only")

@hookimpl
def amaru_commands():
    return {"roll": roll, "/later": later, "fail": fail, "quiet": print}
"""
# What a plugin may raise, and what is said of it.
RAISING = [
    ("raise ValueError('why')", "ValueError: why"),
    ("import sys; sys.exit('bye')", "SystemExit: bye"),
    ("raise KeyboardInterrupt", "interrupted"),
    ("raise GeneratorExit", "GeneratorExit"),
    ("raise BaseException('all')", "BaseException: all"),
    ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
    ("raise StopIteration(1)", "StopIteration"),
    (
        "raise BaseExceptionGroup('both', [KeyError('k'), SystemExit()])",
        "BaseExceptionGroup: both (2 sub-exceptions), the first of them KeyError: 'k'",
    ),
    (
        "raise type('Bad', (Exception,), {'__str__': lambda self: 1 / 0})",
        "Bad: (its text cannot be read: ZeroDivisionError)",
    ),
    (
        "raise type('Bad', (Exception,), {'__str__': lambda self: exit(1)})",
        "Bad: (its text cannot be read: SystemExit)",
    ),
    ("raise type('a\\n\\x1b[2J' * 99, (Exception,), {})", ": a \ufffd[2Ja \ufffd"),
    (
        "raise type('Bad', (OSError,), {'__class__': property(lambda self: 1 / 0)})",
        "Bad",
    ),
    (
        "raise type('Bad', (ValueError,), "
        "{'__traceback__': property(lambda self: 1 / 0)})",
        "Bad",
    ),
    ("raise SyntaxError('x', (type('E', (), {})(), 'y', None, []))", "SyntaxError"),
    ("raise ValueError('x' * 10**6)", "ValueError: xxx"),
    (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)",
        "ValueError: amaru handles SIGINT itself: a plugin cannot",
    ),
    (
        "import asyncio; asyncio.get_event_loop().add_signal_handler(15, print)",
        "ValueError: amaru handles SIGTERM itself: a plugin cannot",
    ),
    (
        "import os; os.closerange(3, 1000)",
        "ValueError: most descriptors are Amaru's: close your own one by one",
    ),
    (
        "import asyncio; [t.cancel() for t in asyncio.all_tasks()]",
        "RuntimeError: the tasks of the chat are not a plugin's to cancel",
    ),
]


class Host(ModuleType):
    """The host's module, of which plugins need only to be named."""

    def __init__(self) -> None:
        super().__init__("_amaru_chat")
        self.running = ""
        self.named: list[str] = []
        self.looping = threading.Event()

    def plugin_running(self, name: str) -> None:
        self.running = name
        self.named.append(name)


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.notices: list[str] = []

    def write(self, name: str, code: str, head: str = HEAD) -> Path:
        path = self.path / f"{name}.py"
        path.write_text(head + dedent(code), "utf-8")
        return path

    async def load(self, limit: float = 10) -> Plugins:
        plugins = Plugins(str(self.path), self.notices.append, limit=limit)
        await plugins.load()
        return plugins


def shout(hook: str) -> str:
    return f"@hookimpl\ndef amaru_{hook}(text, turn):\n    return text.upper()\n"


def hook(body: str, name: str = "message", kind: str = "def") -> str:
    return f"@hookimpl\n{kind} amaru_{name}(text, turn):\n" + indent(
        dedent(body), "    "
    )
