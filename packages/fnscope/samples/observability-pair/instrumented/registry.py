"""Where users are registered: USERS_URL, or a server inside this environment that takes everybody."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _TakesEverybody(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


_own = None


def users_url():
    global _own
    given = os.environ.get("USERS_URL")
    if given:
        return given
    if _own is None:
        _own = ThreadingHTTPServer(("127.0.0.1", 0), _TakesEverybody)
        threading.Thread(target=_own.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{_own.server_port}/users"
