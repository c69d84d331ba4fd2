// What records name: records that a site does not see, and ones that were deleted meanwhile.
#include "core/json_member.hpp"
#include "store/conflict_rules.hpp"
#include "store/export_records.hpp"
#include "store/import_records.hpp"
#include "tests/unit/store/text_file.hpp"
#include "tests/unit/sync/reconcile_assets_fixture.hpp"

namespace skerry::sync {
namespace {

// The site sees Acme alone: an asset of Bell's that stands in Acme's yard, and one of Acme's that
// stands in Bell's mill.
class ReconcileUnseen : public ReconcileAssets {
 protected:
  ReconcileUnseen() {
    guest = asset(central, "guest", bell);
    ours = asset(central, "ours", acme);
    move(central, guest, yard, {{"arrived_at", "2026-01-01"}});
    move(central, ours, mill, {{"arrived_at", "2026-01-01"}});
    see_only(site, {acme});
    exchange(site);
    EXPECT_FALSE(has(site, "customer", bell));
    EXPECT_FALSE(has(site, "location", mill));
  }

  std::string exported(std::string_view kind) {
    const store::Reader reader = site.database->read();
    store::ListQuery query;
    query.kind = find_kind(kind);
    query.archived = store::Archived::include;
    store::RecordExport lines(*reader, query, store::ExportFormat::csv);
    std::string text = lines.begin();
    while (lines.next(text)) {
    }
    return text;
  }
  store::ImportReport import(std::string_view kind, std::string_view text) {
    const store::TextFile file(text);
    const store::ImportPlace place{*site.database, *site.log, Role::site, site.random};
    const auto report = store::import_records(place, *find_kind(kind), file.get(), {},
                                              {"uid:0", "import", "again"});
    EXPECT_TRUE(report) << report.error().detail;
    return report ? *report : store::ImportReport();
  }

  RecordId guest, ours;
};

TEST_F(ReconcileUnseen, AnAssetOfAnOwnerOutOfSightCanBeChanged) {
  for (const json::object& patch : {json::object{{"status", "down"}, {"description", "leaks"}},
                                    json::object{{"archived_at", "2026-01-03T00:00:00Z"}},
                                    json::object{{"scrapped_on", "2026-02-01"}}}) {
    const auto changed = set(site, "asset", guest, patch);
    ASSERT_TRUE(changed) << changed.error().detail;
  }
  ASSERT_TRUE(create(site, "note", {{"subject", to_string(guest)}, {"text", "seen here"}}));
  settle();
  EXPECT_EQ(value(central, "asset", guest, "status"), "\"down\"");
  EXPECT_EQ(value(central, "asset", guest, "scrapped_on"), "\"2026-02-01\"");
  EXPECT_EQ(value(central, "asset", guest, "owner"), fmt::format("\"{}\"", to_string(bell)));
  EXPECT_TRUE(conflicts(central).empty());
  expect_equal(site);
}

TEST_F(ReconcileUnseen, AMoveBeginsWhereTheAssetStands) {
  const RecordId back =
      move(site, ours, yard, {{"from_location", to_string(mill)}, {"arrived_at", "2026-02-01"}});
  ASSERT_TRUE(set(site, "move", back, {{"carrier", "Boat"}}));
  settle();
  EXPECT_EQ(place(central, ours), fmt::format("\"{}\" false", to_string(yard)));
  EXPECT_EQ(value(central, "move", back, "from_location"), fmt::format("\"{}\"", to_string(mill)));
  expect_equal(site);
}

TEST_F(ReconcileUnseen, WhatIsNewlyNamedMustBeSeen) {
  const auto code = [](const auto& refused) {
    return refused ? Errc::internal : refused.error().code;
  };
  EXPECT_EQ(code(set(site, "asset", ours, {{"owner", to_string(bell)}})),
            Errc::reference_not_found);
  const json::object trip{
      {"asset", to_string(ours)}, {"to_location", to_string(mill)}, {"arrived_at", "2026-02-01"}};
  EXPECT_EQ(code(create(site, "move", trip)), Errc::reference_not_found);
  const json::object odd{{"asset", to_string(guest)},  // which does not stand there
                         {"from_location", to_string(mill)},
                         {"to_location", to_string(dock)},
                         {"arrived_at", "2026-02-01"}};
  EXPECT_EQ(code(create(site, "move", odd)), Errc::reference_not_found);
}

TEST_F(ReconcileUnseen, TheSitesOwnExportComesBackWithoutAChange) {
  for (const std::string_view kind : {"asset", "move"}) {
    const store::ImportReport report = import(kind, exported(kind));
    for (const store::TableError& error : report.errors)
      ADD_FAILURE() << kind << " row " << error.row << ' ' << error.column << ": " << error.detail;
    EXPECT_EQ(report.unchanged, 2) << kind;
  }
  std::string text = exported("asset");
  const std::string known = to_string(guest);
  text.replace(text.find(known), known.size(), "0199c0de-0000-7000-8000-00000000dead");
  text.replace(text.find("guest"), 5, "stranger");
  const auto report = import("asset", text);  // a new asset, of nobody who is known here
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0].column, "owner");
}

// A contact that the site makes for a customer that leaves its scope.
class ReconcileInVain : public ReconcileAssets {
 protected:
  ReconcileInVain() {
    see_only(site, {acme, bell});
    exchange(site);
    ann = *create(site, "contact",
                  {{"customer", to_string(bell)}, {"email", "ann@bell.example"}, {"title", "A"}});
  }
  void taken_in_vain() {
    see_only(site, {acme});
    up(site);
    EXPECT_EQ(decided(site, 1), "conflict");
  }

  RecordId ann;
};

TEST_F(ReconcileInVain, WhatIsWrittenAfterItIsOfTheOneDecision) {
  ASSERT_TRUE(set(site, "contact", ann, {{"title", "B"}}));
  taken_in_vain();
  ASSERT_TRUE(set(site, "contact", ann, {{"title", "C"}, {"first_name", "Ann"}}));
  exchange(site);
  EXPECT_EQ(told(site, 3), "conflict");
  const auto open = open_conflicts(central);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].type, store::ConflictType::out_of_scope);
  EXPECT_EQ(store::choice_of(store::Side::site, open[0]), store::ConflictChoice::loser);
  EXPECT_EQ(store::choice_of(store::Side::central, open[0]), store::ConflictChoice::winner);
  EXPECT_EQ(member_of(open[0].loser.at("value"), "title"), json::value("C"));
  resolve(central, open[0].id, store::ConflictChoice::loser);
  EXPECT_EQ(value(central, "contact", ann, "title"), "\"C\"");
  EXPECT_EQ(value(central, "contact", ann, "first_name"), "\"Ann\"");
  EXPECT_EQ(value(central, "contact", ann, "email"), "\"ann@bell.example\"");
  EXPECT_TRUE(open_conflicts(central).empty());
}

TEST_F(ReconcileInVain, WhoDeletesItLeavesNothingToDecide) {
  const RecordId bob =
      *create(site, "contact", {{"customer", to_string(bell)}, {"email", "bob@bell.example"}});
  ASSERT_TRUE(remove(site, "contact", bob));
  taken_in_vain();
  const auto open = open_conflicts(central);
  ASSERT_EQ(open.size(), 1U);  // with its creation came the deletion of the other
  EXPECT_EQ(open[0].record, ann);
  ASSERT_TRUE(remove(site, "contact", ann));
  exchange(site);
  EXPECT_TRUE(open_conflicts(central).empty());
  const auto all = conflicts(central);
  ASSERT_EQ(all.size(), 2U);
  for (const store::Conflict& each : all) {
    EXPECT_EQ(member_of(each.resolution, "choice"), json::value("withdrawn"));
    EXPECT_NE(each.decided_by.find(" at "), std::string::npos) << each.decided_by;
  }
  for (const std::int64_t seq : {3, 4}) EXPECT_EQ(decided(site, seq), "applied");
  EXPECT_FALSE(has(central, "contact", ann));
  EXPECT_FALSE(has(central, "contact", bob));
  expect_equal(site);
}

// Who decided is central, not the author.
TEST_F(ReconcileInVain, AnEditAfterTheDecisionIsAgainstCentral) {
  taken_in_vain();
  resolve(central, open_conflicts(central).at(0).id, store::ConflictChoice::winner);
  ASSERT_TRUE(set(site, "contact", ann, {{"title", "B"}}));
  exchange(site);
  const auto open = open_conflicts(central);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].type, store::ConflictType::edit_vs_delete);
  EXPECT_EQ(open[0].field, "title");
  EXPECT_EQ(store::choice_of(store::Side::site, open[0]), store::ConflictChoice::loser);
}

class ReconcileGone : public ReconcileAssets {
 protected:
  ReconcileGone() {
    valve = *create(central, "product", {{"sku", "V"}, {"name", "Valve"}, {"type", "device"}});
    one = asset(central, "1", acme);
    settle();
  }
  // The types and fields of what is in conflict; the same on both sides.
  std::vector<std::string> kept() {
    std::vector<std::string> texts;
    for (Machine* machine : {&central, &site}) {
      std::vector<std::string> here;
      for (const store::Conflict& conflict : conflicts(*machine))
        here.push_back(fmt::format("{} {} {}", store::to_text(conflict.type), conflict.kind->name,
                                   conflict.field));
      std::sort(here.begin(), here.end());
      EXPECT_TRUE(machine == &central || here == texts);
      texts = std::move(here);
    }
    return texts;
  }
  void delete_dock_and_valve() {
    ASSERT_TRUE(remove(central, "location", dock));
    ASSERT_TRUE(remove(central, "product", valve));
    settle();
  }

  RecordId valve, one;
};

TEST_F(ReconcileGone, H10_WhatNamesADeletedRecordIsKeptAsAConflict) {
  const RecordId trip = move(site, one, dock, {{"arrived_at", "2026-01-01"}});
  const auto made = create(
      site, "asset", {{"product", to_string(valve)}, {"serial", "N"}, {"owner", to_string(acme)}});
  ASSERT_TRUE(made);
  delete_dock_and_valve();
  for (Machine* machine : {&central, &site}) {
    EXPECT_FALSE(has(*machine, "move", trip));
    EXPECT_FALSE(has(*machine, "asset", *made));
    EXPECT_EQ(place(*machine, one), "null false");
  }
  EXPECT_EQ(decided(site, 1), "conflict");
  EXPECT_EQ(told(site, 2), "conflict");
  // Each is one decision about the whole record.
  const std::vector<std::string> expected{"edit_vs_delete asset ", "edit_vs_delete move "};
  EXPECT_EQ(kept(), expected);
  expect_equal(site);
}

TEST_F(ReconcileGone, WhatNamesADeletedRecordComesBackWithAnother) {
  const auto made = create(
      site, "asset", {{"product", to_string(valve)}, {"serial", "N"}, {"owner", to_string(acme)}});
  ASSERT_TRUE(made);
  delete_dock_and_valve();
  const RecordId id = open_conflicts(central).at(0).id;
  EXPECT_FALSE(try_resolve(central, id, store::ConflictChoice::loser));  // the valve is no product
  EXPECT_FALSE(has(central, "asset", *made));
  const json::value other = json::object{{"product", to_string(pump)}};
  const auto decided = try_resolve(central, id, other);
  ASSERT_TRUE(decided) << decided.error().detail;
  settle();
  for (Machine* machine : {&central, &site}) {
    EXPECT_EQ(value(*machine, "asset", *made, "serial"), "\"N\"");
    EXPECT_EQ(value(*machine, "asset", *made, "product"), fmt::format("\"{}\"", to_string(pump)));
    EXPECT_TRUE(open_conflicts(*machine).empty());
  }
  expect_equal(site);
}

TEST_F(ReconcileGone, H10_AnEditThatNamesADeletedRecordIsKeptAsAConflict) {
  const RecordId trip = move(central, one, yard, {{"arrived_at", "2026-01-01"}});
  settle();
  ASSERT_TRUE(set(site, "move", trip, {{"to_location", to_string(dock)}}));
  ASSERT_TRUE(set(site, "asset", one, {{"product", to_string(valve)}, {"status", "down"}}));
  delete_dock_and_valve();
  for (Machine* machine : {&central, &site}) {
    EXPECT_EQ(value(*machine, "move", trip, "to_location"), fmt::format("\"{}\"", to_string(yard)));
    EXPECT_EQ(value(*machine, "asset", one, "product"), fmt::format("\"{}\"", to_string(pump)));
    EXPECT_EQ(place(*machine, one), fmt::format("\"{}\" false", to_string(yard)));
  }
  const std::vector<std::string> expected{"edit_vs_delete asset product",
                                          "edit_vs_delete asset status",
                                          "edit_vs_delete move to_location"};
  EXPECT_EQ(kept(), expected);
  // The rest of the edit can still be chosen; what it names cannot.
  for (const store::Conflict& conflict : open_conflicts(central))
    if (conflict.field == "status") resolve(central, conflict.id, store::ConflictChoice::loser);
  settle();
  EXPECT_EQ(value(site, "asset", one, "status"), "\"down\"");
  expect_equal(site);
}

TEST_F(ReconcileGone, AMoveFromADeletedPlaceStaysWithoutIt) {
  const RecordId trip =
      move(site, one, yard, {{"from_location", to_string(dock)}, {"arrived_at", "2026-01-01"}});
  delete_dock_and_valve();
  for (Machine* machine : {&central, &site}) {
    EXPECT_EQ(value(*machine, "move", trip, "from_location"), "null");
    EXPECT_EQ(place(*machine, one), fmt::format("\"{}\" false", to_string(yard)));
  }
  EXPECT_EQ(told(site, 1), "superseded");
  ASSERT_EQ(kept(), std::vector<std::string>{"edit_vs_delete move from_location"});
  resolve(site, open_conflicts(site).front().id, store::ConflictChoice::winner);
  settle();
  EXPECT_TRUE(open_conflicts(central).empty());
  EXPECT_TRUE(open_conflicts(site).empty());
  expect_equal(site);
}

// What one place of the log changed may not fit into a piece: that one ends before the place, and
// brings a part of it.
TEST_F(ReconcileAssets, APieceMayBringWhatIsBehindItsEnd) {
  std::vector<RecordId> standing;
  for (int i = 0; i < 5; ++i) {
    standing.push_back(asset(central, fmt::format("{}", i), std::nullopt));
    move(central, standing.back(), yard, {{"arrived_at", "2026-01-01"}});
  }
  settle();
  ASSERT_TRUE(set(central, "customer", acme, {{"description", "before it"}}));
  ASSERT_TRUE(set(central, "location", yard, {{"customer", to_string(bell)}}));  // and its assets
  central.options.limits.lines_max = 4;
  const auto pieces = pack_down(site);
  ASSERT_GT(pieces.size(), 1U);
  EXPECT_EQ(take(site, pieces.front()), "applied") << last_detail;
  for (const Bytes& piece : pieces) take(site, piece);  // the place comes whole in a snapshot
  expect_equal(site);
}

}  // namespace
}  // namespace skerry::sync
