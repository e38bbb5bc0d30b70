# SPDX-License-Identifier: Apache-2.0
"""Signals by which a script aborts its fetches, https://dom.spec.whatwg.org/#abortsignal.

The names are those of the web, since scripts bring them along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any
from weakref import finalize, ref

from pyodide.http._errors import AbortError

__all__ = ["AbortController", "AbortSignal", "follow"]

Listener = Callable[[Any], object]


class AbortSignal:
    """Tells whoever listens that something is to be given up."""

    def __init__(self) -> None:
        self._aborted = False
        self._reason: object = None
        self._listeners: list[Listener] = []
        self.onabort: Listener | None = None
        """Called when the signal is aborted, if set."""

    def __repr__(self) -> str:
        return f"<AbortSignal{' aborted' if self._aborted else ''}>"

    @classmethod
    def abort(cls, reason: object = None) -> AbortSignal:
        """Return a signal that is aborted already."""
        controller = AbortController()
        controller.abort(reason)
        return controller.signal

    @classmethod
    def timeout(cls, milliseconds: float) -> AbortSignal:
        """Return a signal that aborts itself; needs a running loop."""
        controller = AbortController()
        reason = TimeoutError(f"the fetch took longer than {milliseconds:g} ms")
        asyncio.get_running_loop().call_later(
            milliseconds / 1000, controller.abort, reason
        )
        return controller.signal

    @classmethod
    def any(cls, signals: Iterable[AbortSignal]) -> AbortSignal:
        """Return a signal that is aborted with the first of `signals`."""
        controller = AbortController()
        for signal in signals:
            if signal.aborted:
                controller.abort(signal.reason)
                break
            signal.addEventListener(
                "abort", lambda event: controller.abort(event.target.reason)
            )
        return controller.signal

    @property
    def aborted(self) -> bool:
        """Whether the signal has been given."""
        return self._aborted

    @property
    def reason(self) -> object:
        """What `abort` was called with."""
        return self._reason

    def addEventListener(
        self, kind: str, listener: Listener, options: object = None, /
    ) -> None:
        """Call `listener` with an event when the signal is given."""
        if kind == "abort" and listener not in self._listeners:
            self._listeners.append(listener)

    def removeEventListener(
        self, kind: str, listener: Listener, options: object = None, /
    ) -> None:
        """Let a listener go; one that does not listen is fine."""
        if kind == "abort" and listener in self._listeners:
            self._listeners.remove(listener)

    def throwIfAborted(self) -> None:
        """Raise AbortError if the signal has been given."""
        if self._aborted:
            raise AbortError(self._reason)

    def _abort(self, reason: object) -> None:
        if self._aborted:
            return
        self._aborted, self._reason = True, reason
        event = SimpleNamespace(type="abort", target=self)
        listeners, self._listeners = self._listeners, []
        if self.onabort is not None:
            listeners.insert(0, self.onabort)
        # All are called, in order, whatever one of them raises.
        with ExitStack() as stack:
            for listener in reversed(listeners):
                stack.callback(listener, event)


class AbortController:
    """The one who gives a signal."""

    def __init__(self) -> None:
        self.signal = AbortSignal()
        """What is handed to the fetches that this controller aborts."""

    @classmethod
    def new(cls) -> AbortController:
        """Return a new controller; the spelling of scripts that call JavaScript."""
        return cls()

    def abort(self, reason: object = None) -> None:
        """Give the signal; safe from any thread, and again."""
        self.signal._abort(reason)


def follow(signal: Any, controller: AbortController) -> None:
    """Abort `controller` with `signal`, which may outlive it by far."""
    if not hasattr(signal, "aborted") or not hasattr(signal, "addEventListener"):
        raise TypeError(
            f"signal must be an AbortSignal, not {type(signal).__name__}; "
            "pass the attribute signal of an AbortController"
        )
    if signal.aborted:
        controller.abort(signal.reason)
        return
    weak = ref(controller)

    def forward(event: object) -> None:
        if (target := weak()) is not None:
            target.abort(signal.reason)

    signal.addEventListener("abort", forward)
    end = finalize(controller, signal.removeEventListener, "abort", forward)
    end.atexit = False
