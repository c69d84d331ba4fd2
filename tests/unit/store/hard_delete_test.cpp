#include "store/hard_delete.hpp"

#include <algorithm>

#include "tests/unit/store/world_fixture.hpp"

namespace skerry::store {
namespace {

class HardDeleteTest : public WorldTest {
 protected:
  Dependants dependants(std::string_view kind, const RecordId& id) {
    const Reader reader = database->read();
    return *find_dependants(*reader, *find_kind(kind), id);
  }
  Result<Dependants> destroy(std::string_view kind, const RecordId& id, std::string_view confirm,
                             std::string_view token,
                             std::optional<std::int64_t> revision = std::nullopt) {
    return run([&](Connection& connection) {
      RecordWriter writer(connection, log, role, random);
      return hard_delete(connection, writer, *find_kind(kind), id, revision, confirm, token,
                         author);
    });
  }
  std::int64_t records() {
    std::int64_t count = 0;
    for (const Kind& kind : all_kinds())
      count += number(fmt::format("SELECT count(*) FROM {}", kind.name));
    return count;
  }
};

TEST_F(HardDeleteTest, EachStandsBeforeWhatItRefersTo) {
  const RecordId pump = asset("1", harbour);
  move(pump, quay, R"("arrived_at":"2026-01-01")");
  make("note", fmt::format(R"({{"subject":"{}","text":"n"}})", to_string(pump)));
  make("note", fmt::format(R"({{"subject":"{}","text":"n"}})", to_string(harbour)));
  const Dependants found = dependants("customer", harbour);
  EXPECT_EQ(found.to_text(), "1 asset, 2 locations, 1 move, 2 notes");
  const auto position = [&](const RecordId& id) {
    return std::find_if(found.records.begin(), found.records.end(),
                        [&](const auto& each) { return each.second == id; }) -
           found.records.begin();
  };
  EXPECT_LT(position(parse_id<RecordId>(to_string(pump)).value()),
            static_cast<std::ptrdiff_t>(found.records.size()));
  for (const auto& [kind, id] : found.records) {
    if (kind->name == "move") {
      EXPECT_LT(position(id), position(pump));
      EXPECT_LT(position(id), position(quay));
    }
  }
}

TEST_F(HardDeleteTest, WhatHasNoNameIsConfirmedByItsId) {
  Record record(*find_kind("entitlement"));
  record.id = new_record_id(clock.wall_ms(), random);
  EXPECT_EQ(confirmation_of(record).field, "id");
  EXPECT_EQ(confirmation_of(record).text, to_string(record.id));
  record.values[static_cast<std::size_t>(record.kind->find_field("entitlement_ref"))] = "E-1";
  EXPECT_EQ(confirmation_of(record).field, "entitlement_ref");
  EXPECT_EQ(confirmation_of(record).text, "E-1");
}

TEST_F(HardDeleteTest, GoesWithAllThatRefersToItAndLeavesTombstones) {
  const RecordId pump = asset("1", harbour);
  move(pump, beach, R"("arrived_at":"2026-01-01")");
  const RecordId valve = asset("2", island);
  const RecordId trip = move(valve, quay, R"("arrived_at":"2026-01-01")");
  const Dependants found = dependants("customer", harbour);
  EXPECT_EQ(found.to_text(), "1 asset, 2 locations, 2 moves");
  const std::int64_t before = records();
  const auto gone = destroy("customer", harbour, "Harbour", found.token(harbour));
  ASSERT_TRUE(gone) << gone.error().detail;
  EXPECT_EQ(records(), before - 6);
  EXPECT_EQ(number("SELECT count(*) FROM tombstone"), 6);
  // The asset of the other customer stays; that it stood on the quay is in the log only.
  EXPECT_EQ(place(valve), "-");
  EXPECT_EQ(counters(island), recount(island));
  EXPECT_GE(number(fmt::format("SELECT count(*) FROM change_log WHERE record=x'{}'",
                               to_hex(trip.view()))),
            2);
}

TEST_F(HardDeleteTest, AForeignMoveThatOnlyBeganThereStays) {
  const RecordId valve = asset("2", island);
  const RecordId trip =
      move(valve, beach,
           fmt::format(R"("from_location":"{}","arrived_at":"2026-01-01")", to_string(quay)));
  const Dependants found = dependants("customer", harbour);
  EXPECT_EQ(found.to_text(), "2 locations, 1 move by its from_location, which becomes null");
  EXPECT_EQ(drop("location", quay).error().code, Errc::in_use);
  const auto gone = destroy("customer", harbour, "Harbour", found.token(harbour));
  ASSERT_TRUE(gone) << gone.error().detail;
  EXPECT_TRUE(read("move", trip).value("from_location").is_null());
  EXPECT_EQ(place(valve), "Beach");
  EXPECT_EQ(counters(island), recount(island));
}

// The move goes with its asset, and would else be the last to name the location.
TEST_F(HardDeleteTest, WhatOnlyMentionsAnotherOfThemGoesBeforeIt) {
  const RecordId pump = asset("1", harbour);
  move(pump, beach,
       fmt::format(R"("from_location":"{}","arrived_at":"2026-01-01")", to_string(quay)));
  const Dependants found = dependants("customer", harbour);
  EXPECT_EQ(found.to_text(), "1 asset, 2 locations, 1 move");
  const auto gone = destroy("customer", harbour, "Harbour", found.token(harbour));
  EXPECT_TRUE(gone) << gone.error().detail;
}

TEST_F(HardDeleteTest, TheWrongNameOrATokenOfOldDoesNothing) {
  const std::string token = dependants("customer", harbour).token(harbour);
  const std::int64_t before = records();
  EXPECT_EQ(destroy("customer", harbour, "harbour", token).error().code, Errc::validation_failed);
  EXPECT_EQ(destroy("customer", harbour, "", token).error().code, Errc::validation_failed);
  EXPECT_EQ(destroy("customer", harbour, "Harbour", "").error().code, Errc::in_use);
  EXPECT_EQ(destroy("customer", harbour, "Harbour", dependants("customer", island).token(island))
                .error()
                .code,
            Errc::in_use);
  EXPECT_EQ(records(), before);
  location(harbour, "One more");
  EXPECT_EQ(destroy("customer", harbour, "Harbour", token).error().code, Errc::in_use);
  EXPECT_EQ(records(), before + 1);
  EXPECT_EQ(number("SELECT count(*) FROM tombstone"), 0);
  const RecordId alone = make("customer", R"({"name":"Alone"})");
  EXPECT_EQ(destroy("customer", alone, "Alone", token).error().detail,
            "what refers to the customer has changed: nothing does");
}

TEST_F(HardDeleteTest, TheRevisionIsTheOneTheClientSaw) {
  const RecordId pump = asset("1", harbour);
  move(pump, quay, R"("arrived_at":"2026-01-01")");
  const std::int64_t revision = read("asset", pump).revision;
  const std::string token = dependants("asset", pump).token(pump);
  const auto stale = destroy("asset", pump, "1", token, revision - 1);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Errc::precondition_failed);
  EXPECT_EQ(number("SELECT count(*) FROM move"), 1);
  // Its moves go first, and with them its place: that is not somebody else's change.
  const auto gone = destroy("asset", pump, "1", token, revision);
  ASSERT_TRUE(gone) << gone.error().detail;
}

TEST_F(HardDeleteTest, ALongNameIsTypedWhole) {
  const std::string name(200, 'x');
  const RecordId customer = make("customer", fmt::format(R"({{"name":"{}"}})", name));
  location(customer, "There");
  const auto gone =
      destroy("customer", customer, name, dependants("customer", customer).token(customer));
  EXPECT_TRUE(gone) << gone.error().detail;
}

TEST_F(HardDeleteTest, AProductTakesItsAssetsAlong) {
  const RecordId pump = asset("1", harbour);
  move(pump, quay, R"("arrived_at":"2026-01-01")");
  const Dependants found = dependants("product", product);
  EXPECT_EQ(found.to_text(), "1 asset, 1 move");
  ASSERT_TRUE(destroy("product", product, "Pump", found.token(product)));
  EXPECT_EQ(counters(harbour), "2 0 0");
}

TEST_F(HardDeleteTest, WhatIsNotThere) {
  EXPECT_EQ(destroy("customer", RecordId{}, "x", "y").error().code, Errc::not_found);
}

}  // namespace
}  // namespace skerry::store
