#include "licensing/seat_index.hpp"

#include <gmock/gmock.h>
#include <random>

#include "tests/unit/licensing/seats.hpp"

namespace skerry::licensing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const RecordId entitlement = id_of(entitlement_number);

TEST(SeatIndex, FindsByIdAndByMachine) {
  SeatIndex index;
  index.put(seat_of(1, "press-1", 100));
  ASSERT_NE(index.find(id_of(1)), nullptr);
  EXPECT_EQ(index.find(entitlement, "press-1")->id, id_of(1));
  EXPECT_EQ(index.find(entitlement, "press-2"), nullptr);
  EXPECT_EQ(index.find(id_of(3), "press-1"), nullptr);
  index.erase(id_of(1));
  EXPECT_EQ(index.find(id_of(1)), nullptr);
  EXPECT_EQ(index.find(entitlement, "press-1"), nullptr);
}

TEST(SeatIndex, CountsSeatsGroupsAndPools) {
  SeatIndex index;
  Seat seat = seat_of(1, "a", 100);
  seat.group = "press";
  seat.held["cores"] = 3;
  index.put(seat);
  index.put(seat_of(2, "b", 100));
  EXPECT_EQ(index.use(entitlement).seats, 2);
  EXPECT_EQ(index.use(entitlement).groups.at("press"), 1);
  EXPECT_EQ(index.use(entitlement).held_of("cores"), 3);
  seat.held["cores"] = 1;
  index.put(seat);
  EXPECT_EQ(index.use(entitlement).held_of("cores"), 1);
  index.erase(id_of(1));
  EXPECT_EQ(index.use(entitlement).seats, 1);
  EXPECT_EQ(index.use(entitlement).held_of("cores"), 0);
  EXPECT_FALSE(index.use(entitlement).groups.contains("press"));
}

TEST(SeatIndex, KnowsWhatComesFreeAndWhen) {
  SeatIndex index;
  index.put(seat_of(1, "a", 300));
  index.put(seat_of(2, "b", 100));
  Seat bound = seat_of(3, "c", 50);
  bound.bound = true;
  index.put(bound);
  EXPECT_EQ(index.first_end(entitlement), 100);
  EXPECT_THAT(index.due(99, 10), IsEmpty());
  EXPECT_THAT(index.due(300, 10), ElementsAre(id_of(2), id_of(1)));
  EXPECT_THAT(index.due(300, 1), ElementsAre(id_of(2)));
  index.put(seat_of(2, "b", 400));  // refreshed
  EXPECT_EQ(index.first_end(entitlement), 300);
  bound.hold = Hold::ended;
  index.put(bound);
  EXPECT_EQ(index.first_end(entitlement), 50);
}

TEST(SeatIndex, WhatIsFreeBehindItsMinimumHold) {
  SeatIndex index;
  Seat seat = seat_of(1, "a", 300);
  seat.granted_at = 200;
  index.put(seat);
  EXPECT_EQ(index.first_end(entitlement, 50), 300);
  EXPECT_EQ(index.first_end(entitlement, 150), 350);
  index.put(seat_of(2, "b", 310));  // granted long ago
  EXPECT_EQ(index.first_end(entitlement, 150), 310);
  Seat given_back = seat_of(3, "c", 305);  // until its hold has passed, as it was then
  given_back.granted_at = 200;
  given_back.hold = Hold::ended;
  index.put(given_back);
  EXPECT_EQ(index.first_end(entitlement, 150), 305);
}

TEST(SeatIndex, TellsThoseThatGoOnFromThoseOnTheirWayOut) {
  SeatIndex index;
  index.put(seat_of(1, "a", 300));
  index.put(seat_of(2, "b", 100));
  Seat ended = seat_of(3, "c", 50);
  ended.hold = Hold::ended;
  index.put(ended);
  EXPECT_EQ(index.live(entitlement, 10), 2);
  EXPECT_EQ(index.live(entitlement, 100), 1);
  EXPECT_EQ(index.use(entitlement).ended, 1);
  index.erase(ended.id);
  EXPECT_EQ(index.use(entitlement).ended, 0);
  EXPECT_EQ(index.live(id_of(99), 10), 0);
}

TEST(SeatIndex, TheLastEndIsThatOfALease) {
  SeatIndex index;
  EXPECT_EQ(index.last_end(entitlement), 0);
  index.put(seat_of(1, "a", 300));
  index.put(seat_of(2, "b", 100));
  EXPECT_EQ(index.last_end(entitlement), 300);
  Seat ended = seat_of(3, "c", 500);
  ended.hold = Hold::ended;
  index.put(ended);
  EXPECT_EQ(index.last_end(entitlement), 300);
  Seat bound = seat_of(4, "d", 400);
  bound.bound = true;
  index.put(bound);
  EXPECT_EQ(index.last_end(entitlement), 400);
}

TEST(SeatIndex, UsesSlotsAgain) {
  SeatIndex index;
  for (int round = 0; round < 3; ++round) {
    for (std::uint8_t i = 1; i <= 10; ++i) index.put(seat_of(i, std::to_string(i), i));
    for (std::uint8_t i = 1; i <= 10; ++i) index.erase(id_of(i));
  }
  EXPECT_EQ(index.slots(), 10u);
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.first_end(entitlement), std::nullopt);
}

TEST(SeatIndex, AClearedOneIsEmpty) {
  SeatIndex index;
  index.put(seat_of(1, "a", 100));
  index.set_used(entitlement, "prints", {7, 50});
  EXPECT_EQ(index.use(entitlement).used_of("prints", 50), 7);
  EXPECT_EQ(index.use(entitlement).used_of("prints", 51), 0);  // a reset
  index.clear();
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.use(entitlement).used_of("prints", 0), 0);
}

// Against a list that is searched: the index may be quick, but it may not be wrong.
TEST(SeatIndex, IsWhatAListWouldBe) {
  std::mt19937 engine(7);
  const auto draw = [&](std::uint32_t below) {
    return static_cast<std::int64_t>(engine() % below);
  };
  SeatIndex index;
  std::map<std::uint8_t, Seat> list;
  for (int step = 0; step < 5000; ++step) {
    const auto number = static_cast<std::uint8_t>(1 + draw(40));
    if (draw(3) == 0 && list.contains(number)) {
      index.erase(id_of(number));
      list.erase(number);
    } else {
      Seat seat = seat_of(number, std::to_string(number), draw(1000));
      seat.group = draw(2) == 1 ? "press" : "";
      seat.bound = draw(4) == 0;
      if (const auto held = draw(5)) seat.held["cores"] = held;
      index.put(seat);
      list[number] = seat;
    }
    std::int64_t cores = 0, press = 0;
    std::size_t due = 0;
    std::optional<UnixMillis> first;
    for (const auto& [ignored, seat] : list) {
      cores += seat.held.contains("cores") ? seat.held.at("cores") : 0;
      press += seat.group == "press";
      if (seat.bound) continue;
      due += seat.until <= 500;
      first = first ? std::min(*first, seat.until) : seat.until;
    }
    const SeatIndex::Use& use = index.use(entitlement);
    ASSERT_EQ(use.seats, static_cast<std::int64_t>(list.size()));
    ASSERT_EQ(use.held_of("cores"), cores);
    ASSERT_EQ(use.groups.contains("press") ? use.groups.at("press") : 0, press);
    ASSERT_EQ(index.due(500, 100).size(), due);
    ASSERT_EQ(index.first_end(entitlement), first);
  }
}

}  // namespace
}  // namespace skerry::licensing
