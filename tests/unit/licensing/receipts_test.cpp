// What a site's desk confirms of allocations while leases are refreshed and seats are claimed.
#include "licensing/receipts.hpp"

#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "licensing/catalogue_allowances.hpp"
#include "licensing/usage_facts.hpp"
#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;

constexpr std::int64_t second_ms = 1000;

// The records of central, the identity of a site that holds five seats of ten minutes each.
class ReceiptsTest : public store::CatalogueTest {
 protected:
  ReceiptsTest() {
    const RecordId plant = site("Plant");
    given = make("allocation", allocation(make("entitlement", sold()), plant,
                                          R"("seats":5,"until":"2026-12-01T00:00:00Z")"));
    write([&](Connection& connection) -> Result<void> {
      write_identity(connection, {Role::site, SiteId{plant.bytes}, "plant"});
      return {};
    });
    facts = std::make_unique<UsageFacts>(log, random, Redaction::none);
    desk = std::make_unique<SeatDesk>(
        *database, clock, std::make_shared<const store::RunClock>(*database, clock), random,
        catalogue, crypto::SigningKey::generate(), [this] { return log.last_n(); });
    desk->tell(*facts);
    desk->heed([this] { return log.next_version().n - 1; });
  }

  // What its holder knows of a seat.
  struct Holder {
    RecordId id;
    std::string secret;
    std::string nonce;
  };
  Decision<SeatState> claim(Connection& connection, std::string_view machine) {
    Claim claim;
    claim.machine = machine;
    claim.request = crypto::sha256(as_bytes(machine));
    return desk->claim(connection, {opening_of({customer}).digest, "CAD", {}, {customer}}, claim);
  }
  Holder take(std::string_view machine) {
    const auto state = run([&](Connection& connection) -> Result<Decision<SeatState>> {
                         return claim(connection, machine);
                       }).value();
    EXPECT_TRUE(state) << state.error().why;
    return {state->seat.id, desk->proof().secret(state->seat.id, state->seat.generation),
            desk->proof().nonce(state->seat.id, state->seat.turn)};
  }
  static Caller caller(const Holder& holder, std::string_view call) {
    return {holder.secret, holder.nonce, crypto::sha256(as_bytes(call)), false};
  }
  UnixMillis refresh(Holder& holder, std::string_view call) {
    const auto state = desk->refresh(holder.id, caller(holder, call));
    EXPECT_TRUE(state) << state.error().why;
    holder.nonce = desk->proof().nonce(holder.id, state->seat.turn);
    return state->seat.until;
  }
  void end_allocation(UnixMillis until) {
    ASSERT_EQ(
        changed("allocation", given, fmt::format(R"({{"until":"{}"}})", format_timestamp(until))),
        "");
  }
  std::int64_t receipts() { return number("SELECT count(*) FROM allocation_receipt"); }

  RecordId given;
  CatalogueAllowances catalogue;
  std::unique_ptr<UsageFacts> facts;
  std::unique_ptr<SeatDesk> desk;
};

// A refresh is in memory for a second before it is a row.
TEST_F(ReceiptsTest, AnEarlierEndWaitsForALeaseThatIsNotWrittenYet) {
  const UnixMillis start = clock.now;
  Holder press = take("press");
  const Holder other = take("other");
  clock.now += 300 * second_ms;
  EXPECT_EQ(refresh(press, "1"), start + 900 * second_ms);
  end_allocation(start + 700 * second_ms);
  write([&](Connection& connection) -> Result<void> {
    EXPECT_TRUE(desk->release(connection, other.id, caller(other, "release")));
    return desk->confirm_freed(connection);
  });
  EXPECT_EQ(receipts(), 0);
  EXPECT_EQ(refresh(press, "2"), start + 700 * second_ms);  // no further than the end
  write([&](Connection& connection) -> Result<void> {
    desk->upkeep(connection);
    return desk->confirm_freed(connection);
  });
  EXPECT_EQ(receipts(), 1);
}

// Whoever takes a bundle in does not know what is refreshed meanwhile: the next upkeep does.
TEST_F(ReceiptsTest, AnEarlierEndIsConfirmedByTheDeskWhileSeatsAreOut) {
  take("press");
  end_allocation(clock.now + 700 * second_ms);
  write([&](Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, log, role, random);
    const auto self = store::read_identity(connection);
    return confirm_allocations(connection, writer, *self, random, clock.wall_ms(), author)
        .map([](std::size_t confirmed) { EXPECT_EQ(confirmed, 0u); });
  });
  EXPECT_TRUE(desk->wants_upkeep());
  write([&](Connection& connection) -> Result<void> {
    desk->upkeep(connection);
    return desk->confirm_freed(connection);
  });
  EXPECT_EQ(receipts(), 1);
}

TEST_F(ReceiptsTest, AClaimHeedsWhatWasTakenBackInTheSameCommit) {
  take("press");
  write([&](Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, log, role, random);
    SKERRY_TRY_VOID(
        writer.update(*find_kind("allocation"), given, {{"seats", 1}}, std::nullopt, author));
    const auto late = claim(connection, "other");
    EXPECT_FALSE(late);
    EXPECT_TRUE(late || late.error().code == Why::seats_exhausted);
    return {};
  });
}

}  // namespace
}  // namespace skerry::licensing
