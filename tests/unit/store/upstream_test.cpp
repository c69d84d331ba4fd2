#include "store/upstream.hpp"

#include <gmock/gmock.h>

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

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
    upstream.acked = 5;
    upstream.durable = 4;
    upstream.contact_at = 9000;
    write_upstream(connection, upstream);
    const auto found = read_upstream(connection);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->life, upstream.life);
    EXPECT_EQ(found->n, 12);
    EXPECT_EQ(found->hash, upstream.hash);
    EXPECT_EQ(found->acked, 5);
    EXPECT_EQ(found->durable, 4);
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

TEST_F(UpstreamTest, TellsWhatIsPending) {
  role_ = Role::site;
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("customer");
    const Record acme = make_customer(connection, "Acme");  // 1
    const Record bolt = make_customer(connection, "Bolt");  // 2
    const json::object patch{{"name", "Acme SE"}};
    ASSERT_TRUE(writer(connection).update(kind, acme.id, patch, std::nullopt, author_));  // 3
    const std::int64_t log = log_.own().number;
    EXPECT_THAT(records_changed(connection, log, 0, 3),
                UnorderedElementsAre(std::pair(&kind, acme.id), std::pair(&kind, bolt.id)));
    EXPECT_THAT(records_changed(connection, log, 2, 3), ElementsAre(std::pair(&kind, acme.id)));
    EXPECT_THAT(records_changed(connection, log, 3, 9), IsEmpty());
    EXPECT_THAT(records_changed(connection, log + 1, 0, 9), IsEmpty());
    EXPECT_THAT(pending_lines(connection, log, acme.id, 0),
                ElementsAre(HasSubstr(R"("op":"new")"), HasSubstr("Acme SE")));
    EXPECT_THAT(pending_lines(connection, log, acme.id, 1), ElementsAre(HasSubstr("Acme SE")));
    EXPECT_THAT(pending_lines(connection, log, acme.id, 3), IsEmpty());
    EXPECT_THAT(pending_lines(connection, log, bolt.id, 2), IsEmpty());
    EXPECT_THAT(pending_lines(connection, log + 1, acme.id, 0), IsEmpty());
  });
}

}  // namespace
}  // namespace skerry::store
