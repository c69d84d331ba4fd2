// Hazards of SYNC 3 that no other file is about: a program that is newer than its peer (H12, H27),
// and receipts that never arrive (H24).
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/unit/sync/bundle_fixture.hpp"
#include "tests/unit/sync/reconcile_fixture.hpp"

namespace skerry::sync {
namespace {

using testing::HasSubstr;

// The line of a new customer, as a program of another schema writes it.
std::string line_of(const RecordId& id, int schema, std::string_view more = "") {
  return fmt::format(R"({{"k":"chg","t":"customer","id":"{}","op":"new","f":{{"name":"{}"{}}},)"
                     R"("hlc":"01a223b98a19-0000","by":"uid:0","src":"api","sv":{}}})",
                     to_string(id), "Of another schema", more, schema);
}

void append_line(sim::Machine& at, const RecordId& id, const std::string& line) {
  auto work = [&](store::Connection& connection) -> Result<void> {
    at.log->append_own(connection, "customer", id, line);
    return {};
  };
  ASSERT_TRUE(at.database->write(work));
}

std::string held_line(sim::Machine& at) {
  return at.read([](store::Connection& connection) -> std::string {
    auto cursor = connection.query("SELECT line FROM held");
    return cursor.next() ? std::string(cursor.text(0)) : "none";
  });
}

TEST_F(Reconcile, H12_ARowOfANewerSchemaIsHeldAsItCameAndHoldsNobodyElse) {
  const RecordId newer = new_id<RecordId>(site.random);
  const std::string line = line_of(newer, 99, R"(,"colour":"not known here")");
  append_line(site, newer, line);
  const RecordId later = *create(site, "customer", {{"name", "Later"}});
  up(site);
  EXPECT_EQ(decided(site, 1), "held");
  EXPECT_EQ(held_line(central), line) << "byte for byte";
  EXPECT_EQ(decided(site, 2), "applied");
  EXPECT_EQ(value(central, "customer", later, "name"), "\"Later\"");
  down(site);
  EXPECT_EQ(told(site, 1), "held");
  up(site);
  EXPECT_EQ(held_line(central), line) << "and once";
}

TEST_F(Reconcile, H12_AnEditOfWhatIsHeldWaitsBehindIt) {
  const RecordId newer = new_id<RecordId>(site.random);
  append_line(site, newer, line_of(newer, 99));
  append_line(site, newer,
              fmt::format(R"({{"k":"chg","t":"customer","id":"{}","op":"set","f":{{"name":{{)"
                          R"("o":"Of another schema","n":"Edited"}}}},"hlc":"01a223b98a1a-0000",)"
                          R"("by":"uid:0","src":"api","sv":1}})",
                          to_string(newer)));
  up(site);
  EXPECT_EQ(decided(site, 1), "held");
  EXPECT_EQ(decided(site, 2), "held") << "it is no mistake of the site's";
}

// A row of the transaction that the row before begins.
std::string note_line(const RecordId& id, const RecordId& subject, std::string_view text) {
  return fmt::format(R"({{"k":"chg","t":"note","id":"{}","op":"new","f":{{"subject":"{}",)"
                     R"("text":"{}"}},"hlc":"01a223b98a1a-0000","by":"uid:0","src":"api",)"
                     R"("tx":true,"sv":1}})",
                     to_string(id), to_string(subject), text);
}

TEST_F(Reconcile, H10_ATransactionWaitsAndComesInAsOne) {
  const RecordId first = new_record_id(now, site.random);
  const RecordId note = new_record_id(now, site.random);
  const RecordId parent = new_record_id(now, site.random);
  append_line(site, first, line_of(first, 1));
  append_line(site, note, note_line(note, parent, "of what is to come"));
  up(site);
  EXPECT_EQ(decided(site, 1), "held") << "with the row that misses its parent";
  EXPECT_EQ(decided(site, 2), "held");
  const std::string why = central.read([](store::Connection& connection) {
    auto cursor = connection.query("SELECT detail FROM ingest WHERE seq=2");
    return cursor.next() ? std::string(cursor.text(0)) : std::string();
  });
  EXPECT_NE(why.find(to_string(parent)), std::string::npos) << why;
  EXPECT_EQ(value(central, "customer", first, "name"), "-");
  append_line(site, parent, line_of(parent, 1));
  up(site);
  EXPECT_EQ(decided(site, 1), "applied");
  EXPECT_EQ(decided(site, 2), "applied");
  EXPECT_EQ(value(central, "note", note, "text"), "\"of what is to come\"");
}

TEST_F(Reconcile, H10_WhatWaitsForAnotherSitesRecordIsDecidedWithTheNextBundleOfItsOwn) {
  const RecordId note = new_record_id(now, site.random);
  const RecordId parent = new_record_id(now, other.random);
  append_line(site, note, note_line(note, parent, "of what is to come"));
  up(site);
  EXPECT_EQ(decided(site, 1), "held");
  append_line(other, parent, line_of(parent, 1));
  up(other);
  EXPECT_EQ(decided(site, 1), "held");
  // It has nothing new to say.
  for (const Bytes& bundle : pack_up(site)) EXPECT_EQ(take(central, bundle), "applied");
  EXPECT_EQ(decided(site, 1), "applied");
  EXPECT_EQ(value(central, "note", note, "text"), "\"of what is to come\"");
}

TEST_F(Reconcile, H11_ARowThatCannotBeReadTakesItsTransactionWithIt) {
  const RecordId first = new_record_id(now, site.random);
  append_line(site, first, line_of(first, 1));
  append_line(site, first,
              note_line(new_record_id(now, site.random), first, std::string(10'001, 'x')));
  const RecordId after = new_record_id(now, site.random);
  append_line(site, after, line_of(after, 1));
  up(site);
  EXPECT_EQ(decided(site, 1), "rejected");
  EXPECT_EQ(decided(site, 2), "rejected");
  EXPECT_EQ(decided(site, 3), "applied");
}

// Another program may write hexadecimal digits as it likes: that is not tampering.
TEST_F(Reconcile, AnIdInCapitalsIsTheSameRecordToTheProofOfTheLog) {
  const RecordId id = new_record_id(now, site.random);
  std::string line = line_of(id, 1);
  const std::size_t at = line.find(to_string(id));
  std::transform(line.begin() + static_cast<std::ptrdiff_t>(at),
                 line.begin() + static_cast<std::ptrdiff_t>(at) + 36,
                 line.begin() + static_cast<std::ptrdiff_t>(at),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  append_line(site, id, line);
  up(site);
  EXPECT_EQ(decided(site, 1), "applied");
  const auto audit = central.read(
      [](store::Connection& connection) { return store::verify_chains(connection, {}); });
  EXPECT_TRUE(audit) << audit.error().detail;
}

TEST_F(Reconcile, H27_ABundleOfANewerFormatNamesTheVersionItNeeds) {
  ASSERT_TRUE(create(site, "customer", {{"name", "Acme"}}));
  const Bytes bundle = pack_up(site).at(0);
  std::string text(bundle.begin(), bundle.end());
  const std::string known(manifest_type);
  const std::size_t at = text.find(known);
  ASSERT_NE(at, std::string::npos);
  text[at + known.size() - 1] = '9';  // no signature is known to fit what nobody can read
  EXPECT_EQ(take(central, Bytes(text.begin(), text.end())), "unsupported_version");
  EXPECT_THAT(last_detail, HasSubstr("v9"));
  EXPECT_EQ(decided(site, 1), "-") << "nothing of it was taken in";
  EXPECT_EQ(take(central, bundle), "applied");
}

// Everything the site sends arrives, nothing comes back; then one receipt does for all.
TEST_F(Reconcile, H24_ReceiptsAreCumulativeAndOneIsEnough) {
  constexpr int rounds = 6;
  std::vector<RecordId> made;
  for (int i = 0; i < rounds; ++i) {
    made.push_back(*create(site, "customer", {{"name", fmt::format("Round {}", i)}}));
    for (const Bytes& bundle : pack_up(site)) EXPECT_EQ(take(central, bundle), "applied");
    pack_down(site);  // lost
    EXPECT_EQ(acked(site), 0);
  }
  for (const Bytes& bundle : pack_up(site)) EXPECT_EQ(take(central, bundle), "duplicate");
  down(site);
  EXPECT_EQ(acked(site), rounds);
  for (const RecordId& id : made)
    EXPECT_EQ(value(central, "customer", id, "name"), value(site, "customer", id, "name"));
  // The receipt of a receipt: both sides have said all, and go on saying nothing new.
  up(site);
  EXPECT_TRUE(pack_due(site).empty());
}

}  // namespace
}  // namespace skerry::sync
