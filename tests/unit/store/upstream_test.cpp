#include "store/upstream.hpp"

#include <gtest/gtest.h>

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

class UpstreamTest : public RecordsTest {};

TEST_F(UpstreamTest, IsOneRowThatIsReplaced) {
  in_job([&](Connection& connection) {
    EXPECT_FALSE(read_upstream(connection));
    Upstream upstream;
    write_upstream(connection, upstream);
    EXPECT_EQ(read_upstream(connection)->life.ord, 0);
    upstream.life.ord = 1'700'000'000;
    upstream.life.nonce.fill(7);
    upstream.n = 12;
    upstream.hash.fill(3);
    upstream.contact_at = 9000;
    write_upstream(connection, upstream);
    const auto found = read_upstream(connection);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->life, upstream.life);
    EXPECT_EQ(found->n, 12);
    EXPECT_EQ(found->hash, upstream.hash);
    EXPECT_EQ(found->contact_at, 9000);
  });
  EXPECT_EQ(number("SELECT count(*) FROM upstream"), 1);
}

TEST_F(UpstreamTest, KeepsTheLastDispositionOfARow) {
  in_job([](Connection& connection) {
    EXPECT_FALSE(find_row_result(connection, 1, 5));
    write_row_result(connection, 1, {5, Disposition::held, "waits for its customer"});
    write_row_result(connection, 1, {5, Disposition::rejected, "no such customer"});
    write_row_result(connection, 2, {5, Disposition::conflict, ""});
    const auto found = find_row_result(connection, 1, 5);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->seq, 5);
    EXPECT_EQ(found->disposition, Disposition::rejected);
    EXPECT_EQ(found->detail, "no such customer");
    EXPECT_EQ(find_row_result(connection, 2, 5)->disposition, Disposition::conflict);
  });
}

}  // namespace
}  // namespace skerry::store
