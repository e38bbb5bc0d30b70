# The chat screen that the host builds into the interpreter; nothing here blocks.
# SPDX-License-Identifier: Apache-2.0

def settings() -> dict[str, str]:
    """model, base_url, system, api_key, stall_timeout, plugins and local, as text."""

def text(turn: int, delta: str) -> None: ...
def reasoning(turn: int, delta: str) -> None: ...
def tool_call(turn: int, name: str, arguments: str) -> None: ...
def usage(turn: int, prompt_tokens: int, completion_tokens: int) -> None: ...
def finished(turn: int, reason: str) -> None: ...
def failed(turn: int, code: str, message: str, remedy: str) -> None: ...
def notice(message: str) -> None:
    """Show one line on standard error."""

def display(text: str) -> None:
    """Show a whole reply of a script that has no turns."""

def read_line(prompt: str) -> str | None:
    """Wait for the next line of input; None at its end. Blocks, without the GIL."""
