# SPDX-License-Identifier: Apache-2.0
"""The content of a message with attachments, as the protocol wants it.

Imported with the first attachment.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from amaru._pieces import Attachment, ChatError

__all__ = ["IMAGES", "content"]

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""The images that models read."""


def content(text: str, attachments: Iterable[Attachment]) -> str | list[dict[str, Any]]:
    """Return a message's content: a text, or parts if it has more than texts.

    Files of text are put before the question, with their names. Raises ChatError for a
    file that cannot be sent.
    """
    texts: list[str] = []
    parts: list[dict[str, Any]] = []
    for file in attachments:
        if file.media_type in IMAGES:
            parts.append({"type": "image_url", "image_url": {"url": _data_url(file)}})
        elif file.media_type == "application/pdf":
            data = {"filename": file.name, "file_data": _data_url(file)}
            parts.append({"type": "file", "file": data})
        else:
            texts.append(_text(file))
    whole = "\n\n".join([*texts, text] if text else texts)
    if not parts:
        return whole
    return [{"type": "text", "text": whole}, *parts] if whole else parts


def _data_url(file: Attachment) -> str:
    return f"data:{file.media_type};base64,{b64encode(file.data).decode()}"


def _text(file: Attachment) -> str:
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ChatError(
            "attachment",
            f"{file.name} cannot be sent: it is {file.media_type}, and neither text "
            "nor an image (PNG, JPEG, GIF, WebP) nor a PDF",
            "convert it to one of those",
        )
    name = file.name.replace('"', "'")
    return f'<file name="{name}">\n{text.rstrip()}\n</file>'
