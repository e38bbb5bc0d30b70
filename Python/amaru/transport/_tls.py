# SPDX-License-Identifier: Apache-2.0
"""What an `ssl.SSLContext` says, in the form that the core takes.

The host makes the handshakes, so a context is only read. What it verifies, its versions
and its ciphers can be asked of it; the files that were loaded into it cannot, so
`note` keeps them on the context as they are loaded. What the host cannot do as a
context says is refused by name.
"""

from __future__ import annotations

import os
import ssl
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final, NamedTuple

from amaru import _bridge
from amaru.transport import InsecureConnectionWarning

__all__ = [
    "authorities",
    "chain",
    "is_default",
    "load",
    "note",
    "of",
    "puts_off",
    "warn",
]


class _Loaded(NamedTuple):
    """What was loaded into one context."""

    chain: tuple[Any, Any, Any] | None = None
    authorities: tuple[_Locations, ...] = ()
    defaults: bool = False


_NOTE: Final = "_amaru_loaded"
_PUT_OFF: Final = "_amaru_put_off"
_LOADING: Final = threading.Lock()
_LIBRARIES: Final = frozenset({"amaru", "httpcore", "httpcore2", "httpx", "httpx2"})
# What the host may agree on with a server under TLS 1.2.
_SUITES: Final = frozenset(
    f"ECDHE-{key}-{cipher}"
    for key in ("ECDSA", "RSA")
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
)


_Locations = tuple[Any, Any, Any]
"""A file, a folder and data, as `load_verify_locations` takes them."""


def of(context: Any, also: _Locations = (None, None, None)) -> dict[str, Any]:
    """Return the core's options for a context.

    `also` is what the client loads into it when it connects. What cannot be honoured
    is a ValueError, what is no context a TypeError.
    """
    # truststore's context, which httpx2 makes, stands in front of a real one.
    context = getattr(context, "_ctx", context)
    if not isinstance(context, ssl.SSLContext):
        raise TypeError(
            "the host takes TLS settings from an ssl.SSLContext only, not from a "
            f"{type(context).__module__}.{type(context).__name__}"
        )
    _refuse_what_cannot_be(context)
    loaded: _Loaded = getattr(context, _NOTE, _Loaded())
    chosen = {} if loaded.chain is None else chain(*loaded.chain)
    if context.verify_mode == ssl.CERT_NONE:
        return chosen | {"verify": False}
    if not context.check_hostname:
        chosen["verify"] = "no-name"
    return chosen | _trust(context, loaded, also)


def is_default(context: Any) -> bool:
    """Return whether a context says nothing that the host would not do anyway."""
    return context is None or not of(context)


def chain(certificate: Any, key: Any = None, password: Any = None, /) -> dict[str, Any]:
    """Return the options for a client's certificate, as `load_cert_chain` takes it."""
    if callable(password):
        password = password()
    if password is not None and not isinstance(password, str):
        password = bytes(password).decode()
    chosen: dict[str, Any] = {"cert_file": os.fsdecode(certificate)}
    if key is not None:
        chosen["key_file"] = os.fsdecode(key)
    if password is not None:
        chosen["key_password"] = password
    return chosen


def authorities(place: _Locations) -> dict[str, Any]:
    """Return the options for the authorities that a client names by itself.

    What it names when nobody has chosen stands for the host's own: certifi's bundle,
    and the files that the host has read from the environment already.
    """
    match place:
        case (file, folder, data) if not (file or folder or data) or _is_unchosen(
            place
        ):
            return {}
        case (file, None, None):
            return {"ca_file": os.fsdecode(file)}
        case (None, folder, None):
            return {"ca_dir": os.fsdecode(folder)}
    return {"ca_certs": sorted(_held([place]))}


def warn() -> None:
    """Warn that a client verifies nothing, where it was made."""
    frame, depth = sys._getframe(1), 2
    name = "a client"
    while frame.f_back is not None and _root(frame) in _LIBRARIES:
        if _root(frame) != "amaru":
            made = frame.f_locals.get("self")
            called = frame.f_code.co_name if made is None else type(made).__name__
            name = f"{_root(frame)}.{called}"
        frame, depth = frame.f_back, depth + 1
    message = (
        f"{name} was made with verify=False: anyone on the way can read and change "
        "what it sends and receives. To trust a private authority, give it "
        "verify=ssl.create_default_context(cafile=...)."
    )
    warnings.warn(message, InsecureConnectionWarning, stacklevel=depth)


def _root(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _refuse_what_cannot_be(context: ssl.SSLContext) -> None:
    def refuse(what: str) -> None:
        raise ValueError(
            f"the host cannot honour the {what} of this ssl.SSLContext: it makes the "
            "handshakes itself, from TLS 1.2 on, with the ciphers that are safe today"
        )

    newest = (ssl.TLSVersion.MAXIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_3)
    if context.maximum_version not in newest or context.options & ssl.OP_NO_TLSv1_3:
        refuse("maximum_version")
    if (
        context.minimum_version == ssl.TLSVersion.TLSv1_3
        or context.options & ssl.OP_NO_TLSv1_2
    ):
        refuse("minimum_version")
    offered = {cipher["name"] for cipher in context.get_ciphers()}
    if _available() - offered:
        refuse("ciphers")
    if context.verify_flags & (ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_CRL_CHECK_CHAIN):
        refuse("verify_flags that ask for revocation lists")


@cache
def _available() -> frozenset[str]:
    """Return which of the host's cipher suites this OpenSSL has by default."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _SUITES & {cipher["name"] for cipher in context.get_ciphers()}


def _trust(
    context: ssl.SSLContext, loaded: _Loaded, also: _Locations
) -> dict[str, Any]:
    given = [*loaded.authorities, *([also] if any(also) else [])]
    chosen = [place for place in given if not _is_unchosen(place)]
    if given and not chosen:
        return {}
    if not loaded.defaults and len(given) == 1:
        match given[0]:
            case (file, None, None):
                return {"ca_file": os.fsdecode(file)}
            case (None, folder, None):
                return {"ca_dir": os.fsdecode(folder)}
    # What a context holds can be asked of it, but for folders, which OpenSSL searches
    # in a handshake.
    folders = [(None, folder, None) for _, folder, _ in given]
    held = set(context.get_ca_certs(binary_form=True)) | _held([*folders, also])
    if not held - _of_system():
        # The system's, or none at all, of which truststore asks the system later.
        return {}
    if loaded.defaults:
        held |= _of_system()
    return {"ca_certs": sorted(held)}


def _is_unchosen(place: _Locations) -> bool:
    """Return whether it is what libraries name when nobody has chosen."""
    file, folder, data = place
    known = _bridge.AUTHORITIES | _paths_of_system() | _bundles()
    return not data and all(
        os.fsdecode(path) in known for path in (file, folder) if path
    )


def _bundles() -> set[str]:
    certifi = sys.modules.get("certifi")
    return set() if certifi is None else {certifi.where()}


@cache
def _paths_of_system() -> frozenset[str]:
    paths = ssl.get_default_verify_paths()
    return frozenset(filter(None, (paths.openssl_cafile, paths.openssl_capath)))


@cache
def _of_system() -> frozenset[bytes]:
    """Return the authorities that OpenSSL trusts by default, in DER form."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_default_verify_paths()
    # A folder is searched by OpenSSL only in a handshake.
    folder = ssl.get_default_verify_paths().capath
    return frozenset(context.get_ca_certs(binary_form=True)) | _in_folder(folder)


def _held(given: Iterable[_Locations]) -> set[bytes]:
    """Return the certificates of files, folders and data, in DER form."""
    found: set[bytes] = set()
    for file, folder, data in given:
        if file is not None or data is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cafile=file, cadata=data)
            found |= set(context.get_ca_certs(binary_form=True))
        if folder is not None:
            found |= _in_folder(os.fsdecode(folder))
    return found


def _in_folder(folder: str | None) -> frozenset[bytes]:
    if folder is None or not os.path.isdir(folder):
        return frozenset()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for entry in os.scandir(folder):
        try:
            context.load_verify_locations(cafile=entry.path)
        except (OSError, ssl.SSLError):
            # OpenSSL too passes over what is no certificate.
            continue
    return frozenset(context.get_ca_certs(binary_form=True))


def note(context: Any, method: str, *arguments: Any, **named: Any) -> None:
    """Remember what a method of `ssl.SSLContext` has just loaded into a context."""
    loaded = getattr(context, _NOTE, _Loaded())
    setattr(context, _NOTE, _NOTES[method](loaded, *arguments, **named))


def puts_off(
    context: Any, load: Callable[..., Any], *arguments: Any, **named: Any
) -> bool:
    """Return whether a context loads these authorities only when it needs them.

    Each client loads the usual bundle when it is made, which takes as long as a
    handshake several times over, and over the host none ever looks at it.
    """
    if load.__name__ != "load_verify_locations":
        return False
    place = _with_authorities(_Loaded(), *arguments, **named).authorities[0]
    if not any(place) or not _is_unchosen(place):
        return False
    # A file that cannot be read fails at once, as ever.
    if not all(os.access(path, os.R_OK) for path in place[:2] if path):
        return False
    with _LOADING:
        waiting = (*(getattr(context, _PUT_OFF, None) or ()), (load, place[:2]))
        setattr(context, _PUT_OFF, waiting)
    return True


def load(context: Any) -> None:
    """Load what a context has put off."""
    if getattr(context, _PUT_OFF, None) is None:
        return
    with _LOADING:
        for method, place in getattr(context, _PUT_OFF, None) or ():
            method(context, *place)
        setattr(context, _PUT_OFF, None)


def _with_chain(
    loaded: _Loaded, certfile: Any, keyfile: Any = None, password: Any = None
) -> _Loaded:
    return loaded._replace(chain=(certfile, keyfile, password))


def _with_authorities(
    loaded: _Loaded, cafile: Any = None, capath: Any = None, cadata: Any = None
) -> _Loaded:
    given = (cafile, capath, cadata)
    return loaded._replace(authorities=(*loaded.authorities, given))


def _with_defaults(loaded: _Loaded) -> _Loaded:
    return loaded._replace(defaults=True)


_NOTES: Final[dict[str, Any]] = {
    "load_cert_chain": _with_chain,
    "load_verify_locations": _with_authorities,
    "set_default_verify_paths": _with_defaults,
}
