#include "store/inbox.hpp"

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

class InboxTest : public RecordsTest {};

TEST_F(InboxTest, ListsTheNewestFirst) {
  in_job([&](Connection& connection) {
    InboxEntry entry;
    entry.sha256.fill(4);
    entry.name = "from a stick.skb";
    entry.kind = "changes";
    entry.sender = new_id<SiteId>(random_);
    entry.outcome = "applied";
    entry.received_at = 1000;
    write_inbox(connection, entry);
    InboxEntry junk;
    junk.name = "holiday.jpg";
    junk.outcome = "corrupt_bundle";
    junk.detail = "not a bundle";
    junk.received_at = 500;  // a clock that went back does not change the order
    write_inbox(connection, junk);

    const auto all = list_inbox(connection, 10);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].name, "holiday.jpg");
    EXPECT_EQ(all[0].sender, std::nullopt);
    EXPECT_EQ(all[0].kind, "");
    EXPECT_EQ(all[0].detail, "not a bundle");
    EXPECT_EQ(all[1].sha256, entry.sha256);
    EXPECT_EQ(all[1].name, entry.name);
    EXPECT_EQ(all[1].kind, "changes");
    EXPECT_EQ(all[1].sender, entry.sender);
    EXPECT_EQ(all[1].outcome, "applied");
    EXPECT_EQ(all[1].received_at, 1000);
    EXPECT_EQ(list_inbox(connection, 1).at(0).name, "holiday.jpg");
    const auto older = list_inbox(connection, 10, all[0].number);
    ASSERT_EQ(older.size(), 1u);
    EXPECT_EQ(older[0].name, entry.name);
  });
}

TEST_F(InboxTest, TheSameFileIsWrittenEachTimeItComes) {
  in_job([](Connection& connection) {
    InboxEntry entry;
    entry.outcome = "duplicate";
    write_inbox(connection, entry);
    write_inbox(connection, entry);
    EXPECT_EQ(list_inbox(connection, 10).size(), 2u);
  });
}

InboxEntry refused(std::uint16_t number) {
  InboxEntry entry;
  entry.sha256[0] = static_cast<std::uint8_t>(number >> 8);
  entry.sha256[1] = static_cast<std::uint8_t>(number);
  entry.name = std::to_string(number);
  entry.outcome = "corrupt_bundle";
  return entry;
}

TEST_F(InboxTest, StrangersCannotFillIt) {
  in_job([](Connection& connection) {
    InboxEntry first;
    first.outcome = "applied";
    write_inbox(connection, first);
    constexpr std::uint16_t many = 1500;
    for (std::uint16_t i = 0; i < many; ++i) write_inbox(connection, refused(i));
    const auto kept = list_inbox(connection, many + 10);
    EXPECT_GE(std::ssize(kept), refused_strangers_max);
    EXPECT_LE(std::ssize(kept), refused_strangers_max + 65);
    EXPECT_EQ(kept.front().name, "1499");
    EXPECT_EQ(kept.back().outcome, "applied");  // what was taken in stays
  });
}

// Whoever may send without access pushes out what others sent so, and nothing that somebody
// brought.
TEST_F(InboxTest, JunkAtTheOpenDoorMakesRoomForJunkOnly) {
  in_job([](Connection& connection) {
    constexpr std::uint16_t brought = 40;
    for (std::uint16_t i = 0; i < brought; ++i) write_inbox(connection, refused(i));
    constexpr std::uint16_t many = 3000;
    for (std::uint16_t i = 0; i < many; ++i) {
      InboxEntry junk = refused(i);  // the same bytes as what was brought, too
      junk.open_door = true;
      write_inbox(connection, junk);
    }
    const auto kept = list_inbox(connection, 2 * many);
    EXPECT_LE(std::ssize(kept), refused_strangers_max + 65 + brought);
    for (std::uint16_t i = 0; i < brought; ++i)
      EXPECT_EQ(kept[kept.size() - 1 - i].name, std::to_string(i));
  });
}

TEST_F(InboxTest, FilesOfANewerVersionAreListedOnceTheOldestFirst) {
  in_job([](Connection& connection) {
    for (const std::uint16_t number : std::initializer_list<std::uint16_t>{7, 3, 7, 5}) {
      InboxEntry entry = refused(number);
      entry.outcome = number == 5 ? "corrupt_bundle" : "unsupported_version";
      write_inbox(connection, entry);
    }
    std::string names;
    for (const UnreadFile& file : list_unread(connection)) names += file.name + ' ';
    EXPECT_EQ(names, "3 7 ");  // of the repeats the last counts
  });
}

TEST_F(InboxTest, OneRowStandsForRepeatsOfOneRefusedFile) {
  in_job([&](Connection& connection) {
    write_inbox(connection, refused(1));
    write_inbox(connection, refused(2));
    write_inbox(connection, refused(1));
    const auto rows = list_inbox(connection, 10);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].name, "1");
    InboxEntry of_a_site = refused(2);
    of_a_site.sender = new_id<SiteId>(random_);
    write_inbox(connection, of_a_site);
    write_inbox(connection, of_a_site);
    EXPECT_EQ(list_inbox(connection, 10).size(), 4u);
  });
}

}  // namespace
}  // namespace skerry::store
