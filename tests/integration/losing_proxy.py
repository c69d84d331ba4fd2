"""A network between an application and its machine that loses what it is told to lose."""

import http.client
import http.server
import threading

TIMEOUT_SECONDS = 30


class LosingProxy:
    """Passes requests on to `target()` ("127.0.0.1:7070"). Counts down what it is to lose."""

    def __init__(self, target):
        self.target = target
        self.requests_to_lose = 0  # they do not arrive
        self.replies_to_lose = 0   # the request did its work, its reply does not arrive
        self.other_replies = []    # (status, text): what arrives in place of its reply
        self.held = None           # an Event: replies wait for it
        self.passed = threading.Semaphore(0)  # one more with each request that was answered
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def pass_on(self):
                proxy.pass_on(self)

            do_GET = do_POST = do_DELETE = pass_on

            def log_message(self, *ignored):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        if self.held:
            self.held.set()
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        handler.close_connection = True
        if self.requests_to_lose > 0:
            self.requests_to_lose -= 1
            return
        try:
            status, headers, text = self.ask(handler, body)
        except OSError:  # the machine is down: so is this end
            return
        self.passed.release()
        if self.held:
            self.held.wait(TIMEOUT_SECONDS)
            return
        if self.replies_to_lose > 0:
            self.replies_to_lose -= 1
            return
        if self.other_replies:
            status, text = self.other_replies.pop(0)
            headers = [("Content-Length", str(len(text)))]
        handler.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "date", "server"):
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text)

    def ask(self, handler, body):
        connection = http.client.HTTPConnection(self.target(), timeout=TIMEOUT_SECONDS)
        try:
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            connection.close()
