"""Seats of entitlements: an application that takes, keeps, loses and gives back its seat."""

import json
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import Machine, run, wait_until
from seats_world import LEASE_SECONDS, Application, sell


class SeatsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.central = Machine(Path(folder.name) / "central", "central", "vendor")
        self.central.start()
        self.addCleanup(lambda: self.central.process and self.central.kill())
        self.code, self.entitlement = sell(self.central)

    def application(self, seat):
        return Application(self.central, self.code, seat)

    def pool(self):
        answer = self.central.http("GET", f"/v1/seat-pools/{self.entitlement}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def test_from_the_first_call_to_the_last(self):
        app = self.application("press-1")
        made = app.activate()
        self.assertEqual(made.status, 201, made)
        self.assertIn(made.json()["expires_in_seconds"], (LEASE_SECONDS - 1, LEASE_SECONDS))
        self.assertEqual(app.call("GET").json()["seat_id"], "press-1")
        self.assertEqual(app.call("POST", "/refresh").status, 200)
        self.assertEqual(app.call("POST", "/features/cores/checkout", {"amount": 5}).status, 200)
        self.assertEqual(self.pool()["seats"][0]["held"], {"cores": 5})
        self.assertEqual(app.call("DELETE").status, 204)
        self.assertEqual(self.pool()["in_use"], 0)
        gone = app.call("DELETE")
        self.assertEqual((gone.status, gone.json()["code"]), (404, "no_seat"))
        self.assertEqual(app.call("POST", "/refresh").json()["code"], "no_seat")
        other = app.call("POST", "/nowhere")
        self.assertEqual((other.status, other.json()["code"]), (404, "not_found"))

    def test_a_denial_explains_itself(self):
        for seat in ("press-1", "press-2"):
            self.assertEqual(self.application(seat).activate().status, 201)
        denied = self.application("press-3").activate()
        self.assertEqual(denied.status, 409, denied)
        problem = denied.json()
        self.assertEqual(problem["code"], "seats_exhausted")
        self.assertEqual((problem["limit"], problem["in_use"], problem["left"]), (2, 2, 0))
        self.assertLessEqual(problem["next_free_in_seconds"], LEASE_SECONDS)
        self.assertEqual(self.pool()["denials"], 1)

    def test_a_wrong_call_says_what_to_send(self):
        app = self.application("press-1")
        app.activate()
        for what, body, pointer in (
                ("/features/cores/return", {"amount": 1}, "/amount"),
                ("/borrow", {"until": "2020-01-01T00:00:00Z"}, "/until")):
            refused = app.call("POST", what, body)
            problem = refused.json()
            self.assertEqual((refused.status, problem["code"]), (422, "validation_failed"), refused)
            self.assertEqual(problem["errors"][0]["pointer"], pointer)
            self.assertTrue(problem["next"])
        self.assertEqual(self.pool()["denials"], 0)

    def test_seats_outlive_the_daemon(self):
        apps = [self.application(f"press-{number}") for number in (1, 2)]
        for app in apps:
            self.assertEqual(app.activate().status, 201)
            self.assertEqual(app.call("POST", "/refresh").status, 200)
        self.central.kill()
        self.central.start()
        for app in apps:
            self.assertEqual(app.call("POST", "/refresh").status, 200)
        self.assertEqual(self.application("press-3").activate().status, 409)
        self.assertEqual(apps[0].call("DELETE").status, 204)
        self.central.restart()
        self.assertEqual(self.application("press-3").activate().status, 201)

    def test_a_lost_reply_and_a_clone(self):
        app = self.application("press-1")
        first = app.activate(key="once")
        again = self.application("press-1").activate(key="once")
        self.assertEqual(again.json()["secret"], first.json()["secret"])
        lost = app.call("POST", "/features/prints/usage", {"amount": 60}, "u1", heard=False)
        self.assertEqual(app.call("POST", "/features/prints/usage", {"amount": 60}, "u1").json(),
                         lost.json())
        clone = app.clone()
        self.assertEqual(app.call("POST", "/refresh").status, 200)
        met = clone.call("POST", "/refresh")
        self.assertEqual((met.status, met.json()["code"]), (409, "seat_cloned"))
        self.assertEqual(self.pool()["clones"], 1)
        self.assertEqual(app.call("POST", "/refresh").status, 200)

    def test_a_policy_keeps_seats_for_a_group(self):
        policy = {"reservations": [{"group": "press", "seats": 1, "users": ["ann"]}]}
        address = f"/v1/seat-pools/{self.entitlement}:policy"
        self.assertEqual(self.central.http("POST", address, policy).status, 200)
        self.assertEqual(self.application("a").activate(user="eve").status, 201)
        self.assertEqual(self.application("b").activate(user="eve").status, 409)
        app = self.application("c")
        self.assertEqual(app.activate(user="ann", seat_name="Hall").json()["group"], "press")
        kept = app.activate().json()
        self.assertEqual((kept["user"], kept["seat_name"]), ("ann", "Hall"))
        policy["reservations"][0]["seats"] = 200
        refused = self.central.http("POST", address, policy)
        self.assertEqual((refused.status, refused.json()["errors"][0]["pointer"]),
                         (422, "/reservations/0/seats"), refused)

    def test_an_operator_ends_a_seat_and_says_why(self):
        app = self.application("press-1")
        app.activate()
        address = f"/v1/activations/{app.id}"
        self.assertEqual(self.central.http("DELETE", address).status, 400)
        done = self.central.http("DELETE", address, None, {"Skerry-Reason": "laptop stolen"})
        self.assertEqual(done.status, 204, done)
        audit = json.dumps(self.central.http("GET", "/v1/audit").json())
        self.assertIn("laptop stolen", audit)

    def submit(self, place, file):
        return self.central.http("POST", place, file.read_text(encoding="utf-8"))

    def test_a_machine_that_never_sees_the_daemon(self):
        code, seat = self.folder / "code", self.folder / "seat"
        code.write_text(self.code + "\n", encoding="utf-8")
        files = [self.folder / name for name in ("1.json", "2.json", "3.json", "answer")]
        run("offline", "request", seat, files[0], "--code", code, "--product", "PRESS",
            "--seat-id", "away", "--amount", "cores=6", "--amount", "prints=60")
        answer = self.submit("/v1/offline-activations", files[0])
        self.assertEqual(answer.status, 201, answer)
        self.assertNotIn("secret", answer.json())
        again = self.submit("/v1/offline-activations", files[0])
        self.assertEqual(again.json(), answer.json())
        files[3].write_bytes(answer.body)
        taken = run("offline", "answer", seat, files[3], "--json")
        self.assertEqual(taken.code, 0, taken)
        self.assertEqual(taken.document()["amounts"], {"cores": 6, "prints": 60})
        activation = taken.document()["id"]
        here = self.application("here")
        here.activate()
        denied = here.call("POST", "/features/cores/checkout", {"amount": 3})
        self.assertEqual((denied.status, denied.json()["left"]), (409, 2))

        run("offline", "refresh", seat, files[1])
        longer = self.submit(f"/v1/activations/{activation}/offline-refresh", files[1])
        self.assertEqual(longer.status, 200, longer)
        old = run("offline", "answer", seat, files[3])
        self.assertEqual(old.code, 65, old)  # the answer to another request
        files[3].write_bytes(longer.body)
        self.assertEqual(run("offline", "answer", seat, files[3]).code, 0)

        run("offline", "return", seat, files[2], "--used", "prints=12")
        back = self.submit(f"/v1/activations/{activation}/offline-return", files[2])
        self.assertEqual(back.status, 200, back)
        used = here.call("POST", "/features/prints/usage", {"amount": 88})
        self.assertEqual((used.status, used.json()["left"]), (200, 0))
        self.assertEqual(self.pool()["in_use"], 1)

    def test_an_answer_is_for_its_maker_alone(self):
        code = self.folder / "code"
        code.write_text(self.code, encoding="utf-8")
        seats = [self.folder / "seat-1", self.folder / "seat-2"]
        for number, seat in enumerate(seats):
            run("offline", "request", seat, self.folder / f"{number}.json", "--code", code,
                "--product", "PRESS", "--seat-id", f"away-{number}")
        answer = self.submit("/v1/offline-activations", self.folder / "0.json")
        (self.folder / "answer").write_bytes(answer.body)
        self.assertEqual(run("offline", "answer", seats[1], self.folder / "answer").code, 12)
        self.assertEqual(run("offline", "answer", seats[0], self.folder / "answer").code, 0)

    def test_guessing_codes_and_secrets_is_slowed_down(self):
        app = self.application("press-1")
        app.activate()
        thief = app.clone()
        thief.secret = "A" * 43

        def guess(number):
            if number % 2:
                return Application(self.central, f"GUESS-{number:06}", "thief").activate()
            return thief.call("GET")

        self.application("press-2").activate()  # makes the token of this test's requests
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(guess, range(200)))
        self.assertEqual({answer.status for answer in answers}, {403, 429})
        for answer in answers:
            if answer.status == 429:
                self.assertEqual(answer.json()["code"], "too_many_requests")
                self.assertEqual(answer.headers["Retry-After"], "1")
        wait_until(lambda: app.call("POST", "/refresh").status == 200, 10)
        self.assertIn("too many wrong codes or secrets", self.central.log())

    def test_a_disabled_entitlement_gives_nothing(self):
        answer = self.central.http("POST", f"/v1/entitlements/{self.entitlement}:disable")
        self.assertEqual(answer.status, 200, answer)
        denied = self.application("press-1").activate()
        self.assertEqual((denied.status, denied.json()["code"]), (403, "not_entitled"))


if __name__ == "__main__":
    unittest.main()
