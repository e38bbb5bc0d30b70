# SPDX-License-Identifier: Apache-2.0
"""What the functions of `pyxhr` give, and raise."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any

from pyodide.http._answer import Answer
from pyodide.http._errors import AbortError, HttpStatusError

__all__ = ["XHRError", "XHRNetworkError", "XHRResponse"]


class XHRError(OSError):
    """A request of `pyxhr` that failed."""


class XHRNetworkError(XHRError):
    """A request without a response; `code` is that of the AbortError it stands for."""

    def __init__(self, failure: AbortError) -> None:
        super().__init__(str(failure))
        self.code = failure.code


class XHRResponse:
    """A response with all of its body."""

    def __init__(self, answer: Answer, content: bytes) -> None:
        self._answer = answer
        self._content = content

    def __repr__(self) -> str:
        return f"<XHRResponse [{self.status_code}]>"

    @property
    def status_code(self) -> int:
        """The status, such as 404."""
        return self._answer.status

    @property
    def status_text(self) -> str:
        """The server's words for the status."""
        return self._answer.reason

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def url(self) -> str:
        """Where the response came from in the end."""
        return self._answer.url

    @property
    def headers(self) -> dict[str, str]:
        """The headers by their names in lower case; repeated ones joined by commas."""
        return self._answer.headers

    @property
    def content(self) -> bytes:
        """The body."""
        return self._content

    @property
    def text(self) -> str:
        """The body in the charset that the media type names, else as UTF-8."""
        message = Message()
        message["content-type"] = self._answer.headers.get("content-type", "")
        charset = message.get_content_charset("utf-8")
        try:
            text = self._content.decode(charset, "replace")
        except LookupError:
            text = self._content.decode("utf-8", "replace")
        return text.removeprefix("\ufeff")

    def json(self, **kwargs: Any) -> Any:
        """Return the value of a JSON body; `kwargs` are those of ``json.loads``."""
        return json.loads(self._content, **kwargs)

    def raise_for_status(self) -> None:
        """Raise HttpStatusError for a status from 400 to 599."""
        if 400 <= self.status_code < 600:
            raise HttpStatusError(self.status_code, self.status_text, self.url)
