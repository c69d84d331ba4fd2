"""Users, sessions and roles of the real binary, and every operation of its document against
everybody who may ask."""

import http.client
import json
import re
import threading
import time
import unittest
import urllib.parse

from machine import MachineTest

PASSWORD = "kelp-forest-lantern"
ROLES = {
    "admin": {"any", "read", "log", "move", "write", "exchange", "admin"},
    "operator": {"any", "read", "log", "move", "write"},
    "mover": {"any", "read", "move"},
    "viewer": {"any", "read"},
    "auditor": {"any", "read", "log"},
    "application": {"any"},
}
REACHED = (400, 415)  # refused for its body, so behind the rights
NOBODY = "0199c0de-0000-7000-8000-000000000001"


class Asked:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"HTTP {self.status}: {self.body[:300]!r}"


def ask(machine, method, path, body=None, headers=None):
    """A request with these headers and nothing added."""
    connection = http.client.HTTPConnection(machine.address, timeout=60)
    try:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        given = dict(headers or {})
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        connection.request(method, path, data, given)
        return Asked(connection.getresponse())
    finally:
        connection.close()


def session_headers(answer):
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    return {"Cookie": cookie, "X-Skerry-Source": "console"}


class AccessTest(MachineTest):
    def make_user(self, machine, name, role, *more):
        return machine.ok("user", "create", name, "--role", role, *more, "--json").document()

    def claim(self, machine, code, password=PASSWORD):
        return ask(machine, "POST", "/v1/session:claim", {"code": code, "password": password})

    def sign_in(self, machine, name, password=PASSWORD):
        return ask(machine, "POST", "/v1/session", {"name": name, "password": password})

    def session_of(self, machine, name, role, *more):
        claimed = self.claim(machine, self.make_user(machine, name, role, *more)["code"])
        self.assertEqual(claimed.status, 200, claimed)
        return session_headers(claimed)

    def test_the_first_administrator(self):
        machine = self.new_machine("site", "mine")
        first = machine.ok("setup", "--json").document()
        told = machine.ok("setup").out
        self.assertIn(f"curl http://{machine.address}/v1/session:claim", told)
        self.assertIn(f"\nhttp://{machine.address}/setup?code=skry_code_", told)
        self.assertIn("skerry setup --password-file FILE", told)
        again = machine.ok("setup", "--json").document()  # nobody used the first one
        self.assertEqual((first["name"], first["role"]), ("admin", "admin"))
        self.assertNotEqual(first["code"], again["code"])
        self.assertEqual(self.claim(machine, first["code"]).status, 401)
        claimed = self.claim(machine, again["code"])
        self.assertEqual(claimed.status, 200, claimed)
        self.assertEqual(machine.run("setup").code, 1)
        self.assertRegex(claimed.headers["Set-Cookie"],
                         "^__Host-skerry=[^;]+; Path=/; Secure; HttpOnly; SameSite=Strict$")
        me = ask(machine, "GET", "/v1/session", headers=session_headers(claimed)).json()
        self.assertEqual((me["kind"], me["name"], me["role"]), ("user", "admin", "admin"))
        for file in machine.data.rglob("*"):
            if file.is_file() and not file.is_symlink():
                held = file.read_bytes()
                for secret in (PASSWORD, first["code"], again["code"], session_headers(claimed)
                               ["Cookie"].split("=")[1]):
                    self.assertNotIn(secret.encode(), held, file)

    def test_the_page_behind_the_link(self):
        machine = self.new_machine("site", "mine")
        setup = machine.ok("setup", "--json").document()
        path = setup["link"].removeprefix(f"http://{machine.address}")
        page = ask(machine, "GET", path)
        self.assertEqual(page.status, 200, page)
        self.assertIn(f'name="code" value="{setup["code"]}"'.encode(), page.body)
        self.assertNotIn(b"<script", page.body)
        self.assertEqual(page.body.count(b'type="password"'), 2)
        policy = page.headers["Content-Security-Policy"]
        self.assertEqual(policy, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
                                 "form-action 'self'")
        self.assertEqual((page.headers["Cache-Control"], page.headers["Referrer-Policy"]),
                         ("no-store", "no-referrer"))
        self.assertEqual(ask(machine, "GET", "/setup?code=%22%3E").status, 400)

        def send(password, again, **headers):
            form = urllib.parse.urlencode({"code": setup["code"], "password": password,
                                           "again": again}).encode()
            return ask(machine, "POST", "/setup", form,
                       {"Content-Type": "application/x-www-form-urlencoded", **headers})

        chosen = "kelp & forest + lantern"  # as a browser encodes it
        self.assertEqual(send("short", "short").status, 422)
        self.assertEqual(send(chosen, "another").status, 422)
        self.assertEqual(send(chosen, chosen, **{"Sec-Fetch-Site": "cross-site"}).status, 403)
        self.assertEqual(send(chosen, chosen, **{"Content-Type": "text/plain"}).status, 415)
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        for password, again, said, remedy in (
                ("short", "short", "This must have 15 ", "choose another password"),
                (chosen, "another", "This must be the password once more", "send it again")):
            page = send(password, again, **browser)
            self.assertEqual((page.status, page.headers["Content-Security-Policy"]), (422, policy))
            self.assertIn(said, page.body.decode())
            self.assertIn(remedy, page.body.decode())
            self.assertIn(f'name="code" value="{setup["code"]}"', page.body.decode())
            self.assertNotIn(password, page.body.decode())
            asked = send(password, again, Accept="application/json, text/html;q=0.9")
            self.assertEqual(asked.json()["code"], "validation_failed")
        page = ask(machine, "GET", path[:-1], None, browser)
        self.assertEqual(page.status, 400, page)
        self.assertIn("take the whole link", page.body.decode())
        done = send(chosen, chosen, **{"Sec-Fetch-Site": "same-origin"})
        self.assertEqual(done.status, 200, done)
        self.assertIn(b"The password is chosen", done.body)
        self.assertEqual(send(chosen, chosen).status, 401, "it is good once")
        late = send(chosen, chosen, **browser)
        self.assertEqual(late.status, 401, late)
        self.assertIn("ask an administrator for another", late.body.decode())
        self.assertNotIn("<form", late.body.decode(), "with a code that is over")
        self.assertNotIn(setup["code"], machine.log())
        self.assertEqual(self.sign_in(machine, "admin", chosen).status, 200)

    def follow(self, machine, headers):
        """The open event stream of whoever sends these headers."""
        connection = http.client.HTTPConnection(machine.address, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/changes", None, {"Accept": "text/event-stream", **headers})
        stream = connection.getresponse()
        self.assertEqual(stream.status, 200)
        while not stream.readline().startswith(b"data: "):
            pass
        return stream

    def short_token(self, machine):
        """A token for an hour at most."""
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
        return machine.ok("token", "create", "short", "--access", "read", "--expires", until,
                          "--json").document()

    def test_a_stream_ends_with_the_right_to_it(self):
        machine = self.new_machine("central", "vendor", start=False).take_lever().start()
        session = self.session_of(machine, "alice", "operator")
        made = machine.ok("token", "create", "revoked", "--access", "read", "--json").document()
        kept = machine.ok("token", "create", "kept", "--access", "read", "--json").document()
        short = self.short_token(machine)
        bearer = [{"Authorization": f"Bearer {each['token']}"} for each in (made, short, kept)]
        ended = [self.follow(machine, each) for each in (bearer[0], bearer[1], session)]
        going_on = self.follow(machine, bearer[2])
        machine.ok("token", "revoke", made["id"])
        machine.ok("user", "set", "alice", "--role", "viewer")
        machine.pass_time(601)  # nothing tells of the end of a token
        machine.create("customers", {"name": "Secret"})
        for stream in ended:
            self.assertNotIn(b"Secret", stream.read())
        while b"Secret" not in going_on.readline():
            pass
        self.assertEqual(ask(machine, "GET", "/v1/changes", headers=bearer[0]).status, 401)

    def test_a_long_poll_ends_with_the_right_to_it(self):
        machine = self.new_machine("central", "vendor", start=False).take_lever().start()
        short = self.short_token(machine)
        bearer = {"Authorization": f"Bearer {short['token']}"}
        path = "/v1/changes?after=0&limit=500"
        last = ask(machine, "GET", path, headers=bearer).json()["last"]
        passing = threading.Timer(1, machine.pass_time, (601,))  # while it waits
        passing.start()
        self.addCleanup(passing.join)
        late = ask(machine, "GET", f"/v1/changes?after={last}&wait=3", headers=bearer)
        self.assertEqual(late.status, 401, late)

    def test_break_glass(self):
        machine = self.new_machine("central", "vendor")
        self.session_of(machine, "root", "admin")
        machine.ok("user", "disable", "root")
        self.assertEqual(self.sign_in(machine, "root").status, 401)
        refused = machine.run("user", "reset", "root")  # its code would let nobody in
        self.assertEqual(refused.code, 77)
        self.assertIn("skerry user enable root", refused.err)
        machine.ok("user", "enable", "root")
        code = machine.ok("user", "reset", "root", "--json").document()["code"]
        self.assertEqual(self.claim(machine, code, "gravel tide umbrella").status, 200)
        self.assertEqual(self.sign_in(machine, "root").status, 401)
        self.assertEqual(self.sign_in(machine, "root", "gravel tide umbrella").status, 200)

    def test_users_by_command_and_over_a_restart(self):
        machine = self.new_machine("central", "vendor")
        session = self.session_of(machine, "alice", "operator")
        made = ask(machine, "POST", "/v1/customers", {"name": "Acme"}, session)
        self.assertEqual(made.status, 201, made)
        self.assertIn("alice", machine.ok("user", "list").out)
        other = session_headers(self.sign_in(machine, "alice"))
        newest = machine.ok("session", "list", "--json").out.splitlines()[0]
        machine.ok("session", "revoke", json.loads(newest)["id"])
        self.assertEqual(ask(machine, "GET", "/v1/customers", headers=other).status, 401)
        self.assertEqual(machine.run("user", "set", "alice").code, 64)
        self.assertEqual(ask(machine, "GET", "/v1/customers", headers=session).status, 200)
        changed = machine.ok("user", "set", "alice", "--role", "viewer", "--expires",
                             "2099-01-01T00:00:00Z", "--json").document()
        self.assertEqual((changed["role"], changed["expires_at"][:4]), ("viewer", "2099"))
        self.assertEqual(ask(machine, "GET", "/v1/customers", headers=session).status, 401)
        session = session_headers(self.sign_in(machine, "alice"))
        self.assertEqual(ask(machine, "GET", "/v1/customers", headers=session).status, 200)
        refused = ask(machine, "POST", "/v1/customers", {"name": "Acme"}, session)
        self.assertEqual(refused.status, 403, refused)
        machine.restart()
        self.assertEqual(ask(machine, "GET", "/v1/customers", headers=session).status, 401)
        self.assertEqual(self.sign_in(machine, "alice").status, 200)
        listed = machine.ok("audit", "list", "--op", "event", "--limit", "100", "--json").lines()
        told = {row["detail"] for row in listed}
        self.assertLessEqual({"user_made", "password_chosen", "user_changed", "signed_in",
                              "denied"}, told)
        machine.ok("audit", "verify")
        self.assertEqual(machine.run("user", "create", "bob", "--role", "root").code, 65)
        self.assertEqual(machine.run("user", "disable", "nobody").code, 1)
        everybodys = machine.run("token", "create", "press", "--access", "seats")
        self.assertEqual(everybodys.code, 65, everybodys)
        self.assertIn("limited to customers", everybodys.err)

    def test_a_dry_run_changes_nothing(self):
        machine = self.new_machine("central", "vendor")
        self.make_user(machine, "alice", "viewer")
        token = machine.ok("token", "create", "crm", "--json").document()["id"]
        before = [machine.ok(noun, "list", "--json").out for noun in ("user", "token")]
        password = self.folder / "password"
        password.write_text("password\n", encoding="utf-8")
        password.chmod(0o600)
        weak = machine.run("setup", "--password-file", password, "--dry-run")
        self.assertEqual(weak.code, 65, weak)
        password.write_text(f"{PASSWORD}\n", encoding="utf-8")
        for command in (("setup",), ("setup", "--password-file", password),
                        ("user", "create", "bob", "--role", "viewer"),
                        ("user", "set", "alice", "--role", "operator"),
                        ("user", "disable", "alice"), ("user", "enable", "alice"),
                        ("user", "reset", "alice"), ("token", "create", "other"),
                        ("token", "revoke", token)):
            tried = machine.ok(*command, "--dry-run")
            self.assertIn("nothing is written", tried.err, command)
            self.assertNotIn("skry_", tried.out, command)
        self.assertIn("would be revoked", machine.ok("token", "revoke", token, "--dry-run").out)
        self.assertEqual(machine.run("user", "reset", "nobody", "--dry-run").code, 1)
        self.assertEqual([machine.ok(noun, "list", "--json").out for noun in ("user", "token")],
                         before)

    def test_guesses_are_braked(self):
        machine = self.new_machine("central", "vendor")
        self.session_of(machine, "alice", "viewer")
        for _ in range(5):
            self.assertEqual(self.sign_in(machine, "alice", "wrong").status, 401)
        refused = self.sign_in(machine, "alice")
        self.assertEqual(refused.status, 429)
        self.assertIn(int(refused.headers["Retry-After"]), range(890, 901))
        code = machine.ok("user", "reset", "alice", "--json").document()["code"]
        self.assertEqual(self.claim(machine, code).status, 200)  # as its `next` promises

    def test_every_operation_against_everybody(self):
        machine = self.new_machine("central", "vendor")
        document = machine.http("GET", "/v1/openapi.json").json()
        operations = [(method.upper(), path, operation)
                      for path, methods in document["paths"].items()
                      for method, operation in methods.items()]
        self.assertGreater(len(operations), 250)

        def bearer(name, access, *more):
            made = machine.ok("token", "create", name, "--access", access, *more, "--json")
            made = made.document()
            return made["id"], {"Authorization": f"Bearer {made['token']}"}

        everybody = [("nobody", {}, set(), 401)]
        for name, access, rights in (("reads", "read", {"any", "read", "log"}),
                                     ("writes", "write", {"any", "move", "write"}),
                                     ("rules", "admin", ROLES["admin"])):
            everybody.append((name, bearer(name, access)[1], rights, 403))
        for role, rights in ROLES.items():
            everybody.append((role, self.session_of(machine, f"a-{role}", role), rights, 403))
        for who, headers, rights, otherwise in everybody:
            for method, path, operation in operations:
                access = operation["x-access"]
                asked = self.ask_in_vain(machine, method, path, operation, headers)
                with self.subTest(who=who, method=method, path=path):
                    if access == "open" or access in rights:
                        self.assertIn(asked.status, REACHED, asked)
                    else:
                        self.assertEqual(asked.status, otherwise, asked)
        gone, revoked = bearer("gone", "admin")
        machine.ok("token", "revoke", gone)
        ended = self.session_of(machine, "ended", "admin")
        machine.ok("user", "disable", "ended")
        for method, path, operation in operations:
            for headers in (revoked, ended):
                asked = self.ask_in_vain(machine, method, path, operation, headers)
                if operation["x-access"] != "open":
                    self.assertIn(asked.status, (401, 429), f"{method} {path}: {asked}")

    def ask_in_vain(self, machine, method, path, operation, headers):
        """A request whose body is refused before any handler runs."""
        path = re.sub(r"\{\w+\}", NOBODY, path)
        headers = {**headers, "Content-Type": "text/plain"}
        if "requestBody" in operation:
            headers["Content-Encoding"] = "gzip"
        return ask(machine, method, path, b"x", headers)


if __name__ == "__main__":
    unittest.main()
