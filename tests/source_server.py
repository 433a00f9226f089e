"""A server on this machine that plays GOV.UK's pages and files: the shapes of its content interface, and all that goes wrong."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Served:
    """What each path answers: (status, headers, body), a list of such for one call after another, or a function of the handler."""

    def __init__(self, origin):
        self.origin, self.answers, self.asked, self.agents = origin, {}, [], []

    def page(self, path, **said):
        self.answers[f"/api/content{path}"] = (200, {}, json.dumps({"base_path": path, "schema_name": "statistical_data_set", **said}))

    def attach(self, path, *attachments, **said):
        self.page(path, details={"attachments": list(attachments), "body": ""}, **said)

    def file(self, url, body):
        self.answers[url] = (200, {"Content-Type": "text/csv"}, body)

    def files_asked(self):
        return [path for path in self.asked if not path.startswith("/api/")]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        served = self.server.served
        served.asked.append(self.path)
        served.agents.append(self.headers["User-Agent"])
        answer = served.answers.get(self.path, (404, {}, '{"_response_info":{"status":"not found"}}'))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            return answer(self)
        status, headers, body = answer
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def slow(handler):
    time.sleep(0.5)
    handler.close_connection = True


def dripping(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        try:
            handler.wfile.write(b"x")
        except OSError:
            return
        time.sleep(0.02)


@contextmanager
def serving():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.served = Served(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
