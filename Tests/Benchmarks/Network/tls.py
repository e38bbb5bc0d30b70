# SPDX-License-Identifier: Apache-2.0
"""A small HTTPS server on loopback, in threads of the benchmark itself."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

__all__ = ["TLSServer", "make_certificate"]

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class TLSServer:
    """Answers every request on `port`; none has a body."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._context.wrap_socket(plain, server_side=True) as peer:
                received = b""
                while piece := peer.recv(65536):
                    received += piece
                    if received.endswith(b"\r\n\r\n"):
                        peer.sendall(ANSWER)
                        received = b""


def make_certificate(path: Path) -> None:
    """Makes a certificate of localhost that signs itself, and its key."""
    if path.exists():
        return
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", path.with_suffix(".key"), "-out", path]
    command = ["openssl", "req", "-x509", "-days", "3650", *key, *name, *files]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
