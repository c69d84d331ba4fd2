#include "licensing/relay_licences.hpp"

#include "tests/unit/licensing/desk_fixture.hpp"

namespace skerry::licensing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pointee;

constexpr std::int64_t ttl = 60;  // seconds

class RelayTest : public DeskTest {
 protected:
  // Licences 1, 2 and 3, one seat each, in the pool without a name.
  RelayTest() {
    for (std::uint8_t number = 1; number <= 3; ++number) add(licence_of(number));
    serve({ttl, true});
  }
  // As after a start of the daemon.
  void serve(RelayLease lease) {
    relay = std::make_unique<RelayAllowances>(source, lease);
    desk = std::make_unique<SeatDesk>(*database, clocks, run_clock(), random, *relay, key,
                                      [this] { return version; });
  }
  static RelayLicence licence_of(std::uint8_t number, std::string pool = {}) {
    RelayLicence licence;
    licence.id = id_of(number);
    licence.licence = std::string("L-").append(std::to_string(number));
    licence.pool = std::move(pool);
    licence.file = "file";
    licence.key = "KEY";
    return licence;
  }
  void add(const RelayLicence& licence) {
    write([&](store::Connection& connection) { return insert_relay_licence(connection, licence); });
  }
  Decision<SeatState> claim_among(std::string_view node, const std::vector<RecordId>& among) {
    Claim claim;
    claim.machine = node;
    return job(
        [&](store::Connection& connection) { return desk->claim_among(connection, among, claim); });
  }
  Decision<void> release_among(std::string_view node, const std::vector<RecordId>& among) {
    return job([&](store::Connection& connection) {
      return desk->release_among(connection, among, node);
    });
  }

  std::unique_ptr<RelayAllowances> relay;
  const std::vector<RecordId> all{id_of(1), id_of(2), id_of(3)};
};

TEST_F(RelayTest, TheFirstFreeLicenceIsGiven) {
  EXPECT_EQ(claim_among("a", all)->seat.entitlement, id_of(1));
  EXPECT_EQ(claim_among("b", all)->seat.entitlement, id_of(2));
  EXPECT_EQ(claim_among("c", {all[2]})->seat.entitlement, id_of(3));
  EXPECT_EQ(refused(claim_among("d", all)), Why::seats_exhausted);
  EXPECT_TRUE(release_among("b", all));
  EXPECT_EQ(claim_among("d", all)->seat.entitlement, id_of(2));
  EXPECT_EQ(refused(claim_among("e", {})), Why::no_seat);
}

TEST_F(RelayTest, WhoHasOneKeepsIt) {
  const auto first = claim_among("a", all);
  EXPECT_TRUE(first->is_new);
  EXPECT_EQ(first->seat.until, first->now + ttl * 1000);
  clocks.pass(ttl - 1);
  const auto kept = desk->refresh_among(all, "a");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->seat.until, kept->now + ttl * 1000);
  const auto again = claim_among("a", all);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->seat.id, first->seat.id);
  EXPECT_EQ(refused(desk->refresh_among(all, "b")), Why::no_seat);
  EXPECT_EQ(refused(desk->refresh_among({}, "a")), Why::no_seat);
}

TEST_F(RelayTest, WhoIsSilentLosesIt) {
  claim_among("a", {all[0]}).value();
  clocks.pass(ttl);
  EXPECT_FALSE(desk->holds_among(all, "a"));
  EXPECT_EQ(refused(release_among("a", all)), Why::no_seat);
  EXPECT_TRUE(claim_among("b", {all[0]})->is_new);
}

TEST_F(RelayTest, WithoutHeartbeatsItStaysUntilItIsGivenBack) {
  serve({ttl, false});
  claim_among("a", {all[0]}).value();
  clocks.pass(100 * ttl);
  upkeep();
  EXPECT_TRUE(desk->holds_among(all, "a"));
  EXPECT_EQ(refused(claim_among("b", {all[0]})), Why::seats_exhausted);
  EXPECT_TRUE(release_among("a", all));
  EXPECT_TRUE(claim_among("b", {all[0]}));
}

TEST_F(RelayTest, AnExpiredLicenceIsSkippedAndALeaseEndsWithIt) {
  RelayLicence gone = licence_of(4);
  gone.expires_at = clocks.wall_ms() - 1;
  RelayLicence soon = licence_of(5);
  soon.expires_at = clocks.wall_ms() + 1000;
  add(gone);
  add(soon);
  EXPECT_EQ(refused(claim_among("a", {id_of(4)})), Why::not_entitled);
  const auto given = claim_among("a", {id_of(4), id_of(5)});
  EXPECT_EQ(given->seat.entitlement, id_of(5));
  EXPECT_EQ(given->seat.until, *soon.expires_at);
  clocks.pass(1);
  EXPECT_FALSE(desk->refresh_among({{id_of(5)}}, "a"));
  EXPECT_EQ(claim_among("a", {id_of(5), id_of(1)})->seat.entitlement, id_of(1));
}

TEST_F(RelayTest, LeasesAreThereAfterARestart) {
  const auto given = claim_among("a", all);
  serve({ttl, true});
  EXPECT_EQ(desk->refresh_among(all, "a")->seat.id, given->seat.id);
  EXPECT_EQ(claim_among("b", all)->seat.entitlement, id_of(2));
}

TEST_F(RelayTest, SeatsOfALicenceThatIsTakenAwayEnd) {
  claim_among("a", {all[0]}).value();
  claim_among("b", {all[1]}).value();
  const auto ended = job([&](store::Connection& connection) -> Decision<void> {
    desk->end_all(connection, id_of(1));
    return {};
  });
  EXPECT_TRUE(ended);
  EXPECT_FALSE(desk->holds_among(all, "a"));
  EXPECT_TRUE(desk->holds_among(all, "b"));
  serve({ttl, true});
  EXPECT_FALSE(desk->holds_among(all, "a"));
}

TEST_F(RelayTest, ACodeOpensNoLicence) {
  EXPECT_EQ(refused(claim("a", "1", "L-1")), Why::not_entitled);
  EXPECT_TRUE(claim("a"));  // the catalogue's
}

TEST_F(RelayTest, RowsAreKeptListedAndRemoved) {
  add(licence_of(9, "prod"));
  const auto reader = database->read();
  EXPECT_EQ(list_relay_licences(*reader, std::nullopt).size(), 4u);
  ASSERT_EQ(list_relay_licences(*reader, "prod").size(), 1u);
  EXPECT_EQ(list_relay_licences(*reader, "prod")[0].licence, "L-9");
  EXPECT_EQ(list_relay_licences(*reader, "")[0].licence, "L-1");
  EXPECT_EQ(find_relay_licence(*reader, id_of(9))->pool, "prod");
  const auto twice = run([&](store::Connection& connection) -> Result<void> {
    return insert_relay_licence(connection, licence_of(9));
  });
  EXPECT_EQ(twice.error().code, Errc::already_exists);
  write([&](store::Connection& connection) -> Result<void> {
    EXPECT_EQ(remove_relay_licence(connection, "L-9")->id, id_of(9));
    EXPECT_FALSE(remove_relay_licence(connection, "L-9"));
    return {};
  });
}

TEST_F(RelayTest, TheShelfKnowsPoolsByTheirNames) {
  RelayShelf shelf;
  EXPECT_THAT(shelf.pool(""), Pointee(IsEmpty()));
  add(licence_of(9, "prod"));
  shelf.load(*database);
  EXPECT_THAT(shelf.pool(""), Pointee(ElementsAre(id_of(1), id_of(2), id_of(3))));
  EXPECT_THAT(shelf.pool("prod"), Pointee(ElementsAre(id_of(9))));
  EXPECT_EQ(shelf.pool("dev"), nullptr);
  EXPECT_EQ(shelf.all().size(), 4u);
  write([&](store::Connection& connection) -> Result<void> {
    remove_relay_licence(connection, "L-9");
    return {};
  });
  shelf.load(*database);
  EXPECT_THAT(shelf.pool("prod"), Pointee(IsEmpty()));  // empty, not unknown
}

}  // namespace
}  // namespace skerry::licensing
