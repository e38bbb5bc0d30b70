# SPDX-License-Identifier: Apache-2.0
"""Converses on the page where no other machine can be reached.

Prints the hosts of all requests that the browser's own protocol tells of.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))
from chromium import chromium
from serving import Serving

_GET, _SET, _UP = 0x8913, 0x8914, 0x1


def raise_loopback() -> None:
    """Let this machine reach itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh", b"lo", 0)
        _, flags = struct.unpack_from("16sh", fcntl.ioctl(any_socket, _GET, asked))
        wanted = struct.pack("16sh", b"lo", flags | _UP)
        fcntl.ioctl(any_socket, _SET, wanted)


def main() -> None:
    raise_loopback()
    server = Serving()
    hosts: list[str] = []

    def note(event: dict[str, dict[str, str]]) -> None:
        place = urlsplit(event["request"]["url"])
        if place.scheme != "data":
            hosts.append(place.netloc)

    try:
        with chromium("MAP chat.test 127.0.0.1") as browser:
            page = browser.new_page()
            session = page.context.new_cdp_session(page)
            session.on("Network.requestWillBeSent", note)
            session.send("Network.enable")
            page.goto(server.address)
            page.wait_for_selector("#app")
            page.fill(
                "#user-input", "say ![x](https://evil.test/x)\n\n```py\na = 1\n```"
            )
            page.press("#user-input", "Enter")
            page.locator(".turn[data-state=finished]").wait_for()
            page.wait_for_load_state("networkidle")
    finally:
        server.close()
    json.dump(hosts, sys.stdout)


if __name__ == "__main__":
    main()
