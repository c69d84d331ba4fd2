#include "store/tombstone.hpp"

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

class TombstoneTest : public RecordsTest {};

TEST_F(TombstoneTest, IsWrittenConfirmedAndErased) {
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("contact");
    const RecordId record = new_record();
    const RecordId customer = new_record();
    EXPECT_FALSE(find_tombstone(connection, record));
    write_tombstone(connection, {record, &kind, {customer, {}}, {}}, 1000);
    auto found = find_tombstone(connection, record);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->record, record);
    EXPECT_EQ(found->kind, &kind);
    EXPECT_EQ(found->scope.customer, customer);
    EXPECT_FALSE(found->version.at_central());
    write_tombstone(connection, {record, &kind, {customer, {}}, {1'700'000'000, 8}}, 2000);
    EXPECT_EQ(find_tombstone(connection, record)->version, (Version{1'700'000'000, 8}));
    erase_tombstone(connection, record);
    EXPECT_FALSE(find_tombstone(connection, record));
  });
}

TEST_F(TombstoneTest, ADeletedRecordDoesNotComeBackUnderItsId) {
  in_job([&](Connection& connection) {
    const Record record = make_customer(connection, "Acme");
    ASSERT_TRUE(writer(connection).remove(*record.kind, record.id, std::nullopt, author_));
    const auto tombstone = find_tombstone(connection, record.id);
    ASSERT_TRUE(tombstone);
    EXPECT_EQ(tombstone->version.n, log_.own().seq);
    auto values = read_new(*record.kind, json::object{{"name", "Acme"}});
    const auto again = writer(connection).create(*record.kind, record.id, *values, author_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::already_exists);
  });
}

}  // namespace
}  // namespace skerry::store
