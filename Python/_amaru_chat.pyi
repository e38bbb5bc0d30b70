# Made from the module's description in Swift.
"""The chat of the host."""

import amaru
import asyncio
import typing

class Turn:
    """One message of the user and everything that is shown in answer to it."""
    def text(self, delta: str) -> bool:
        """Adds answer text; False when the turn has ended."""
    def reasoning(self, delta: str) -> bool:
        """Adds what the model thinks."""
    def tool_call(self, name: str, arguments: str) -> bool:
        """Adds a tool call, its arguments as JSON."""
    def attach(self, name: str, media_type: str, data: bytes | bytearray) -> bool:
        """Adds a file to the answer; ValueError above 1000 or 16 MiB."""
    @property
    def attachments(self) -> list[amaru.Attachment]: ...
    def usage(self, prompt_tokens: int, completion_tokens: int) -> bool:
        """Adds the number of tokens that were used."""
    def display(self, text: str) -> bool:
        """Adds a whole reply."""
    def notice(self, message: str) -> bool:
        """Adds a line for standard error."""
    def stalled(self, message: str) -> bool:
        """Says that nothing of the answer has come for a while."""
    def retrying(self, reason: str, seconds: float, attempt: int, attempts: int) -> bool:
        """Says that the request is sent again, and when."""
    def finished(self, reason: str = 'stop') -> bool:
        """Ends the turn; False if it had ended."""
    def failed(self, code: str, message: str, remedy: str = ..., retry_after: float | None = None) -> bool:
        """Ends the turn with a fault: what happened, what the user can do, and in how many seconds the same may succeed."""
    def cancelled(self) -> bool:
        """Ends the turn as stopped by the user."""
    @property
    def ended(self) -> bool: ...
    @property
    def history(self) -> list[tuple[str, str, list[amaru.Attachment]]] | None: ...
    @property
    def messages(self) -> list[dict[str, typing.Any]] | None: ...
    @property
    def options(self) -> dict[str, typing.Any]: ...
    def clean(self, text: str) -> str:
        """Removes terminal escapes from text in pieces."""
    def drain(self) -> asyncio.Future[None]:
        """Waits until the readers have taken enough."""
    def bind(self, task: typing.Any) -> None:
        """Ends the turn with a task, and the task with it."""
    def claim(self) -> None:
        """Says that the script ends the turn itself."""

def settings() -> typing.Any:
    """Returns the settings of this run."""

def notice(message: str) -> bool:
    """Shows one line on standard error."""

def read_line(prompt: str) -> str | None:
    """Waits for the next line of input; None at its end."""

def read_password(prompt: str) -> str | None:
    """Waits for a line that is typed unseen; None at the end of input."""

def write(text: str) -> None:
    """Writes to the terminal, beside the chat."""

def has_unshown() -> bool:
    """Says whether something that was said is not shown yet."""

def wait_until_shown() -> None:
    """Waits until all that was said is shown."""

def line_printed() -> None:
    """Tells the host that Python is about to end a line in the shared output."""

def plugin_running(name: str) -> None:
    """Says which plugin's code runs now, the empty string for none."""

def leaving() -> None:
    """Says that the process ends now, without the host."""

def owns_descriptors(low: int, high: int) -> bool:
    """Tells whether descriptors of the host are among these."""

def raised(task: typing.Any) -> None:
    """Says that a task which was answering has raised."""

def main_cancelled() -> None:
    """Says that something in the script has cancelled its main()."""
