// Decisions that are taken back, and rules, between central and its sites.
#include "store/conflict_rules.hpp"
#include "tests/unit/sync/reconcile_fixture.hpp"

namespace skerry::sync {
namespace {

using store::ConflictChoice;

class ReconcileUndo : public Reconcile {
 protected:
  // Central's later name stands over the site's.
  void meet() {
    acme = *create(central, "customer", {{"name", "Acme"}});
    exchange(site);
    ASSERT_TRUE(set(site, "customer", acme, {{"name", "of the site"}}));
    ASSERT_TRUE(set(central, "customer", acme, {{"name", "of central"}}));
    exchange(site);
    ASSERT_EQ(conflicts(central).size(), 1U);
    conflict = conflicts(central)[0].id;
  }
  static Role role_of(const Machine& at) { return at.is_central() ? Role::central : Role::site; }
  Result<void> decide(Machine& at, ConflictChoice choice) {
    now += 1000;
    return at.write([&](store::Connection& connection) -> Result<void> {
      return store::resolve_conflict(connection, *at.log, role_of(at), at.random, conflict, choice,
                                     {"uid:0", "api", ""})
          .map([](const store::Conflict&) {});
    });
  }
  Result<void> undo(Machine& at) {
    now += 1000;
    return at.write([&](store::Connection& connection) -> Result<void> {
      return store::undo_conflict(connection, *at.log, role_of(at), at.random, conflict,
                                  {"uid:0", "api", ""})
          .map([](const store::Conflict&) {});
    });
  }
  // "of central, open" at both, when both say so.
  std::string both() {
    const auto at = [&](Machine& machine) {
      const auto all = conflicts(machine);
      if (all.size() != 1 || all[0].id != conflict) return std::string("other conflicts");
      return value(machine, "customer", acme, "name") + (all[0].open ? ", open" : ", decided");
    };
    const std::string here = at(central);
    return here == at(site) ? here : here + " but at the site " + at(site);
  }

  RecordId acme;
  RecordId conflict;
};

TEST_F(ReconcileUndo, CentralsUndoReachesTheSite) {
  meet();
  ASSERT_TRUE(decide(central, ConflictChoice::loser));
  exchange(site);
  EXPECT_EQ(both(), "\"of the site\", decided");
  ASSERT_TRUE(undo(central));
  exchange(site);
  EXPECT_EQ(both(), "\"of central\", open");
}

TEST_F(ReconcileUndo, ASitesUndoOfItsDecisionReachesCentral) {
  meet();
  ASSERT_TRUE(decide(site, ConflictChoice::loser));
  exchange(site);
  EXPECT_EQ(both(), "\"of the site\", decided");
  ASSERT_TRUE(undo(site));
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"of central\"");
  exchange(site);
  EXPECT_EQ(both(), "\"of central\", open");
  EXPECT_EQ(conflicts(central)[0].resolution.at("undone_by").as_string().subview(0, 6), "uid:0 ");
}

TEST_F(ReconcileUndo, WhatCentralDecidedASiteMayTakeBack) {
  meet();
  ASSERT_TRUE(decide(central, ConflictChoice::loser));
  exchange(site);
  ASSERT_TRUE(undo(site));
  exchange(site);
  EXPECT_EQ(both(), "\"of central\", open");
}

TEST_F(ReconcileUndo, ADecisionAndItsUndoInOneBundle) {
  meet();
  ASSERT_TRUE(decide(site, ConflictChoice::loser));
  ASSERT_TRUE(undo(site));
  exchange(site);
  EXPECT_EQ(both(), "\"of central\", open");
  ASSERT_TRUE(decide(central, ConflictChoice::loser));
  exchange(site);
  EXPECT_EQ(both(), "\"of the site\", decided");
}

// Central wrote the field meanwhile: the undo meets it like any edit, and the decision stands.
TEST_F(ReconcileUndo, AnUndoThatCameTooLateLeavesTheDecision) {
  meet();
  ASSERT_TRUE(decide(central, ConflictChoice::loser));
  exchange(site);
  ASSERT_TRUE(undo(site));
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "newest"}}));
  exchange(site);
  EXPECT_EQ(value(central, "customer", acme, "name"), "\"newest\"");
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"newest\"");
  for (Machine* machine : {&central, &site}) {
    std::string states;
    for (const store::Conflict& each : conflicts(*machine))
      if (each.id == conflict) states += each.open ? "open" : "decided";
    EXPECT_EQ(states, "decided") << machine->name();
  }
}

TEST_F(ReconcileUndo, RepeatedBundlesOpenNothingTwice) {
  meet();
  ASSERT_TRUE(decide(site, ConflictChoice::loser));
  ASSERT_TRUE(undo(site));
  const auto bundles = pack_up(site);
  for (const Bytes& bundle : bundles) take(central, bundle);
  ASSERT_TRUE(decide(central, ConflictChoice::loser));
  for (const Bytes& bundle : bundles) take(central, bundle);
  EXPECT_FALSE(conflicts(central)[0].open);
}

}  // namespace
}  // namespace skerry::sync
