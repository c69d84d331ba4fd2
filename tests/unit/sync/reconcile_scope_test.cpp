// H13: what a site sees changes. What enters comes whole, what leaves goes, whatever happened to it
// meanwhile and however the bundles travelled.
#include "tests/unit/sync/reconcile_assets_fixture.hpp"

namespace skerry::sync {
namespace {

using store::ConflictType;

class H13_ScopeChange : public ReconcileAssets {
 protected:
  RecordId contact(Machine& at, const RecordId& customer, std::string_view email) {
    const auto made = create(at, "contact", {{"customer", to_string(customer)}, {"email", email}});
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(RecordId{});
  }
  RecordId note(const RecordId& subject) {
    return *create(central, "note", {{"subject", to_string(subject)}, {"text", "of old"}});
  }
  // As pack_down(), and nothing in it is of what the site does not see.
  std::vector<Bytes> scanned_down(Machine& to) {
    auto bundles = pack_down(to);
    for (const Bytes& bundle : bundles) EXPECT_EQ(sim::line_out_of_scope(central, bundle, to), "");
    return bundles;
  }
  void exchange_scanned(Machine& with) {
    up(with);
    for (const Bytes& bundle : scanned_down(with)) take(with, bundle);
  }
  std::vector<std::string> lines(const std::vector<Bytes>& bundles, Machine& to) {
    std::vector<std::string> all;
    for (const Bytes& bundle : bundles)
      for (std::string& line : sim::lines_of(bundle, to)) all.push_back(std::move(line));
    return all;
  }
  bool is_snapshot(const std::vector<Bytes>& bundles) {
    const std::string head(bundles.at(0).begin(), bundles.at(0).end());
    return head.find(R"("kind":"snapshot")") != std::string::npos;
  }
  std::int64_t conflicts_at(Machine& at) {
    return at.read([](store::Connection& connection) {
      auto cursor = connection.query("SELECT count(*) FROM conflict");
      return cursor.next() ? cursor.integer(0) : -1;
    });
  }
};

TEST_F(H13_ScopeChange, WhatEntersComesWholeInADelta) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  const RecordId old_note = note(mill);
  const RecordId owned = asset(central, "owned", bell);
  const RecordId standing = asset(central, "standing", std::nullopt);
  const RecordId trip = move(central, standing, mill, {{"arrived_at", "2026-01-01"}});
  see_only(site, {acme});
  exchange_scanned(site);
  exchange_scanned(site);  // central knows where it stands
  ASSERT_FALSE(has(site, "customer", bell));
  see_only(site, {acme, bell});
  const auto bundles = scanned_down(site);
  EXPECT_FALSE(is_snapshot(bundles));
  for (const Bytes& bundle : bundles) EXPECT_EQ(take(site, bundle), "applied") << last_detail;
  for (const auto& [kind, id] : {std::pair("customer", bell),
                                 {"location", mill},
                                 {"contact", ann},
                                 {"note", old_note},
                                 {"asset", owned},
                                 {"asset", standing},
                                 {"move", trip}})
    EXPECT_TRUE(has(site, kind, id)) << kind;
  EXPECT_EQ(place(site, standing), place(central, standing));
  expect_equal(site);
  // Once is enough.
  exchange_scanned(site);
  EXPECT_TRUE(lines(scanned_down(site), site).empty());
}

TEST_F(H13_ScopeChange, WhatLeavesGoesAndTheRestStays) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  const RecordId bells = asset(central, "bell's", bell);
  const RecordId lent = asset(central, "lent to Acme", bell);
  move(central, lent, yard, {{"arrived_at", "2026-01-01"}});
  see_only(site, {acme, bell});
  exchange_scanned(site);
  exchange_scanned(site);
  ASSERT_TRUE(has(site, "asset", bells));
  see_only(site, {acme});
  const auto bundles = scanned_down(site);
  EXPECT_FALSE(is_snapshot(bundles));
  for (const Bytes& bundle : bundles) take(site, bundle);
  EXPECT_FALSE(has(site, "customer", bell));
  EXPECT_FALSE(has(site, "location", mill));
  EXPECT_FALSE(has(site, "contact", ann));
  EXPECT_FALSE(has(site, "asset", bells));
  EXPECT_TRUE(has(site, "asset", lent));  // it stands at Acme's
  EXPECT_TRUE(has(site, "product", pump));
  expect_equal(site);
}

TEST_F(H13_ScopeChange, APendingEditOfWhatLeftBecomesAConflictAndResurrectsNothing) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  see_only(site, {acme, bell});
  exchange_scanned(site);
  exchange_scanned(site);
  ASSERT_TRUE(set(site, "contact", ann, {{"title", "Head of all"}}));
  const RecordId bob = contact(site, bell, "bob@bell.example");
  ASSERT_TRUE(remove(site, "location", mill));
  see_only(site, {acme});
  for (const Bytes& bundle : scanned_down(site)) take(site, bundle);  // before its rows are heard
  EXPECT_FALSE(has(site, "contact", ann));
  exchange_scanned(site);
  EXPECT_FALSE(has(site, "contact", ann));
  EXPECT_FALSE(has(site, "contact", bob));
  EXPECT_FALSE(has(central, "contact", bob));
  EXPECT_TRUE(has(central, "location", mill));
  EXPECT_EQ(value(central, "contact", ann, "title"), "null");
  for (std::int64_t seq = 1; seq <= 3; ++seq) EXPECT_EQ(told(site, seq), "conflict");
  const auto open = open_conflicts(central);
  const auto kept = std::find_if(open.begin(), open.end(), [&](const store::Conflict& conflict) {
    return conflict.record == ann && conflict.field == "title";
  });
  ASSERT_NE(kept, open.end());
  EXPECT_EQ(kept->type, ConflictType::out_of_scope);
  EXPECT_EQ(kept->loser.at("value"), json::value("Head of all"));
  EXPECT_EQ(conflicts_at(site), 0);  // it is told under a customer the site does not see
  expect_equal(site);
  // Nothing is lost: central may still choose the value, what was made, whole, and the deletion.
  for (const auto& each : open) resolve(central, each.id, store::ConflictChoice::loser);
  EXPECT_EQ(value(central, "contact", ann, "title"), "\"Head of all\"");
  EXPECT_EQ(value(central, "contact", bob, "email"), "\"bob@bell.example\"");
  EXPECT_FALSE(has(central, "location", mill));
  see_only(site, {acme, bell});
  exchange_scanned(site);
  EXPECT_EQ(value(site, "contact", bob, "email"), "\"bob@bell.example\"");
  expect_equal(site);
}

TEST_F(H13_ScopeChange, WhatIsDeletedOrMovedWhileItIsOutOfSightDoesNotComeBack) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  const RecordId ben = contact(central, bell, "ben@bell.example");
  const RecordId cat = contact(central, bell, "cat@bell.example");
  see_only(site, {bell});
  exchange_scanned(site);
  exchange_scanned(site);
  see_only(site, {});
  ASSERT_TRUE(remove(central, "contact", ann));
  ASSERT_TRUE(set(central, "contact", ben, {{"customer", to_string(acme)}}));
  ASSERT_TRUE(set(central, "contact", cat, {{"title", "Cook"}}));
  see_only(site, {bell});
  // The site heard of none of it: what it holds is corrected, not only added to.
  exchange_scanned(site);
  EXPECT_FALSE(has(site, "contact", ann));
  EXPECT_FALSE(has(site, "contact", ben));
  EXPECT_EQ(value(site, "contact", cat, "title"), "\"Cook\"");
  expect_equal(site);
}

TEST_F(H13_ScopeChange, WhatWasDeletedOrMovedBeforeItLeftGoesToo) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  const RecordId ben = contact(central, bell, "ben@bell.example");
  see_only(site, {bell});
  exchange_scanned(site);
  exchange_scanned(site);
  ASSERT_TRUE(remove(central, "contact", ann));
  ASSERT_TRUE(set(central, "contact", ben, {{"customer", to_string(acme)}}));
  see_only(site, {});
  exchange_scanned(site);
  EXPECT_FALSE(has(site, "contact", ann));
  EXPECT_FALSE(has(site, "contact", ben));
  EXPECT_FALSE(has(site, "customer", bell));
  expect_equal(site);
}

TEST_F(H13_ScopeChange, AnEditWhileItWasOutOfSightComesWithTheWholeRecord) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  see_only(site, {acme});
  exchange_scanned(site);
  exchange_scanned(site);
  ASSERT_TRUE(set(central, "contact", ann, {{"title", "Cook"}}));
  see_only(site, {acme, bell});
  ASSERT_TRUE(set(central, "contact", ann, {{"first_name", "Ann"}}));
  const auto bundles = scanned_down(site);
  for (const Bytes& bundle : bundles) EXPECT_EQ(take(site, bundle), "applied") << last_detail;
  EXPECT_EQ(value(site, "contact", ann, "email"), "\"ann@bell.example\"");
  expect_equal(site);
}

TEST_F(H13_ScopeChange, LostRepeatedAndLateBundlesMakeNoDifference) {
  contact(central, bell, "ann@bell.example");
  see_only(site, {acme});
  exchange_scanned(site);
  exchange_scanned(site);
  see_only(site, {acme, bell});
  const auto lost = scanned_down(site);
  const auto with_bell = scanned_down(site);  // packed twice
  for (const Bytes& bundle : with_bell) EXPECT_EQ(take(site, bundle), "applied");
  for (const Bytes& bundle : with_bell) EXPECT_EQ(take(site, bundle), "duplicate");
  expect_equal(site);
  see_only(site, {acme});
  exchange_scanned(site);
  expect_equal(site);
  // A stick from the time when it saw Bell.
  for (const Bytes& bundle : lost) EXPECT_EQ(take(site, bundle), "duplicate");
  EXPECT_FALSE(has(site, "customer", bell));
  expect_equal(site);
}

TEST_F(H13_ScopeChange, ItWorksInPiecesOfWhichSomeAreLost) {
  for (int i = 0; i < 12; ++i) {
    contact(central, bell, fmt::format("c{}@bell.example", i));
    contact(central, acme, fmt::format("c{}@acme.example", i));
  }
  see_only(site, {acme});
  exchange_scanned(site);
  exchange_scanned(site);
  for (int i = 0; i < 12; ++i) contact(central, acme, fmt::format("later{}@acme.example", i));
  see_only(site, {acme, bell});
  for (int i = 0; i < 12; ++i) contact(central, bell, fmt::format("later{}@bell.example", i));
  central.options.limits.lines_max = 20;  // fits what a row brings, not all that is due
  for (int round = 0; round < 6; ++round) {
    const auto pieces = scanned_down(site);
    EXPECT_FALSE(is_snapshot(pieces));
    EXPECT_GT(round == 0 ? pieces.size() : 2U, 1U);
    take(site, pieces.front());  // the others are lost
    up(site);
  }
  expect_equal(site);
}

TEST_F(H13_ScopeChange, WhatDoesNotFitIntoOneBundleComesAsASnapshot) {
  for (int i = 0; i < 40; ++i) contact(central, bell, fmt::format("c{}@bell.example", i));
  see_only(site, {acme});
  exchange_scanned(site);
  exchange_scanned(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"website", "https://acme.example"}}));
  central.options.limits.lines_max = 20;
  see_only(site, {acme, bell});
  const auto pieces = scanned_down(site);
  ASSERT_TRUE(is_snapshot(pieces));
  EXPECT_GT(pieces.size(), 2U);
  for (const Bytes& piece : pieces) take(site, piece);
  EXPECT_EQ(value(site, "customer", acme, "website"), "\"https://acme.example\"");  // pending
  exchange_scanned(site);
  expect_equal(site);
}

// Online, central keeps nothing between two pieces: the site gives the place back.
TEST_F(H13_ScopeChange, SuchASnapshotIsResumed) {
  for (int i = 0; i < 40; ++i) contact(central, bell, fmt::format("c{}@bell.example", i));
  see_only(site, {acme});
  exchange_scanned(site);
  exchange_scanned(site);
  central.options.limits.lines_max = 20;
  see_only(site, {acme, bell});
  std::string resume;
  int pieces = 0;
  do {
    ASSERT_LT(++pieces, 20);
    const auto packed = pack_state(
        central.node(), known(site), {.always = false, .pieces_max = 1, .resume = resume},
        [&](PackedBundle&& piece) -> Result<void> {
          resume = piece.resume;
          take(site, sim::read_whole(piece.bundle.file.fd(), piece.bundle.size));
          return {};
        });
    ASSERT_TRUE(packed) << packed.error().detail;
  } while (!resume.empty());
  EXPECT_GT(pieces, 2);
  expect_equal(site);
}

TEST_F(H13_ScopeChange, FromAllToASetAndBack) {
  contact(central, bell, "ann@bell.example");
  exchange_scanned(site);
  exchange_scanned(site);
  ASSERT_TRUE(has(site, "customer", bell));
  see_only(site, {acme});
  exchange_scanned(site);
  EXPECT_FALSE(has(site, "customer", bell));
  expect_equal(site);
  see_all(site);
  exchange_scanned(site);
  EXPECT_TRUE(has(site, "customer", bell));
  expect_equal(site);
  // Many exports later the site still stands on what it is sent.
  up(site);
  see_only(site, {acme});
  for (std::int64_t i = 0; i < store::waypoints_max + 5; ++i) {
    contact(central, acme, fmt::format("c{}@acme.example", i));
    pack_down(site);
  }
  for (const Bytes& bundle : scanned_down(site)) EXPECT_EQ(take(site, bundle), "applied");
  expect_equal(site);
}

TEST_F(H13_ScopeChange, ConflictsComeAndGoWithTheirCustomer) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  exchange(other);
  ASSERT_TRUE(set(other, "contact", ann, {{"title", "theirs"}}));
  ASSERT_TRUE(set(central, "contact", ann, {{"title", "ours"}}));
  exchange(other);
  ASSERT_EQ(conflicts_at(central), 1);
  see_only(site, {acme});
  exchange_scanned(site);
  exchange_scanned(site);
  EXPECT_EQ(conflicts_at(site), 0);
  see_only(site, {acme, bell});
  exchange_scanned(site);
  EXPECT_EQ(conflicts_at(site), 1);
  see_only(site, {acme});
  exchange_scanned(site);
  EXPECT_EQ(conflicts_at(site), 0);
  see_all(site);
  exchange_scanned(site);
  EXPECT_EQ(conflicts_at(site), 1);
  see_only(site, {acme});  // by a snapshot this time
  exchange_scanned(site);
  EXPECT_EQ(conflicts_at(site), 0);
}

TEST_F(H13_ScopeChange, ACustomerThatTheSiteMadeIsInItsScopeAndMayLeaveIt) {
  see_only(site, {acme});
  exchange_scanned(site);
  const RecordId mine = *create(site, "customer", {{"name", "Made here"}});
  const RecordId ann = contact(site, mine, "ann@mine.example");
  exchange_scanned(site);
  EXPECT_TRUE(has(central, "contact", ann));
  const std::string scope = value(central, "site", RecordId{sim::site_id(1).bytes}, "scope");
  EXPECT_NE(scope.find(to_string(mine)), std::string::npos);
  expect_equal(site);
  const store::Site before = known(site);
  exchange_scanned(site);
  EXPECT_EQ(known(site).scope_reset, before.scope_reset);
  see_only(site, {acme});
  exchange_scanned(site);
  EXPECT_FALSE(has(site, "customer", mine));
  expect_equal(site);
}

TEST_F(H13_ScopeChange, OnlyTheSiteWhoseScopeChangesIsTold) {
  see_only(site, {acme});
  see_only(other, {bell});
  for (int round = 0; round < 2; ++round)
    for (Machine* machine : {&site, &other}) exchange_scanned(*machine);
  see_only(site, {acme, bell});
  up(other);
  EXPECT_TRUE(lines(scanned_down(other), other).empty());
  exchange_scanned(site);
  expect_equal(site);
  expect_equal(other);
}

TEST_F(H13_ScopeChange, NothingOfTheFleetLeavesCentral) {
  exchange(site);
  for (const char* sql : {"SELECT count(*) FROM site", "SELECT count(*) FROM site_scope",
                          "SELECT count(*) FROM change_log WHERE kind='site'"})
    EXPECT_EQ(site.read([&](store::Connection& connection) {
      auto cursor = connection.query(sql);
      return cursor.next() ? cursor.integer(0) : -1;
    }),
              0)
        << sql;
  // Nor does a site say anything of it.
  Change change;
  change.kind = find_kind("site");
  change.record = RecordId{sim::site_id(1).bytes};
  change.fields.push_back({static_cast<std::size_t>(change.kind->find_field("scope")), "all",
                           json::array(), std::nullopt});
  append(site, {change});
  exchange(site);
  EXPECT_EQ(decided(site, 1), "rejected");
  EXPECT_TRUE(known(site).sees_all);
}

// The walk reads versions a thousand at a time: what has one version and id stays together.
TEST_F(H13_ScopeChange, ARecordThatMovedIsToldOfAtTheEndOfABatchToo) {
  const RecordId ann = contact(central, bell, "ann@bell.example");
  see_only(site, {bell});
  see_only(other, {acme});
  for (int round = 0; round < 2; ++round)
    for (Machine* machine : {&site, &other}) exchange_scanned(*machine);
  const auto in_job = central.write([&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, *central.log, Role::central, central.random);
    for (int i = 0; i < 999; ++i) {
      SKERRY_TRY(FieldValues values,
                 read_new(*find_kind("contact"), {{"customer", to_string(i % 2 == 0 ? acme : bell)},
                                                  {"email", fmt::format("c{}@x.example", i)}}));
      SKERRY_TRY_VOID(writer.create(*find_kind("contact"), std::nullopt, std::move(values),
                                    {"uid:0", "api", ""}));
    }
    return {};
  });
  ASSERT_TRUE(in_job);
  ASSERT_TRUE(set(central, "contact", ann, {{"customer", to_string(acme)}}));
  for (Machine* machine : {&site, &other}) exchange_scanned(*machine);
  EXPECT_FALSE(has(site, "contact", ann));
  EXPECT_TRUE(has(other, "contact", ann));
}

}  // namespace
}  // namespace skerry::sync
