#!/usr/bin/env python3
"""Histories of the protocol's model (docs/design/sync_model.py) for the shipped engine to repeat.

    model_history.py SEEDS [FIRST] | skerry_sim --model

Of what the model can do, what honest peers meet: writes at sites and at central, bundles that are
lost, repeated, late and out of order, wrong clocks, narrow scopes. One JSON object a line, each
with the time in milliseconds: who wrote what, who packed which bundle, which bundle arrived; at the
end of a seed what the model says everybody sees ("expect"), at the end of all "end".
"""
import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs" / "design"))
import sync_model as model  # noqa: E402

# The model counts time as the engine stamps it: milliseconds, and 16 bits of counter.
TICK = 1 << 16
SECOND = 1000 * TICK
START_MS = 1_790_000_000_000


class HonestSite(model.Site):
    def __init__(self, name, rng):
        super().__init__(name, rng)
        self.skew *= SECOND

    def append(self, body, now):
        return super().append(dict(body, bad=False), now)


class HonestCentral(model.Central):
    def apply(self, row, site, now, world):
        # The model's minute is 60 of its units; nothing else in apply looks at the time.
        row = dict(row, hlc=min(row["hlc"], now + 60 * SECOND))
        entity = self.db["ent"].get(row["eid"])
        before = dict(entity["f"]) if entity else {}
        super().apply(row, site, 1 << 80, world)
        # The model gives a field whose challenger lost a new version, to send it again; the engine
        # has it sent anyway and leaves the version: else the next writer who saw the value would
        # pass for one who did not.
        if self.db["status"][row["uid"]][-1] == "superseded":
            entity["f"][row["fld"]] = before[row["fld"]]


model.Site = HonestSite
model.Central = HonestCentral


class History(model.World):
    def __init__(self, seed):
        super().__init__(seed)
        self.now = START_MS * TICK
        self.bundles = 0
        sites = {name: {"scope": sorted(self.scope[name]), "skew_ms": self.site(name).skew // TICK}
                 for name in self.sids}
        self.tell(do="begin", seed=seed, customers=self.custs, sites=sites)

    def site(self, name):
        return self.sites[name][0]

    def tell(self, **event):
        print(json.dumps({"t": self.now // TICK, **event}))

    def step(self):
        self.now += self.rng.randint(1, 30) * SECOND
        dice = self.rng.random()
        name = self.rng.choice(self.sids)
        if dice < .36:
            self.site_writes(name)
        elif dice < .46:
            self.central_writes()
        elif dice < .58:
            self.air.append(self.pack_up(name))
        elif dice < .70:
            self.air.append(self.pack_down(name))
        elif self.air:
            bundle = self.rng.choice(self.air)
            if self.rng.random() < .75:
                self.air.remove(bundle)  # otherwise it stays on the stick
            if self.rng.random() < .85:
                self.deliver(bundle)

    def site_writes(self, name):
        log = self.site(name).db["log"]
        rows = len(log)
        self.site(name).write(self.now, self)
        for row in log[rows:]:
            self.tell(do=row["op"], at=name, id=row["eid"], customer=row.get("cust"),
                      field=row.get("fld", "phone"), value=row.get("val"))

    def central_writes(self):
        def values():
            return {eid: (entity["alive"], {f: r[0] for f, r in entity["f"].items()})
                    for eid, entity in self.central.db["ent"].items()}
        before = values()
        self.central.write(self.now, self)
        for eid, (alive, fields) in values().items():
            told = {"at": "central", "id": eid}
            if eid not in before:
                customer = self.central.db["ent"][eid]["cust"]
                self.tell(do="new", customer=customer, field="phone", value=fields["phone"], **told)
            elif alive != before[eid][0]:
                self.tell(do="del", **told)
            elif fields != before[eid][1]:
                changed = next(f for f in fields if fields[f] != before[eid][1][f])
                self.tell(do="set", field=changed, value=fields[changed], **told)

    def numbered(self, **told):
        self.bundles += 1
        self.tell(bundle=self.bundles, **told)
        return self.bundles

    def pack_up(self, name):
        return self.numbered(do="export", at=name), None, self.site(name).export()

    def pack_down(self, name):
        return self.numbered(do="pack", to=name), name, self.central.pack(name, self.now, self)

    def deliver(self, bundle):
        number, to, content = bundle
        self.tell(do="deliver", bundle=number)
        if to:
            self.site(to).imp(model.copy.deepcopy(content), self)
        else:
            self.central.ingest(model.copy.deepcopy(content), self.now, self)

    def settle(self):
        for _ in range(3):
            for name in self.sids:
                self.now += SECOND
                self.deliver(self.pack_up(name))
                self.deliver(self.pack_down(name))
        self.now += 60 * SECOND  # no stamp lies ahead any more, which check() asks for

    def expect(self):
        entities = self.central.db["ent"].items()
        self.tell(do="expect",
                  central={eid: {f: r[0] for f, r in entity["f"].items()}
                           for eid, entity in entities if entity["alive"]},
                  sites={name: self.site(name).view() for name in self.sids})


def main():
    seeds = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for seed in range(first, first + seeds):
        history = History(seed)
        for _ in range(random.Random(seed).randint(40, 220)):
            history.step()
        history.settle()
        history.check()
        history.expect()
    print(json.dumps({"do": "end", "seeds": seeds}))


if __name__ == "__main__":
    main()
