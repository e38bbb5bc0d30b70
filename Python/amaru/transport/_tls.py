# SPDX-License-Identifier: Apache-2.0
"""What Python says of TLS, in the form that the core takes.

The host makes the handshakes, so an `ssl.SSLContext` is only read. What it verifies
and which authorities it holds can be asked of it; the files that were loaded into it
cannot, so `remembering` notes them on the context as they are loaded. Its versions,
ciphers and protocols are not looked at: they stay the host's.
"""

from __future__ import annotations

import ssl
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from os import PathLike, fsdecode, scandir
from pathlib import Path
from typing import Any, Final

__all__ = ["InsecureConnectionWarning", "options", "remembering", "warn"]


class InsecureConnectionWarning(UserWarning):
    """A client was made that checks no certificate."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What was loaded into one context."""

    chain: tuple[Any, Any, Any] | None = None
    authorities: tuple[tuple[Any, Any, Any], ...] = ()
    defaults: bool = False


_NOTE: Final = "_amaru_loaded"


def options(verify: Any, cert: Any) -> dict[str, Any]:
    """Return the core's options for the `verify` and `cert` of a client."""
    chosen: dict[str, Any] = {}
    if verify is False:
        chosen["verify"] = False
    elif isinstance(verify, ssl.SSLContext):
        chosen |= _of_context(verify)
    elif isinstance(verify, str | PathLike):
        chosen |= _of_path(fsdecode(verify))
    elif verify is not True:
        raise TypeError(
            "verify is True, False, a path or an ssl.SSLContext, "
            f"not {type(verify).__name__}"
        )
    if cert:
        given = (cert,) if isinstance(cert, str | PathLike) else tuple(cert)
        chosen |= _of_chain(*given)
    return chosen


def warn(owner: str) -> None:
    """Warn that `owner` verifies nothing, where it was made."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back is not None and _is_library(frame.f_globals.get("__name__")):
        frame, depth = frame.f_back, depth + 1
    message = (
        f"{owner} was made with verify=False: anyone on the way can read and change "
        "what it sends and receives. To trust a private authority, give it "
        "verify=ssl.create_default_context(cafile=...)."
    )
    warnings.warn(message, InsecureConnectionWarning, stacklevel=depth)


def _is_library(module: str | None) -> bool:
    return (module or "").partition(".")[0] in {"amaru", "httpx", "httpx2"}


def _of_path(path: str) -> dict[str, Any]:
    place = Path(path)
    if place.is_dir():
        return {"ca_dir": path}
    if place.is_file():
        return {"ca_file": path}
    raise FileNotFoundError(
        f"verify={path!r}: there is no such file or folder of certificates"
    )


def _of_chain(
    certificate: Any, key: Any = None, password: Any = None, /
) -> dict[str, Any]:
    if callable(password):
        password = password()
    if password is not None and not isinstance(password, str):
        password = bytes(password).decode()
    chain: dict[str, Any] = {"cert_file": fsdecode(certificate)}
    if key is not None:
        chain["key_file"] = fsdecode(key)
    if password is not None:
        chain["key_password"] = password
    return chain


def _of_context(context: ssl.SSLContext) -> dict[str, Any]:
    # truststore's context, which httpx2 makes, stands in front of a real one.
    loaded = getattr(getattr(context, "_ctx", context), _NOTE, _Loaded())
    chosen = {} if loaded.chain is None else _of_chain(*loaded.chain)
    if context.verify_mode == ssl.CERT_NONE:
        return chosen | {"verify": False}
    if not context.check_hostname:
        chosen["verify"] = "no-name"
    return chosen | _trust(context, loaded)


def _trust(context: ssl.SSLContext, loaded: _Loaded) -> dict[str, Any]:
    match loaded.authorities:
        case ((file, None, None),) if file is not None and not loaded.defaults:
            return {"ca_file": fsdecode(file)}
        case ((None, folder, None),) if folder is not None and not loaded.defaults:
            return {"ca_dir": fsdecode(folder)}
    held = set(context.get_ca_certs(binary_form=True))
    for _, folder, _ in loaded.authorities:
        held |= _in_folder(fsdecode(folder)) if folder is not None else set()
    if not held - _of_system():
        # The system's, or none at all, of which truststore asks the system later.
        return {}
    if loaded.defaults:
        held |= _of_system()
    return {"ca_certs": sorted(held)}


@cache
def _of_system() -> frozenset[bytes]:
    """Return the authorities that OpenSSL trusts by default, in DER form."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_default_verify_paths()
    # A folder is searched by OpenSSL only in a handshake.
    folder = ssl.get_default_verify_paths().capath
    return frozenset(context.get_ca_certs(binary_form=True)) | _in_folder(folder)


def _in_folder(folder: str | None) -> frozenset[bytes]:
    if folder is None or not Path(folder).is_dir():
        return frozenset()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for entry in scandir(folder):
        try:
            context.load_verify_locations(cafile=entry.path)
        except (OSError, ssl.SSLError):
            # OpenSSL too passes over what is no certificate.
            continue
    return frozenset(context.get_ca_certs(binary_form=True))


def _note(context: Any, **changes: Any) -> None:
    loaded = getattr(context, _NOTE, _Loaded())
    setattr(context, _NOTE, replace(loaded, **changes))


def _noting_chain(original: Callable[..., None]) -> Callable[..., None]:
    def load_cert_chain(
        context: Any, certfile: Any, keyfile: Any = None, password: Any = None
    ) -> None:
        original(context, certfile, keyfile, password)
        _note(context, chain=(certfile, keyfile, password))

    return load_cert_chain


def _noting_authorities(original: Callable[..., None]) -> Callable[..., None]:
    def load_verify_locations(
        context: Any, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        original(context, cafile, capath, cadata)
        loaded = getattr(context, _NOTE, _Loaded())
        given = (cafile, capath, cadata)
        _note(context, authorities=(*loaded.authorities, given))

    return load_verify_locations


def _noting_defaults(original: Callable[..., None]) -> Callable[..., None]:
    def set_default_verify_paths(context: Any) -> None:
        original(context)
        _note(context, defaults=True)

    return set_default_verify_paths


def remembering() -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Return which methods of `ssl.SSLContext` note what they load, once wrapped."""
    return (
        ("load_cert_chain", _noting_chain),
        ("load_verify_locations", _noting_authorities),
        ("set_default_verify_paths", _noting_defaults),
    )
