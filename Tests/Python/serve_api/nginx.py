# SPDX-License-Identifier: Apache-2.0
"""The distribution's nginx in front of a server."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_CONFIGURATION = """
daemon off;
worker_processes 1;
pid nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {upstream}
    server {{
        listen 127.0.0.1:{port}{tls};
        {location}
    }}
}}
"""
_TLS = """ ssl http2;
        ssl_certificate certificate;
        ssl_certificate_key key"""


class Nginx:
    """One run of nginx, with one location."""

    def __init__(
        self,
        listener: socket.socket,
        folder: Path,
        location: str,
        *,
        tls: bool = False,
        upstream: str = "",
    ) -> None:
        assert PROGRAM is not None, "it is installed"
        self.port = listener.getsockname()[1]
        self._tls = tls
        if tls:
            _make_certificate(folder)
        text = _CONFIGURATION.format(
            port=self.port,
            tls=_TLS if tls else "",
            location=location,
            upstream=upstream,
        )
        (folder / "nginx.conf").write_text(text)
        # It finds the socket as one of a former nginx, so that no port is taken twice.
        self._process = subprocess.Popen(
            [PROGRAM, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"],
            env={"NGINX": f"{listener.fileno()};"},
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
        )

    def connect(self) -> http.client.HTTPConnection:
        """Connect as a client that is no browser."""
        if not self._tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=50)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=50, context=context
        )

    def close(self) -> None:
        """End it at once."""
        self._process.terminate()
        self._process.wait(20)


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=chat.example"
        " -keyout key -out certificate".split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
