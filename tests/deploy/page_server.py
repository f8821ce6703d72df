"""What a daemon does with / and /status, for planted documents: the page's own file, and whatever `document` holds."""

import http.server
import json
import threading
import time
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "config" / "page.html"


class Server:
    """`document` is what /status says next: an object, or bytes as they are. `status` is its HTTP status; `silent`: no answer at
    all, until it is false again."""

    def __init__(self, document):
        self.document, self.status, self.silent = document, 200, False
        self.asked = []  # paths
        self._ending = False

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                while outer.silent and self.path == "/status" and not outer._ending:
                    time.sleep(0.02)
                try:
                    outer._answer(self)
                except ConnectionError:
                    pass  # it did not wait

            def log_message(self, *_):
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending = True
        self._http.shutdown()
        self._http.server_close()

    def _answer(self, request):
        if request.path == "/":
            status, kind, body = 200, "text/html; charset=utf-8", PAGE.read_bytes()
        elif request.path == "/status":
            status, kind = self.status, "application/json"
            body = self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()
        else:
            status, kind, body = 404, "application/json", b"{}"
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Cache-Control", "no-store")
        request.end_headers()
        request.wfile.write(body)
