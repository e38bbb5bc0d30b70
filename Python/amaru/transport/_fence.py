# SPDX-License-Identifier: Apache-2.0
"""Stops the sockets of Python's own where the user has named what may be reached.

What goes through the host is judged there. A socket that Python opens itself reaches
only places on this machine, and Unix sockets, that the user's list names; those of
other families, such as Bluetooth's, reach nothing.
Sockets that listen are left alone. Programs are not started, unless the user has said
so. This is no sandbox: native code has sockets of its own, and so have the processes
that multiprocessing starts.
"""

from __future__ import annotations

import _socket
import errno
import os
import sys
import threading
from typing import Any, Final

from amaru import _bridge

__all__ = ["Probing", "build"]

_SENDING: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKING_UP: Final = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
)
_STARTING: Final = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn"}
)
# What `ctypes.util.find_library` asks, for packages of native code.
_HARMLESS: Final = "/sbin/ldconfig"
_INTERNET: Final = (_socket.AF_INET, _socket.AF_INET6)
_here = threading.local()


class Probing:
    """Lets this thread connect to a place that the list is known to name."""

    def __enter__(self) -> None:
        _here.is_probing = True

    def __exit__(self, *exc: object) -> None:
        _here.is_probing = False


def build(option: str, run_option: str | None) -> None:
    """Refuse connections and look-ups from now on; `option` is what asks for it.

    Programs are refused too if there is a `run_option` to allow them.
    """

    def judge(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _SENDING:
            sock, address = arguments[:2]
            # A message on a connected socket names no address.
            if address is None:
                return
            if sock.family == _socket.AF_UNIX:
                path = os.fsdecode(
                    address if isinstance(address, str) else bytes(address)
                )
                if not _is_open(path):
                    _refuse(event, "unix:" + path.replace("\0", "@"), option)
                return
            if sock.family not in _INTERNET:
                _refuse(event, f"{address} of {sock.family!r}", option)
            host, port = str(address[0]), address[1]
            if not (_is_here(host) and _bridge.http().allows(host, port)):
                _refuse(event, f"{host}:{port}", option)
        elif event in _LOOKING_UP:
            host = arguments[0]
            if host and not _is_number(host) and not _is_here(host):
                _refuse(event, str(host), option)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        # Called for all that Python audits.
        if event.startswith("socket."):
            if not getattr(_here, "is_probing", False):
                judge(event, arguments)
        elif run_option and (event in _STARTING or event == "os.fork" and _is_spawn()):
            _refuse_program(event, arguments, option, run_option)

    sys.addaudithook(hook)


def _refuse(event: str, place: str, option: str) -> None:
    message = (
        f"{event} to {place} is not allowed: {option} stops the sockets that Python "
        "opens itself, but for named places on this machine. Use an HTTP library that "
        "goes through the host, such as httpx, requests or urllib."
    )
    raise PermissionError(errno.EACCES, message)


def _refuse_program(
    event: str, arguments: tuple[Any, ...], option: str, run_option: str
) -> None:
    if arguments and arguments[0] == _HARMLESS:
        return
    what = f"{event} of {arguments[0]!r}" if arguments else "starting a program"
    message = (
        f"{what} is not allowed: {option} stops programs, "
        f"since they may reach anything. To start them, use {run_option}."
    )
    raise PermissionError(errno.EACCES, message)


def _is_spawn() -> bool:
    """Return whether `os.fork` is called by one of the functions ``os.spawn…``."""
    # Behind this function and the hook.
    return sys._getframe(2).f_code is os._spawnvef.__code__  # type: ignore[attr-defined]


def _is_open(path: str) -> bool:
    """Return whether a Unix socket is named by the list, or a child's."""
    if path[:1] != "\0":
        # The kernel resolves it after symbolic links, `abspath` before.
        if ".." in path.split("/"):
            return False
        path = os.path.abspath(path)
    return _bridge.http().allows_socket(path) or _is_of_children(path)


def _is_of_children(path: str) -> bool:
    """Return whether multiprocessing has made a socket, for its own processes."""
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return False
    folder = process.current_process()._config.get("tempdir")
    return path.startswith("\0listener-") or bool(
        folder and path.startswith(f"{folder}/")
    )


def _is_here(host: Any) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if text in ("localhost", "::1"):
        return True
    return text.startswith("127.") and _is_number(text)


def _is_number(host: Any) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    for family in _INTERNET:
        try:
            _socket.inet_pton(family, text.partition("%")[0])
        except OSError:
            continue
        return True
    return False
