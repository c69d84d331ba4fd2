"""Records over HTTP: lifecycle, batches and moves."""

import json
import unittest

from record_world import NOBODY, Records


class Lifecycle(Records):
    def test_archived_records_leave_the_lists_and_come_back(self):
        acme = self.made("customers", name="Acme")
        path = f"/v1/customers/{acme['id']}"
        archived = self.post(path + ":archive")
        self.assertEqual(archived.status, 200, archived)
        when = archived.json()["archived_at"]
        self.assertIsNotNone(when)
        self.assertEqual(self.ids("/v1/customers"), [])
        self.assertEqual(self.ids("/v1/customers?archived=only"), [acme["id"]])
        self.assertEqual(self.ids("/v1/customers?archived=include"), [acme["id"]])
        self.assertEqual(self.ids("/v1/customers?q=Acm"), [acme["id"]])
        # Once more changes nothing, not even when.
        again = self.post(path + ":archive")
        self.assertEqual((again.status, again.json()["archived_at"]), (200, when))
        self.assertEqual(again.headers["ETag"], archived.headers["ETag"])
        back = self.post(path + ":unarchive")
        self.assertEqual((back.status, back.json()["archived_at"]), (200, None))
        self.assertEqual(self.ids("/v1/customers"), [acme["id"]])

    def test_archiving_a_location_says_what_stands_there(self):
        pump, acme, yard, _ = self.world()
        empty = self.post(f"/v1/locations/{yard['id']}:archive")
        self.assertNotIn("notice", empty.json())
        self.post(f"/v1/locations/{yard['id']}:unarchive")
        for serial in ("1", "2"):
            asset = self.made("assets", product=pump["id"], serial=serial)
            self.made("moves", asset=asset["id"], to_location=yard["id"], arrived_at="2026-01-01")
        full = self.post(f"/v1/locations/{yard['id']}:archive")
        self.assertEqual(full.status, 200, full)
        self.assertIn("2 assets", full.json()["notice"])
        customer = self.read("customers", acme)
        self.assertEqual(customer["locations"], 1)
        self.assertEqual(customer["assets_on_location"], 2)

    def test_disabling_is_not_archiving(self):
        acme = self.made("customers", name="Acme")
        path = f"/v1/customers/{acme['id']}"
        off = self.post(path + ":disable").json()
        self.assertIsNotNone(off["disabled_at"])
        self.assertIsNone(off["archived_at"])
        self.assertEqual(self.ids("/v1/customers"), [acme["id"]])
        self.assertEqual(self.post(path + ":disable").json()["disabled_at"], off["disabled_at"])
        self.assertIsNone(self.post(path + ":enable").json()["disabled_at"])
        self.refused(self.post(f"/v1/locations/{acme['id']}:disable"), 405, "method_not_allowed")

    def test_scrapping_is_an_end(self):
        pump, acme, yard, _ = self.world()
        asset = self.made("assets", product=pump["id"], serial="1", owner=acme["id"],
                          status="down")
        path = f"/v1/assets/{asset['id']}"
        self.refused(self.post(path + ":scrap", {"status": "spare"}), 422, "validation_failed",
                     ["/status unknown_field"])
        self.refused(self.post(path + ":scrap", {"scrapped_on": "2026-02-30"}), 422,
                     "validation_failed", ["/scrapped_on bad_date"])
        gone = self.post(path + ":scrap", {"scrapped_on": "2026-02-28", "disposal_reason": "rust",
                                           "disposal_price": 12.50})
        self.assertEqual(gone.status, 200, gone)
        self.assertEqual(gone.json()["scrapped_on"], "2026-02-28")
        self.assertEqual(gone.json()["disposal_price"], "12.5")
        self.assertEqual(self.ids("/v1/assets"), [])
        self.assertEqual(self.ids("/v1/assets?scrapped=include"), [asset["id"]])
        self.assertEqual(self.read("customers", acme)["assets_owned"], 0)
        # To scrap it again is done already.
        for body in ({}, {"disposal_reason": "rust"}, {"scrapped_on": None}):
            self.refused(self.post(path + ":scrap", body), 422, "validation_failed",
                         ["/scrapped_on required"])
        again = self.post(path + ":scrap", {"scrapped_on": "2026-02-28"})
        self.assertEqual((again.status, again.json()["scrapped_on"]), (200, "2026-02-28"), again)
        tag = {"If-Match": again.headers["ETag"], "Content-Type": "application/merge-patch+json"}
        fixed = self.central.http("PATCH", path, {"status": "spare", "description": "x"}, tag)
        self.refused(fixed, 422, "validation_failed", ["/status scrapped"])
        self.central.edit("assets", asset["id"], {"description": "in the yard"})
        self.made("moves", asset=asset["id"], to_location=yard["id"], arrived_at="2026-03-01")
        self.assertEqual(self.read("assets", asset)["location"], yard["id"])

    def test_what_is_archived_and_scrapped_is_among_those_of_either(self):
        pump, *_ = self.world()
        asset = self.made("assets", product=pump["id"], serial="1")
        path = f"/v1/assets/{asset['id']}"
        self.assertEqual(self.post(path + ":scrap", {"scrapped_on": "2026-02-28"}).status, 200)
        self.assertEqual(self.ids("/v1/assets?scrapped=only"), [asset["id"]])
        self.assertEqual(self.ids("/v1/assets?archived=only"), [])
        self.assertEqual(self.post(path + ":archive").status, 200)
        for query in ("scrapped=only", "archived=only", "archived=only&scrapped=only"):
            self.assertEqual(self.ids(f"/v1/assets?{query}"), [asset["id"]], query)
        for query in ("scrapped=only&archived=exclude", "archived=only&scrapped=exclude", ""):
            self.assertEqual(self.ids(f"/v1/assets?{query}"), [], query)

    def test_a_verb_takes_an_empty_object(self):
        acme = self.made("customers", name="Acme")
        path = f"/v1/customers/{acme['id']}"
        json_type = {"Content-Type": "application/json"}
        asked = lambda body, headers=json_type: self.central.send(
            self.central.address, "POST", path + ":archive", body, headers)
        for body in (b'{"at":1}', b"[]", b"{", b"null", b"{}{}"):
            self.refused(asked(body), 400, "bad_request")
        self.refused(asked(b"{}", {"Content-Type": "text/plain"}), 400, "bad_request")
        self.assertIsNone(self.read("customers", acme)["archived_at"])
        self.assertEqual(asked(b" {} ").status, 200)
        self.assertIsNotNone(self.read("customers", acme)["archived_at"])

    def test_null_is_the_default_where_nothing_is_empty(self):
        acme = self.made("customers", name="Acme", roles=None)
        self.assertEqual(acme["roles"], ["customer"])
        contact = self.made("contacts", customer=acme["id"], email="a@x.example",
                            status="inactive", is_key_contact=True)
        edited = self.central.edit("contacts", contact["id"],
                                   {"status": None, "is_key_contact": None})
        self.assertEqual((edited["status"], edited["is_key_contact"]), ("active", False))

    def test_verbs_on_nothing_and_with_an_old_tag(self):
        acme = self.made("customers", name="Acme")
        for path in (f"/v1/customers/{NOBODY}", "/v1/customers/none"):
            for verb in ("archive", "unarchive", "disable", "enable"):
                self.refused(self.post(f"{path}:{verb}"), 404, "not_found")
        self.refused(self.post(f"/v1/assets/{NOBODY}:scrap", {"scrapped_on": "2026-02-28"}), 404,
                     "not_found")
        self.refused(self.post(f"/v1/customers/{acme['id']}:archive", None, {"If-Match": '"9"'}),
                     412, "precondition_failed")
        self.assertIsNone(self.read("customers", acme)["archived_at"])


class Batches(Records):
    def items(self, count):
        return [{"op": "create", "record": {"name": f"C{i}"}} for i in range(count)]

    def test_every_write_has_its_result(self):
        acme = self.made("customers", name="Acme")
        old = self.made("customers", name="Old")
        answer = self.post("/v1/customers:batch", {"atomic": False, "items": [
            {"op": "create", "record": {"name": "New"}},
            {"op": "create", "record": {"nam": "x"}},
            {"op": "update", "id": acme["id"], "record": {"name": "Acme 2"}, "revision": 1},
            {"op": "update", "id": acme["id"], "record": {"name": "Acme 3"}, "revision": 1},
            {"op": "delete", "id": old["id"]},
            {"op": "delete", "id": NOBODY}]})
        self.assertEqual(answer.status, 200, answer)
        body = answer.json()
        self.assertEqual((body["written"], body["refused"]), (3, 3))
        self.assertEqual([result["index"] for result in body["results"]], list(range(6)))
        self.assertEqual([result["status"] for result in body["results"]],
                         [201, 422, 200, 412, 204, 404])
        self.assertEqual(body["results"][1]["problem"]["code"], "validation_failed")
        changed = body["results"][3]["problem"]
        self.assertEqual((changed["current"]["name"], changed["current"]["revision"]),
                         ("Acme 2", 2))
        self.assertEqual([(each["pointer"], each["detail"]) for each in changed["errors"]],
                         [("/name", 'is now "Acme 2"')])
        self.assertNotIn("current", body["results"][5]["problem"])
        self.assertEqual(self.read("customers", acme)["name"], "Acme 2")
        self.assertEqual(len(self.ids("/v1/customers")), 2)
        stale = self.post("/v1/customers:batch", {"atomic": False, "items": [
            {"op": "delete", "id": acme["id"], "revision": 1}]}).json()["results"][0]["problem"]
        self.assertEqual((stale["code"], stale["current"]["name"]),
                         ("precondition_failed", "Acme 2"))

    def test_one_that_cannot_be_read_is_refused_alone(self):
        items = [{"op": "create", "record": {"name": "Good"}}, 7, {"op": "drop", "record": {}},
                 {"op": "update", "record": {"name": "x"}}, {"op": "delete", "id": "x"},
                 {"op": "delete", "id": NOBODY, "record": {"name": "x"}},
                 {"op": "create", "revision": 1, "record": {"name": "x"}}]
        # Past a proxy that holds requests to the document: these break it on purpose.
        answer = self.central.send(self.central.address, "POST", "/v1/customers:batch", json.dumps(
            {"atomic": False, "items": items}).encode(), {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 200, answer)
        body = answer.json()
        self.assertEqual((body["written"], body["refused"]), (1, 6))
        said = [[f"{each['pointer']} {each['code']}" for each in result["problem"]["errors"]]
                for result in body["results"][1:]]
        self.assertEqual(said, [["/items/1 wrong_type"], ["/items/2/op bad_choice"],
                                ["/items/3/id required"], ["/items/4/id bad_id"],
                                ["/items/5/record unknown_field"],
                                ["/items/6/revision unknown_field"]])
        self.refused(self.post("/v1/customers:batch", {"items": items}), 422, "validation_failed",
                     [each for one in said for each in one])
        self.assertEqual(len(self.ids("/v1/customers")), 1)

    def test_all_or_nothing(self):
        answer = self.post("/v1/customers:batch", {"items": [
            {"op": "create", "record": {"name": "New"}},
            {"op": "create", "record": {"name": "x", "website": "gopher://x"}},
            {"op": "update", "id": NOBODY, "record": {"name": "x"}}]})
        self.refused(answer, 422, "validation_failed",
                     ["/items/1/record/website bad_url", "/items/2 not_found"])
        self.assertEqual(self.ids("/v1/customers"), [])
        whole = self.post("/v1/customers:batch", {"atomic": True, "items": self.items(1000)})
        self.assertEqual((whole.status, whole.json()["written"]), (200, 1000))
        self.assertEqual(self.central.status()["records"]["customer"], 1000)

    def test_later_writes_see_earlier_ones(self):
        made = "0199c0de-0000-7000-8000-000000000007"
        answer = self.post("/v1/customers:batch", {"items": [
            {"op": "create", "record": {"id": made, "name": "First", "account_ref": "A"}},
            {"op": "update", "id": made, "record": {"account_ref": "B"}, "revision": 1},
            {"op": "create", "record": {"name": "Second", "account_ref": "A"}}]})
        self.assertEqual(answer.status, 200, answer)
        clash = self.post("/v1/customers:batch", {"atomic": False, "items": [
            {"op": "create", "record": {"name": "Third", "account_ref": "C"}},
            {"op": "create", "record": {"name": "Fourth", "account_ref": "C"}}]}).json()
        self.assertEqual([result["status"] for result in clash["results"]], [201, 409])

    def test_bad_shapes(self):
        for body, pointers in (
                ({}, ["/items required"]),
                ({"items": []}, ["/items out_of_range"]),
                ({"items": self.items(1001)}, ["/items out_of_range"]),
                ({"items": {}}, ["/items required"]),
                ({"items": [7]}, ["/items/0 wrong_type"]),
                ({"items": [{}]}, ["/items/0/record required"]),
                ({"items": [{"op": "drop", "record": {}}]}, ["/items/0/op bad_choice"]),
                ({"items": [{"op": "update", "record": {}}]}, ["/items/0/id required"]),
                ({"items": [{"op": "delete", "id": "x"}]}, ["/items/0/id bad_id"]),
                ({"items": self.items(1), "atomic": "yes"}, ["/atomic wrong_type"]),
                ({"items": self.items(1), "x/y": 1}, ["/x~1y unknown_field"])):
            self.refused(self.post("/v1/customers:batch", body), 422, "validation_failed", pointers)
        self.refused(self.post("/v1/nothings:batch", {"items": self.items(1)}), 404, "not_found")
        self.assertEqual(self.ids("/v1/customers"), [])


class Moves(Records):
    def test_many_at_once_and_the_history(self):
        pump, acme, yard, dock = self.world()
        assets = [self.made("assets", product=pump["id"], serial=str(i), owner=acme["id"])["id"]
                  for i in range(3)]
        moved = self.post("/v1/assets:move", {"assets": assets, "to_location": yard["id"],
                                              "arrived_at": "2026-01-01"})
        self.assertEqual((moved.status, moved.json()["moved"]), (201, 3), moved)
        self.assertEqual(sorted(self.ids(f"/v1/assets?location={yard['id']}")), sorted(assets))
        sent = self.post("/v1/assets:move", {"assets": assets[:1], "to_location": dock["id"],
                                             "shipped_at": "2026-01-02", "carrier": "Boat"})
        self.assertEqual(sent.status, 201, sent)
        customer = self.read("customers", acme)
        self.assertEqual((customer["assets_owned"], customer["assets_on_location"]), (3, 2))
        asset = self.central.get("assets", assets[0]).json()
        self.assertEqual((asset["location"], asset["in_transit"]), (None, True))
        history = self.central.http("GET", f"/v1/assets/{assets[0]}/history").json()["items"]
        self.assertEqual([(event["state"], event["from_location"], event["to_location"])
                          for event in history],
                         [("arrived", None, yard["id"]), ("in_transit", yard["id"], dock["id"])])
        trip = sent.json()["moves"][0]["move"]
        self.central.edit("moves", trip, {"arrived_at": "2026-01-03"})
        self.assertEqual(self.central.get("assets", assets[0]).json()["location"], dock["id"])

    def test_one_that_cannot_move_keeps_all_where_they_are(self):
        pump, _, yard, _ = self.world()
        asset = self.made("assets", product=pump["id"], serial="1")["id"]
        move = {"to_location": yard["id"], "arrived_at": "2026-01-01"}
        self.refused(self.post("/v1/assets:move", {"assets": [asset, NOBODY], **move}), 422,
                     "reference_not_found", ["/assets/1 reference_not_found"])
        self.assertEqual(self.ids("/v1/moves"), [])
        for body, pointer in (({**move}, "/assets required"),
                              ({"assets": [], **move}, "/assets required"),
                              ({"assets": asset, **move}, "/assets required"),
                              ({"assets": ["x"], **move}, "/assets/0 bad_id"),
                              ({"assets": [asset, asset], **move}, "/assets/1 repeated"),
                              ({"assets": [asset], "id": asset, **move}, "/id unknown_field"),
                              ({"assets": [asset], "asset": asset, **move},
                               "/asset unknown_field"),
                              ({"assets": [asset], "to_location": yard["id"]},
                               "/shipped_at required"),
                              ({"assets": [asset], "arrived_at": "2026-01-01"},
                               "/to_location required"),
                              ({"assets": [asset], **move, "speed": 3}, "/speed unknown_field")):
            self.refused(self.post("/v1/assets:move", body), 422, "validation_failed", [pointer])
        self.assertEqual(self.ids("/v1/moves"), [])
        self.refused(self.central.http("GET", f"/v1/assets/{NOBODY}/history"), 404, "not_found")

    def test_places_are_read_only(self):
        pump, _, yard, _ = self.world()
        self.refused(self.post("/v1/assets", {"product": pump["id"], "serial": "1",
                                              "location": yard["id"]}), 422, "validation_failed",
                     ["/location read_only"])


if __name__ == "__main__":
    unittest.main()
