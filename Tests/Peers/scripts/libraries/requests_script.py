# SPDX-License-Identifier: Apache-2.0
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Agent", self.headers["User-Agent"].split("/")[0])
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"

with requests.Session() as session:
    for number in range(3):
        answer = session.post(f"{base}/echo", json={"number": number})
        print(answer.status_code, answer.headers["X-Agent"], answer.json())
try:
    requests.get(base, timeout=5).raise_for_status()
except requests.HTTPError as exc:
    print(type(exc).__name__, exc.response.status_code)
try:
    requests.get("http://127.0.0.1:1/", timeout=5)
except requests.ConnectionError as exc:
    print(type(exc).__name__)
server.shutdown()
