# SPDX-License-Identifier: Apache-2.0
"""What an `ssl.SSLContext` says, in the form that the core takes.

The host makes the handshakes, so a context is only read. What it verifies, its versions
and its ciphers can be asked of it; the files that were loaded into it cannot, so
`note` keeps them on the context as they are loaded. What the host cannot do as a
context says is refused by name, as an error of TLS.
"""

from __future__ import annotations

import os
import ssl
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final, NamedTuple, NoReturn

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
    "refuse",
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
_VERSIONS: Final = (
    (ssl.TLSVersion.TLSv1, ssl.OP_NO_TLSv1),
    (ssl.TLSVersion.TLSv1_1, ssl.OP_NO_TLSv1_1),
    (ssl.TLSVersion.TLSv1_2, ssl.OP_NO_TLSv1_2),
    (ssl.TLSVersion.TLSv1_3, ssl.OP_NO_TLSv1_3),
)
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
    is an SSLError, what is no context a TypeError.
    """
    # truststore's context, which httpx2 makes, stands in front of a real one.
    outer, context = context, getattr(context, "_ctx", context)
    if not isinstance(context, ssl.SSLContext):
        raise TypeError(
            "the host takes TLS settings from an ssl.SSLContext only, not from a "
            f"{type(context).__module__}.{type(context).__name__}"
        )
    if context.verify_flags & (ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_CRL_CHECK_CHAIN):
        refuse("verify_flags that ask for revocation lists")
    loaded: _Loaded = getattr(context, _NOTE, _Loaded())
    chosen = _spoken(context)
    if loaded.chain is not None:
        chosen |= chain(*loaded.chain)
    if context.verify_mode == ssl.CERT_NONE:
        return chosen | {"verify": False}
    if not context.check_hostname:
        chosen["verify"] = "no-name"
    trust = _trust(context, loaded, also)
    # truststore asks the system later; any other without authorities trusts no server.
    if outer is not context and trust == {"ca_certs": []}:
        return chosen
    return chosen | trust


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
    if any(place):
        places = [] if _is_unchosen(place) else [place]
    else:
        places = _of_environment()
    match places:
        case []:
            return {}
        case [(file, None, None)]:
            return {"ca_file": os.fsdecode(file)}
        case [(None, folder, None)]:
            return {"ca_dir": os.fsdecode(folder)}
    return {"ca_certs": sorted(_held(places))}


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


def refuse(what: str) -> NoReturn:
    """Raise what TLS raises, for a setting that the host cannot follow."""
    message = f"the host makes the TLS handshakes and cannot honour the {what}"
    raise ssl.SSLError(ssl.SSLErrorNumber.SSL_ERROR_SSL, message)


def _spoken(context: ssl.SSLContext) -> dict[str, Any]:
    """Return the options for the versions and ciphers that a context names."""
    versions = _versions(context)
    oldest, newest = versions[0], versions[-1]
    chosen: dict[str, Any] = {}
    if oldest != ssl.TLSVersion.TLSv1_2:
        chosen["tls_minimum"] = _version_name(oldest)
    if newest != ssl.TLSVersion.TLSv1_3:
        chosen["tls_maximum"] = _version_name(newest)
    # Those of TLS 1.3 have names of their own, and are not chosen this way.
    offered = [cipher["name"] for cipher in context.get_ciphers()]
    if oldest != ssl.TLSVersion.TLSv1_3 and _available() - set(offered):
        chosen["ciphers"] = ":".join(n for n in offered if not n.startswith("TLS_"))
    return chosen


def _versions(context: ssl.SSLContext) -> list[ssl.TLSVersion]:
    """Return the versions of TLS that a context speaks, from the oldest on.

    One that names no oldest version gets the host's, unless it ends before that.
    """
    oldest, newest = context.minimum_version, context.maximum_version
    found = [
        version
        for version, off in _VERSIONS
        if (oldest < 0 or version >= oldest)
        and (newest < 0 or version <= newest)
        and not context.options & off
    ]
    if not found:
        refuse("minimum_version together with the maximum_version")
    if oldest < 0:
        return [v for v in found if v >= ssl.TLSVersion.TLSv1_2] or found
    return found


def _version_name(version: ssl.TLSVersion) -> str:
    return version.name.replace("_", ".")


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
    if (given or loaded.defaults) and not chosen:
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
    # Those of the system, all of which are read for that.
    if held and not held - _of_system():
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
    """Return the authorities that OpenSSL trusted as the host started, in DER form."""
    places: list[_Locations] = []
    for paths in _bridge.AUTHORITIES or _paths_of_system():
        if os.path.isfile(paths):
            places.append((paths, None, None))
        else:
            places += [(None, folder, None) for folder in paths.split(":")]
    return frozenset(_held(places))


def _held(given: Iterable[_Locations]) -> set[bytes]:
    """Return the certificates of files, folders and data, in DER form."""
    found: set[bytes] = set()
    for file, folder, data in given:
        if file is not None or data is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cafile=file, cadata=data)
            found |= set(context.get_ca_certs(binary_form=True))
        # OpenSSL takes a list, and passes over folders that are missing.
        for path in os.fsdecode(folder).split(os.pathsep) if folder else ():
            found |= _in_folder(path)
    return found


def _in_folder(folder: str) -> frozenset[bytes]:
    if not os.path.isdir(folder):
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
    # What OpenSSL reads in the environment, it reads now.
    places = _of_environment()
    if not places:
        return loaded._replace(defaults=True)
    return loaded._replace(authorities=(*loaded.authorities, *places))


def _of_environment() -> list[_Locations]:
    """Return what the environment names by now, unless the host has read it so.

    As for the host, the file and the folders take the place of the system's.
    """
    file, folders = (os.environ.get(n, "") for n in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    if {file, folders} - {""} <= _bridge.AUTHORITIES:
        return []
    found: list[_Locations] = [(file, None, None)] if file else []
    return found + [(None, folder, None) for folder in folders.split(":") if folder]


_NOTES: Final[dict[str, Any]] = {
    "load_cert_chain": _with_chain,
    "load_verify_locations": _with_authorities,
    "set_default_verify_paths": _with_defaults,
}
