#include "store/shadow.hpp"

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

class ShadowTest : public RecordsTest {};

TEST_F(ShadowTest, HoldsValuesAndStamps) {
  in_job([&](Connection& connection) {
    Record record = make_customer(connection, "Acme");
    EXPECT_FALSE(find_shadow(connection, *record.kind, record.id));
    write_shadow(connection, record);
    const auto shadow = find_shadow(connection, *record.kind, record.id);
    ASSERT_TRUE(shadow);
    EXPECT_EQ(shadow->id, record.id);
    EXPECT_EQ(shadow->values, record.values);
    EXPECT_EQ(shadow->stamps.to_text(), record.stamps.to_text());
    EXPECT_EQ(shadow->scope, record.scope);
    EXPECT_EQ(shadow->created_at, record.created_at);
    EXPECT_EQ(shadow->revision, record.revision);
  });
}

TEST_F(ShadowTest, KeepsTheFirstStateAndTakesTheWrittenOne) {
  in_job([&](Connection& connection) {
    Record record = make_customer(connection, "First");
    keep_shadow(connection, record);
    record.values[0] = "Second";
    keep_shadow(connection, record);
    EXPECT_EQ(find_shadow(connection, *record.kind, record.id)->values[0], json::value("First"));
    write_shadow(connection, record);
    EXPECT_EQ(find_shadow(connection, *record.kind, record.id)->values[0], json::value("Second"));
    erase_shadow(connection, record.id);
    EXPECT_FALSE(find_shadow(connection, *record.kind, record.id));
    erase_shadow(connection, record.id);
  });
}

// A site's first edit of a record of central's keeps what central has; edits of a record that
// central has never seen have nothing to keep.
TEST_F(ShadowTest, AppearsWithTheFirstPendingChange) {
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("customer");
    const Record central = make_customer(connection, "Of central");  // with its stamps
    role_ = Role::site;
    const Record local = make_customer(connection, "Of the site");
    const json::object once{{"name", "Once"}};
    const json::object twice{{"name", "Twice"}};
    for (const RecordId& id : {central.id, local.id}) {
      ASSERT_TRUE(writer(connection).update(kind, id, once, std::nullopt, author_));
      ASSERT_TRUE(writer(connection).update(kind, id, twice, std::nullopt, author_));
    }
    const auto shadow = find_shadow(connection, kind, central.id);
    ASSERT_TRUE(shadow);
    EXPECT_EQ(shadow->values[0], json::value("Of central"));
    EXPECT_TRUE(shadow->stamps.at_central());
    EXPECT_FALSE(find_shadow(connection, kind, local.id));
  });
}

}  // namespace
}  // namespace skerry::store
