// H9: one key at two machines. Both records stay, and a person's decision ends it on all sides.
#include "tests/unit/sync/reconcile_assets_fixture.hpp"

namespace skerry::sync {
namespace {

using store::ConflictChoice;
using store::ConflictType;

class H9_Duplicate : public ReconcileAssets {
 protected:
  H9_Duplicate() { settle(); }

  // A customer of that name at each; the first to exchange is the winner.
  std::pair<RecordId, RecordId> two_customers(std::string_view ref) {
    const RecordId first = *create(central, "customer", {{"name", "First"}, {"account_ref", ref}});
    const RecordId second = *create(site, "customer", {{"name", "Second"}, {"account_ref", ref}});
    settle();
    return {first, second};
  }
  store::Conflict only_open(Machine& at) {
    const auto open = open_conflicts(at);
    EXPECT_EQ(open.size(), 1U) << at.name();
    return open.empty() ? store::Conflict() : open.front();
  }
  Result<void> decide(Machine& at, const RecordId& conflict,
                      const store::ConflictDecision& decision) {
    now += 1000;
    return at.write([&](store::Connection& connection) -> Result<void> {
      return store::resolve_conflict(connection, *at.log,
                                     at.is_central() ? Role::central : Role::site, at.random,
                                     conflict, decision, {"uid:0", "api", ""})
          .map([](const store::Conflict&) {});
    });
  }
  void expect_settled() {
    settle();
    for (Machine* machine : {&central, &site, &other})
      EXPECT_TRUE(open_conflicts(*machine).empty()) << machine->name();
    expect_equal(site);
    expect_equal(other);
  }
  // Nothing that comes is of what the machine does not see (I12).
  void exchange_scanned(Machine& with) {
    up(with);
    for (const Bytes& bundle : pack_down(with)) {
      EXPECT_EQ(sim::line_out_of_scope(central, bundle, with), "");
      take(with, bundle);
    }
  }
};

TEST_F(H9_Duplicate, AChoiceTakesTheKeyAwayFromOneOfThem) {
  for (Machine* at : {&central, &site}) {
    for (const ConflictChoice choice : {ConflictChoice::winner, ConflictChoice::loser}) {
      const std::string ref = fmt::format("K{}", now);
      const auto [first, second] = two_customers(ref);
      ASSERT_TRUE(decide(*at, only_open(*at).id, choice));
      expect_settled();
      const bool first_keeps = choice == ConflictChoice::winner;
      const std::string kept = fmt::format("\"{}\"", ref);
      for (Machine* machine : {&central, &site, &other}) {
        EXPECT_EQ(value(*machine, "customer", first, "account_ref"), first_keeps ? kept : "null");
        EXPECT_EQ(value(*machine, "customer", second, "account_ref"), first_keeps ? "null" : kept);
      }
    }
  }
}

TEST_F(H9_Duplicate, CentralTakesBackThatAKeyWasTakenAway) {
  for (Machine* at : {&central, &site}) {
    for (const store::ConflictDecision& decision :
         {store::ConflictDecision(ConflictChoice::winner),
          store::ConflictDecision(ConflictChoice::loser),
          store::ConflictDecision(json::value(fmt::format("other{}", now)))}) {
      const std::string ref = fmt::format("K{}", now);
      const auto [first, second] = two_customers(ref);
      const RecordId id = only_open(*at).id;
      ASSERT_TRUE(decide(*at, id, decision));
      expect_settled();
      EXPECT_EQ(try_undo(site, id).error().code, Errc::wrong_role);
      undo(central, id);
      settle();
      for (Machine* machine : {&central, &site, &other}) {
        EXPECT_EQ(only_open(*machine).id, id);
        for (const RecordId& each : {first, second})
          EXPECT_EQ(value(*machine, "customer", each, "account_ref"), '"' + ref + '"');
      }
      ASSERT_TRUE(decide(central, id, ConflictChoice::winner));
      ASSERT_TRUE(set(central, "customer", second, {{"account_ref", ref + "b"}}));
      EXPECT_EQ(try_undo(central, id).error().code, Errc::precondition_failed);
      expect_settled();
    }
  }
}

TEST_F(H9_Duplicate, AnIdWhoseWinnerIsGoneIsStillDecided) {
  const RecordId id = new_record_id(now, site.random);
  ASSERT_TRUE(create(site, "customer", {{"name", "First"}}, id));
  ASSERT_TRUE(create(other, "customer", {{"name", "Second"}}, id));
  settle();
  const RecordId conflict = only_open(central).id;
  ASSERT_TRUE(remove(central, "customer", id));
  EXPECT_TRUE(decide(central, conflict, ConflictChoice::winner));
  EXPECT_TRUE(open_conflicts(central).empty());
}

TEST_F(H9_Duplicate, BothRecordsAndBothAuthorsAreNamed) {
  const auto [first, second] = two_customers("K");
  for (Machine* machine : {&central, &site}) {
    const store::Conflict conflict = only_open(*machine);
    EXPECT_EQ(conflict.record, second);
    EXPECT_EQ(conflict.other(), first);
    const json::object central_wrote{{"site", "central"}, {"by", "uid:0"}};
    const json::object site_wrote{{"site", "site1"}, {"by", "uid:0"}};
    EXPECT_EQ(conflict.winner.at("author"), json::value(central_wrote));
    EXPECT_EQ(conflict.loser.at("author"), json::value(site_wrote));
    EXPECT_TRUE(conflict.winner.contains("effective"));
  }
}

// One key in two sites' scopes: each learns that it is taken, not by whom.
TEST_F(H9_Duplicate, WhoElseHasTheKeyIsNotToldToWhomDoesNotSeeIt) {
  see_only(site, {acme});
  see_only(other, {bell});
  settle();
  ASSERT_TRUE(set(other, "customer", bell, {{"account_ref", "K"}}));
  ASSERT_TRUE(set(site, "customer", acme, {{"account_ref", "K"}}));
  for (Machine* each : {&other, &site}) exchange_scanned(*each);
  EXPECT_EQ(only_open(central).other(), bell);
  EXPECT_TRUE(conflicts(other).empty());
  const store::Conflict at_site = only_open(site);
  const json::object value_alone{{"value", "K"}};
  EXPECT_EQ(at_site.winner, value_alone);
  EXPECT_EQ(decide(site, at_site.id, ConflictChoice::loser).error().code, Errc::wrong_role);
  ASSERT_TRUE(decide(site, at_site.id, ConflictChoice::winner));
  exchange_scanned(site);
  expect_settled();
  EXPECT_EQ(value(central, "customer", acme, "account_ref"), "null");
  EXPECT_EQ(value(central, "customer", bell, "account_ref"), "\"K\"");
  // Who sees both is told of both.
  see_only(site, {acme, bell});
  settle();
  ASSERT_TRUE(set(central, "customer", acme, {{"account_ref", "L"}}));
  ASSERT_TRUE(set(site, "customer", bell, {{"account_ref", "L"}}));
  exchange_scanned(site);
  EXPECT_EQ(only_open(site).other(), acme);
}

// What stands against a deletion may be out of sight, too.
TEST_F(H9_Duplicate, WhatRefersToARecordIsNotNamedToWhomDoesNotSeeIt) {
  const RecordId passing = asset(central, "passing", bell);
  see_only(site, {acme});
  settle();
  const RecordId came = move(central, passing, yard, {{"arrived_at", "2026-01-01"}});
  move(central, passing, mill, {{"arrived_at", "2026-01-02"}});
  ASSERT_TRUE(remove(site, "location", yard));
  up(site);
  const std::string named = "move " + to_string(came);
  EXPECT_EQ(only_open(central).winner.at("referrer"), json::value(named));
  for (const Bytes& bundle : pack_down(site)) {
    for (const std::string& line : sim::lines_of(bundle, site)) {
      const bool decides = line.starts_with(R"({"k":"cf")") || line.starts_with(R"({"k":"res")");
      EXPECT_FALSE(decides && line.find(to_string(came)) != std::string::npos) << line;
    }
  }
  down(site);
  EXPECT_EQ(only_open(site).winner.at("referrer"), json::value("another record"));
}

TEST_F(H9_Duplicate, ASerialNeedsAnotherOne) {
  asset(central, "D", acme);
  const RecordId later = asset(site, "D", acme);
  settle();
  const RecordId id = only_open(site).id;
  EXPECT_EQ(decide(site, id, ConflictChoice::winner).error().code, Errc::validation_failed);
  EXPECT_EQ(decide(site, id, json::value("D")).error().code, Errc::duplicate_key);
  EXPECT_TRUE(only_open(site).open);
  ASSERT_TRUE(decide(site, id, json::value("E")));
  expect_settled();
  EXPECT_EQ(value(central, "asset", later, "serial"), "\"E\"");
}

TEST_F(H9_Duplicate, AUniqueCustomValueIsTakenAwayOrReplaced) {
  ASSERT_TRUE(set(central, "custom_field", definitions[0], {{"unique", true}}));
  settle();
  for (const bool by_value : {false, true}) {
    const std::string tag = fmt::format("t{}", now);
    const RecordId first = asset(central, tag + "a", acme);
    const RecordId later = asset(site, tag + "b", acme);
    ASSERT_TRUE(set(central, "asset", first, {{"custom", {{"a", tag}, {"n", 1}}}}));
    ASSERT_TRUE(set(site, "asset", later, {{"custom", {{"a", tag}, {"n", 2}}}}));
    settle();
    const store::Conflict conflict = only_open(central);
    EXPECT_EQ(conflict.field, "custom.a");
    if (by_value)
      ASSERT_TRUE(decide(central, conflict.id, json::value("mine")));
    else
      ASSERT_TRUE(decide(central, conflict.id, ConflictChoice::winner));
    expect_settled();
    EXPECT_EQ(value(site, "asset", later, "custom"),
              by_value ? R"({"a":"mine","n":2})" : R"({"n":2})");
  }
}

TEST_F(H9_Duplicate, ItClosesByItselfWhenNothingClashes) {
  const auto [first, second] = two_customers("K1");
  ASSERT_TRUE(set(central, "customer", first, {{"account_ref", "K2"}}));
  expect_settled();
  const auto [third, fourth] = two_customers("K3");
  ASSERT_TRUE(set(site, "customer", third, {{"account_ref", nullptr}}));
  expect_settled();
  const auto [fifth, sixth] = two_customers("K4");
  ASSERT_TRUE(remove(central, "customer", fifth));
  expect_settled();
  for (const store::Conflict& conflict : conflicts(central)) {
    EXPECT_EQ(conflict.decided_by, "rule");
    EXPECT_EQ(conflict.resolution.at("choice"), json::value("settled"));
  }
}

TEST_F(H9_Duplicate, OfThreeTheOthersStayInConflict) {
  const auto [first, second] = two_customers("K");
  const RecordId third = *create(other, "customer", {{"name", "Third"}, {"account_ref", "L"}});
  exchange(other);
  Change same;  // as if it had been written before the others were heard of
  same.kind = find_kind("customer");
  same.record = third;
  same.fields.push_back(
      {static_cast<std::size_t>(same.kind->find_field("account_ref")), "L", "K", std::nullopt});
  append(other, {same});
  settle();
  ASSERT_EQ(open_conflicts(central).size(), 2U);
  ASSERT_TRUE(set(central, "customer", first, {{"account_ref", nullptr}}));
  settle();
  const store::Conflict left = only_open(central);  // the second and the third
  EXPECT_TRUE(left.other() == second || left.other() == third);
  EXPECT_NE(left.record, *left.other());
}

TEST_F(H9_Duplicate, OfTwoScrappingsEitherCanBeChosen) {
  for (Machine* at : {&central, &site}) {
    const RecordId one = asset(central, fmt::format("s{}", now), acme);
    settle();
    ASSERT_TRUE(set(central, "asset", one, {{"scrapped_on", "2026-01-01"}}));
    ASSERT_TRUE(set(site, "asset", one, {{"scrapped_on", "2026-02-02"}}));
    settle();
    const store::Conflict conflict = only_open(*at);
    EXPECT_EQ(conflict.type, ConflictType::concurrent);
    EXPECT_EQ(decide(*at, conflict.id, json::value()).error().code, Errc::validation_failed);
    const std::string lost(conflict.loser.at("value").as_string());
    ASSERT_TRUE(decide(*at, conflict.id, ConflictChoice::loser));
    expect_settled();
    EXPECT_EQ(value(site, "asset", one, "scrapped_on"), fmt::format("\"{}\"", lost));
  }
}

}  // namespace
}  // namespace skerry::sync
