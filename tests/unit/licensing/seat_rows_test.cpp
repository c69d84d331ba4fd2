#include "licensing/seat_rows.hpp"

#include <gmock/gmock.h>

#include "tests/unit/licensing/seats.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;
using testing::ElementsAre;

class SeatRows : public store::MachineStoreTest {};

TEST_F(SeatRows, ComeBackAsTheyWent) {
  Seat seat = seat_of(1, "press-1", 900);
  seat.name = "Presse \"links\"";
  seat.user = "ann";
  seat.group = "press";
  seat.granted_at = 100;
  seat.hold = Hold::borrowed;
  seat.bound = true;
  seat.generation = 3;
  seat.turn = 17;
  seat.last_request = code_of("call");
  seat.held = {{"cores", 4}, {"wide", 1}};
  seat.allotted = {{"prints", 20}};
  write([&](Connection& connection) -> Result<void> {
    write_seat(connection, seat);
    seat.turn = 18;
    seat.hold = Hold::ended;
    write_seat(connection, seat);
    write_seat(connection, seat_of(2, "press-2", 900));
    delete_seat(connection, id_of(2));
    return {};
  });
  const store::Reader reader = database->read();
  EXPECT_THAT(load_seats(*reader), ElementsAre(seat));
}

TEST_F(SeatRows, CountsPoliciesAndUsage) {
  const SeatPolicy policy{60, true, {"ann"}, {{"press", 2, {"ann", "bob"}}}};
  write([&](Connection& connection) -> Result<void> {
    write_used(connection, {id_of(1), "prints", {3, 50}});
    write_used(connection, {id_of(1), "prints", {9, 60}});
    write_start(connection, id_of(1), 70);
    write_start(connection, id_of(1), 80);  // the first one stays
    write_counts(connection, id_of(1), {1, 2, 3, 4});
    write_policy(connection, id_of(1), policy);
    return {};
  });
  const store::Reader reader = database->read();
  const auto used = load_used(*reader);
  ASSERT_EQ(used.size(), 1u);
  EXPECT_EQ(used[0].used.amount, 9);
  EXPECT_EQ(used[0].used.since, 60);
  EXPECT_EQ(load_starts(*reader).at(id_of(1)), 70);
  EXPECT_EQ(load_counts(*reader).at(id_of(1)), (SeatCounts{1, 2, 3, 4}));
  EXPECT_EQ(load_policies(*reader).at(id_of(1)), policy);
}

TEST_F(SeatRows, TheFloorAndTheLastHundredJumpsAreKept) {
  write([&](Connection& connection) -> Result<void> {
    write_floor(connection, 1'780'000'000'123);
    for (int i = 1; i <= jumps_kept + 5; ++i) write_jump(connection, {i, {i, i + 1}});
    return {};
  });
  const store::Reader reader = database->read();
  EXPECT_EQ(load_floor(*reader), 1'780'000'000'123);
  const auto jumps = list_jumps(*reader);
  ASSERT_EQ(jumps.size(), static_cast<std::size_t>(jumps_kept));
  EXPECT_EQ(jumps.front().noticed_at, jumps_kept + 5);
  EXPECT_EQ(jumps.front().jump.found, jumps_kept + 6);
}

TEST(SeatPolicyJson, EveryMistakeIsNamed) {
  const auto complaints = [](std::string_view text) {
    const auto read = read_policy(json::parse(text).as_object());
    std::vector<std::string> places;
    if (!read)
      for (const FieldError& each : read.error().errors) places.push_back(each.pointer);
    return places;
  };
  EXPECT_THAT(complaints("{}"), ElementsAre());
  EXPECT_THAT(
      complaints(R"({"minimum_hold_seconds":-1,"show_holders":1,"named_users":"ann","x":1})"),
      ElementsAre("/minimum_hold_seconds", "/show_holders", "/named_users", "/x"));
  EXPECT_THAT(complaints(R"({"named_users":["ann",7,""]})"),
              ElementsAre("/named_users/1", "/named_users/2"));
  EXPECT_THAT(
      complaints(R"({"reservations":[7,{"group":"g"},{"group":"h","seats":1.5,"users":[]}]})"),
      ElementsAre("/reservations/0", "/reservations/1/seats", "/reservations/1/users",
                  "/reservations/2/seats"));
  EXPECT_THAT(complaints(R"({"reservations":[{"group":"g","seats":1,"users":["a"]},)"
                         R"({"group":"g","seats":1,"users":["a"]}]})"),
              ElementsAre("/reservations/1/group", "/reservations/1/users"));
}

}  // namespace
}  // namespace skerry::licensing
