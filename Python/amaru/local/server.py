# SPDX-License-Identifier: Apache-2.0
"""Serve a GGUF model on loopback: ``python -m amaru.local.server --gguf PATH``.

The key that clients must send is taken from AMARU_LOCAL_KEY. When the model answers,
one line of JSON is printed: ``{"url": "http://127.0.0.1:PORT"}``; when it cannot be
served, ``{"error": "…"}``, and the exit code is 1. The process ends with its standard
input, so run it with a pipe there, not from a terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from amaru.local import lifeline

__all__ = ["main"]

KEY_VARIABLE: Final = "AMARU_LOCAL_KEY"
_CONTEXT: Final = 4096
# A cancelled request is noticed between batches: 2048, the default, is 14 seconds.
_BATCH: Final = 64


def main(arguments: list[str] | None = None) -> int:
    """Serve until standard input ends."""
    options = _parser().parse_args(arguments)
    report = _take_stdout()
    # Ctrl-C in the terminal is for the chat in front, which stops this one itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lifeline.follow_parent()
    try:
        with lifeline.kernel_watch():
            server = _serve(options.gguf, os.environ.pop(KEY_VARIABLE, ""))
    except (ImportError, OSError, RuntimeError, ValueError) as exc:
        report({"error": str(exc)})
        return 1
    lifeline.watch()
    report({"url": server.listening_address})
    while True:
        signal.pause()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amaru.local.server",
        description="Serve a GGUF model on loopback until standard input ends.",
    )
    parser.add_argument("--gguf", required=True, type=Path, help="the model's file")
    return parser


def _take_stdout() -> Any:
    """Keep standard output for the one line; what a library prints goes to stderr."""
    output = os.dup(1)
    os.dup2(2, 1)

    def report(line: dict[str, str]) -> None:
        os.write(output, json.dumps(line).encode() + b"\n")

    return report


def _serve(gguf: Path, key: str) -> Any:
    if not key:
        raise ValueError(f"{KEY_VARIABLE} is not set: it holds the key of the server")
    if not gguf.is_file():
        raise FileNotFoundError(f"there is no model file {gguf}")
    try:
        import xllamacpp
    except ImportError as exc:
        raise ImportError(
            f"xllamacpp cannot be imported ({exc}); install it with "
            "python -m pip install xllamacpp"
        ) from exc
    try:
        server = xllamacpp.Server(_parameters(xllamacpp, gguf, key))
    except RuntimeError as exc:
        raise RuntimeError(f"{gguf} is not a model that can be loaded: {exc}") from exc
    # Not only for speed: one that is destroyed before its first request can hang.
    server.handle_chat_completions(
        {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    )
    return server


def _parameters(xllamacpp: Any, gguf: Path, key: str) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(gguf)
    parameters.model_alias = {gguf.stem}
    parameters.verbosity = 0
    # It always listens, by default without a key, to every web page, with a page of
    # its own.
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [key]
    parameters.ui = False
    parameters.cors_origins = ""
    parameters.n_ctx = _CONTEXT
    parameters.n_batch = parameters.n_ubatch = _BATCH
    parameters.n_parallel = 1
    # One core stays free: the threads wait for each other in a loop, and collapse to a
    # twentieth of their speed when another process takes one of their cores.
    threads = max(1, (os.cpu_count() or 1) - 1)
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    # Without a penalty small models repeat themselves forever.
    parameters.sampling.temp = 0.2
    parameters.sampling.top_p = 0.9
    parameters.sampling.penalty_repeat = 1.1
    return parameters


if __name__ == "__main__":
    sys.exit(main())
