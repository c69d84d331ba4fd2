// H8: a deleted record lives again only when a person says so, and then everywhere. And deletions
// and ids that met something the site could not know: each is put before a person.
#include "tests/unit/sync/reconcile_assets_fixture.hpp"

namespace skerry::sync {
namespace {

using store::ConflictChoice;
using store::ConflictType;

class H8_Restore : public ReconcileAssets {
 protected:
  // Edited at the site, deleted at central; gives the conflict.
  RecordId edited_and_deleted(std::string_view kind, const RecordId& id,
                              const json::object& patch) {
    EXPECT_TRUE(set(site, kind, id, patch));
    EXPECT_TRUE(remove(central, kind, id));
    settle();
    for (Machine* machine : {&central, &site, &other}) EXPECT_FALSE(has(*machine, kind, id));
    const auto open = open_conflicts(site);
    EXPECT_EQ(open.size(), 1U);
    return open.empty() ? RecordId{} : open.front().id;
  }
  RecordId contact() {
    return *create(central, "contact",
                   {{"customer", to_string(acme)},
                    {"email", fmt::format("a{}@acme.example", now)},
                    {"phone", "+493012345"}});
  }
  Errc refusal(Machine& at, const RecordId& conflict, ConflictChoice choice) {
    const auto done = at.write([&](store::Connection& connection) {
      return store::resolve_conflict(connection, *at.log,
                                     at.is_central() ? Role::central : Role::site, at.random,
                                     conflict, choice, {"uid:0", "api", ""});
    });
    return done ? Errc::internal : done.error().code;
  }
  void expect_nothing_open() {
    for (Machine* machine : {&central, &site, &other}) {
      EXPECT_TRUE(open_conflicts(*machine).empty()) << machine->name();
      if (!machine->is_central()) expect_equal(*machine);
    }
  }
};

TEST_F(H8_Restore, TheLoserBringsTheRecordBackOnAllSides) {
  for (Machine* at : {&central, &site}) {
    const RecordId ann = contact();
    settle();
    const auto before = everything(other).size();
    const RecordId conflict = edited_and_deleted("contact", ann, {{"title", "Head"}});
    const auto late = pack_down(other);
    resolve(*at, conflict, ConflictChoice::loser);
    settle();
    for (const Bytes& bundle : late) take(other, bundle);
    settle();
    for (Machine* machine : {&central, &site, &other}) {
      EXPECT_EQ(value(*machine, "contact", ann, "title"), "\"Head\"") << machine->name();
      EXPECT_EQ(value(*machine, "contact", ann, "phone"), "\"+493012345\"");
    }
    EXPECT_EQ(everything(other).size(), before);
    expect_nothing_open();
    ASSERT_TRUE(set(other, "contact", ann, {{"title", "Chief"}}));  // it lives on
    settle();
    EXPECT_EQ(value(site, "contact", ann, "title"), "\"Chief\"");
    ASSERT_TRUE(remove(site, "contact", ann));
    settle();
    EXPECT_FALSE(has(central, "contact", ann));
    expect_nothing_open();
  }
}

TEST_F(H8_Restore, CentralTakesBackThatARecordLivesAgain) {
  for (Machine* at : {&central, &site}) {
    const RecordId ann = contact();
    settle();
    const RecordId conflict = edited_and_deleted("contact", ann, {{"title", "Head"}});
    resolve(*at, conflict, ConflictChoice::loser);
    settle();
    EXPECT_EQ(try_undo(site, conflict).error().code, Errc::wrong_role);
    undo(central, conflict);
    settle();
    for (Machine* machine : {&central, &site, &other}) {
      EXPECT_FALSE(has(*machine, "contact", ann)) << machine->name();
      EXPECT_EQ(open_conflicts(*machine).size(), 1U) << machine->name();
    }
    resolve(central, conflict, ConflictChoice::winner);
    undo(central, conflict);  // nothing was changed
    resolve(central, conflict, ConflictChoice::loser);
    settle();
    EXPECT_EQ(value(site, "contact", ann, "title"), "\"Head\"");
    ASSERT_TRUE(set(central, "contact", ann, {{"title", "Chief"}}));
    EXPECT_EQ(try_undo(central, conflict).error().code, Errc::precondition_failed);
    ASSERT_TRUE(remove(central, "contact", ann));
    EXPECT_EQ(try_undo(central, conflict).error().code, Errc::precondition_failed);
    settle();
    expect_nothing_open();
  }
}

TEST_F(H8_Restore, WhatIsCentralsStaysAsItWas) {
  const RecordId cove = *create(central, "customer", {{"name", "Cove"}});
  ASSERT_TRUE(set(central, "customer", cove, {{"disabled_at", "2026-01-02T03:04:05.000Z"}}));
  settle();
  const RecordId conflict = edited_and_deleted("customer", cove, {{"description", "small"}});
  resolve(site, conflict, ConflictChoice::loser);
  settle();
  EXPECT_EQ(value(central, "customer", cove, "disabled_at"), "\"2026-01-02T03:04:05.000Z\"");
  EXPECT_EQ(value(central, "customer", cove, "description"), "\"small\"");
  expect_nothing_open();
}

TEST_F(H8_Restore, AnAssetIsCountedAgain) {
  const RecordId one = asset(central, "1", acme);
  settle();
  const RecordId conflict = edited_and_deleted("asset", one, {{"status", "down"}});
  resolve(central, conflict, ConflictChoice::loser);
  settle();
  EXPECT_EQ(value(site, "asset", one, "status"), "\"down\"");
  expect_nothing_open();  // with the customers' counts
}

TEST_F(H8_Restore, OnBothSidesAtOnceItLivesOnce) {
  const RecordId ann = contact();
  settle();
  const RecordId conflict = edited_and_deleted("contact", ann, {{"title", "Head"}});
  resolve(central, conflict, ConflictChoice::loser);
  resolve(site, conflict, ConflictChoice::loser);
  settle();
  EXPECT_EQ(value(site, "contact", ann, "title"), "\"Head\"");
  expect_nothing_open();
}

TEST_F(H8_Restore, ADeletionAfterwardsStands) {
  const RecordId ann = contact();
  settle();
  const RecordId conflict = edited_and_deleted("contact", ann, {{"title", "Head"}});
  resolve(site, conflict, ConflictChoice::loser);  // on its way
  resolve(central, conflict, ConflictChoice::loser);
  ASSERT_TRUE(remove(central, "contact", ann));
  settle();
  for (Machine* machine : {&central, &site, &other}) EXPECT_FALSE(has(*machine, "contact", ann));
  expect_equal(site);
}

TEST_F(H8_Restore, ADeletionThatOverlookedAnEditCanBeTakenBack) {
  const RecordId ann = contact();
  settle();
  ASSERT_TRUE(remove(site, "contact", ann));
  ASSERT_TRUE(set(central, "contact", ann, {{"title", "Head"}}));
  settle();
  const auto open = open_conflicts(site);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open.front().type, ConflictType::delete_vs_edit);
  resolve(site, open.front().id, ConflictChoice::loser);
  settle();
  EXPECT_EQ(value(central, "contact", ann, "title"), "\"Head\"");
  expect_nothing_open();
}

TEST_F(H8_Restore, NotWithoutTheOneItFollows) {
  const RecordId cove = *create(central, "customer", {{"name", "Cove"}});
  settle();
  const auto made = create(site, "contact", {{"customer", to_string(cove)}, {"email", "a@b.de"}});
  ASSERT_TRUE(made);
  ASSERT_TRUE(remove(central, "customer", cove));
  settle();
  for (Machine* machine : {&central, &site})
    for (const store::Conflict& conflict : open_conflicts(*machine))
      EXPECT_EQ(refusal(*machine, conflict.id, ConflictChoice::loser), Errc::reference_not_found);
}

TEST_F(H8_Restore, ADeletionAgainstANewDependantIsAConflict) {
  const RecordId cove = *create(central, "customer", {{"name", "Cove"}});
  settle();
  const RecordId quay = location(cove, "Quay");
  ASSERT_TRUE(remove(site, "customer", cove));
  settle();
  for (Machine* machine : {&central, &site}) {
    const auto open = open_conflicts(*machine);
    ASSERT_EQ(open.size(), 1U) << machine->name();
    EXPECT_EQ(open.front().type, ConflictType::in_use);
    EXPECT_EQ(open.front().winner.at("referrer"), json::value("location " + to_string(quay)));
    EXPECT_TRUE(has(*machine, "customer", cove));
    EXPECT_EQ(refusal(*machine, open.front().id, ConflictChoice::loser), Errc::in_use);
  }
  ASSERT_TRUE(remove(site, "location", quay));
  const RecordId conflict = open_conflicts(site).front().id;
  resolve(site, conflict, ConflictChoice::loser);
  settle();
  EXPECT_FALSE(has(central, "customer", cove));
  expect_nothing_open();
  undo(central, conflict);
  settle();
  for (Machine* machine : {&central, &site, &other}) {
    EXPECT_TRUE(has(*machine, "customer", cove)) << machine->name();
    EXPECT_EQ(open_conflicts(*machine).size(), 1U) << machine->name();
  }
}

TEST_F(H8_Restore, ThatARecordStaysIsTakenBackAtEitherSide) {
  const RecordId cove = *create(central, "customer", {{"name", "Cove"}});
  settle();
  location(cove, "Quay");
  ASSERT_TRUE(remove(site, "customer", cove));
  settle();
  for (Machine* at : {&central, &site}) {
    const RecordId conflict = open_conflicts(site).front().id;
    resolve(site, conflict, ConflictChoice::winner);
    settle();
    expect_nothing_open();
    undo(*at, conflict);
    settle();
    for (Machine* machine : {&central, &site, &other})
      EXPECT_EQ(open_conflicts(*machine).size(), 1U) << machine->name();
  }
}

// A site does not know what the record met at central meanwhile: it says who takes it back.
TEST_F(H8_Restore, WhatASiteBroughtBackCentralTakesAway) {
  const RecordId ann = contact();
  settle();
  const RecordId first = edited_and_deleted("contact", ann, {{"title", "Head"}});
  resolve(site, first, ConflictChoice::loser);  // on its way
  resolve(central, first, ConflictChoice::loser);
  ASSERT_TRUE(remove(central, "contact", ann));
  settle();
  const auto open = open_conflicts(site);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open.front().field, "");
  const RecordId conflict = open.front().id;
  resolve(site, conflict, ConflictChoice::loser);
  for (const bool confirmed : {false, true}) {
    const auto refused = try_undo(site, conflict);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::wrong_role);
    EXPECT_NE(refused.error().next.find("skerry conflict undo"), std::string::npos);
    EXPECT_TRUE(has(site, "contact", ann)) << confirmed;
    settle();
  }
  undo(central, conflict);
  settle();
  for (Machine* machine : {&central, &site, &other}) EXPECT_FALSE(has(*machine, "contact", ann));
  EXPECT_EQ(open_conflicts(site).size(), 1U);
}

TEST_F(H8_Restore, AnIdThatTwoRecordsWereGivenIsAConflict) {
  const RecordId id = parse_id<RecordId>("0199c0de-0000-7000-8000-000000000077").value();
  ASSERT_TRUE(create(central, "customer", {{"name", "Central's"}}, id));
  ASSERT_TRUE(create(site, "customer", {{"name", "The site's"}, {"description", "other"}}, id));
  settle();
  for (Machine* machine : {&central, &site}) {
    EXPECT_EQ(value(*machine, "customer", id, "name"), "\"Central's\"");
    const auto open = open_conflicts(*machine);
    ASSERT_EQ(open.size(), 1U) << machine->name();
    EXPECT_EQ(open.front().type, ConflictType::duplicate_key);
    EXPECT_EQ(open.front().field, "id");
    EXPECT_EQ(open.front().loser.at("value").at("name"), json::value("The site's"));
    EXPECT_EQ(refusal(*machine, open.front().id, ConflictChoice::loser), Errc::validation_failed);
  }
  EXPECT_EQ(told(site, 1), "conflict");
  resolve(site, open_conflicts(site).front().id, ConflictChoice::winner);
  settle();
  expect_nothing_open();
}

}  // namespace
}  // namespace skerry::sync
