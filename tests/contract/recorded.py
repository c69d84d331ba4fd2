"""Answers that a machine gave, held against the document afterwards.

Prism reads every body as UTF-8 text and sends on what it read, which damages a bundle. So a bundle
goes straight to the machine, and Prism is shown the answer by a stand-in.
"""

import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from machine import Answer
from validating_proxy import check_contract, proxy_before

PASSED_ON = ("Content-Type", "ETag", "Location", "Retry-After", "Content-Disposition",
             "X-Skerry-Outcome", "X-Skerry-Resume", "Idempotency-Replayed")


class Recorder:
    """One stand-in, with Prism before it, for the answers of a test."""

    def __init__(self):
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def answer_all(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                recorder.repeat(self)

            do_GET = do_POST = do_PATCH = do_DELETE = answer_all

            def log_message(self, *_):
                pass

        self.answer = None
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def repeat(self, handler):
        answer = self.answer
        is_json = "json" in answer.headers.get("Content-Type", "")
        body = answer.body if is_json else b"bytes" if answer.body else b""
        handler.send_response(answer.status)
        for name in PASSED_ON:
            if name in answer.headers:
                handler.send_header(name, answer.headers[name])
        if answer.status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if answer.status != 204:
            handler.wfile.write(body)

    def check(self, answer, method, path, has_body):
        self.answer = answer
        address = proxy_before(f"127.0.0.1:{self.server.server_address[1]}")
        headers = {"Authorization": "Bearer none"}
        if has_body:
            headers["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(f"http://{address}{path}", b"bytes" if has_body else None,
                                         headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                seen = Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                seen = Answer(error.code, error.headers, error.read())
        check_contract(f"{method} {path}", seen)

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
