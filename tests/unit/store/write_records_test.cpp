#include "store/write_records.hpp"

#include <fmt/format.h>

#include "store/shadow.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class WriteTest : public MachineStoreTest {
 protected:
  using MachineStoreTest::MachineStoreTest;
  // The newest row of the log.
  Change last() {
    auto change = decode_change(text("SELECT line FROM change_log ORDER BY n DESC"));
    if (!change) throw std::runtime_error(change.error().detail);
    return std::move(*change);
  }
};

TEST_F(WriteTest, AWriteIsARowAStampAndALine) {
  const Record record = *create("customer", R"({"name":"One","account_ref":"A"})");
  EXPECT_EQ(record.revision, 1);
  EXPECT_EQ(record.version, 1);
  EXPECT_EQ(record.stamps.of("name").version, (Version{1'780'000'000, 1}));
  Change change = last();
  EXPECT_EQ(change.op, ChangeOp::create);
  EXPECT_EQ(change.record, record.id);
  EXPECT_EQ(change.actor, "uid:0");
  EXPECT_EQ(change.request, "rq-1");
  EXPECT_FALSE(change.wall);

  const Record changed = *update(record, R"({"name":"Two"})", 1);
  EXPECT_EQ(changed.revision, 2);
  EXPECT_EQ(changed.stamps.of("name").version.n, 2);
  EXPECT_EQ(changed.stamps.of("account_ref").version.n, 1);
  change = last();
  ASSERT_EQ(change.fields.size(), 1u);
  EXPECT_EQ(change.fields[0].old_value.as_string(), "One");
  EXPECT_EQ(change.fields[0].new_value.as_string(), "Two");
  EXPECT_EQ(change.fields[0].base, (Version{1'780'000'000, 1}));

  ASSERT_TRUE(remove(changed));
  EXPECT_EQ(last().op, ChangeOp::remove);
  EXPECT_EQ(last().base, (Version{1'780'000'000, 2}));
  EXPECT_EQ(number("SELECT version FROM tombstone"), 3);
}

TEST_F(WriteTest, ARefusedWriteLeavesNothing) {
  const Record one = *create("customer", R"({"name":"One","account_ref":"A"})");
  const Record two = *create("customer", R"({"name":"Two"})");
  const std::int64_t rows = log.last_n();
  EXPECT_EQ(create("customer", R"({"name":"x","account_ref":"A"})").error().code,
            Errc::duplicate_key);
  EXPECT_EQ(update(two, R"({"account_ref":"A"})").error().code, Errc::duplicate_key);
  EXPECT_EQ(update(two, R"({"name":"y"})", 7).error().code, Errc::precondition_failed);
  EXPECT_EQ(update(two, R"({"name":null})").error().code, Errc::validation_failed);
  EXPECT_EQ(create("note", fmt::format(R"({{"subject":"{}","text":"t"}})", to_string(RecordId{})))
                .error()
                .code,
            Errc::reference_not_found);
  EXPECT_TRUE(update(one, R"({"account_ref":"A"})"));  // its own key is no duplicate
  EXPECT_EQ(log.last_n(), rows);
  EXPECT_EQ(number("SELECT count(*) FROM customer"), 2);
  EXPECT_EQ(number("SELECT sum(revision) FROM customer"), 2);
}

TEST_F(WriteTest, AnEMailIsUniqueWithinItsCustomerOnly) {
  const Record one = *create("customer", R"({"name":"One"})");
  const Record two = *create("customer", R"({"name":"Two"})");
  const auto contact = [&](const Record& of) {
    return create("contact",
                  fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", to_string(of.id)));
  };
  EXPECT_TRUE(contact(one));
  EXPECT_TRUE(contact(two));
  EXPECT_EQ(contact(one).error().code, Errc::duplicate_key);
}

TEST_F(WriteTest, ScopeFollowsTheSubject) {
  const Record one = *create("customer", R"({"name":"One"})");
  const Record two = *create("customer", R"({"name":"Two"})");
  const Record location =
      *create("location", fmt::format(R"({{"customer":"{}","name":"L"}})", to_string(two.id)));
  const Record note =
      *create("note", fmt::format(R"({{"subject":"{}","text":"t"}})", to_string(location.id)));
  EXPECT_EQ(note.scope.customer, two.id);
  const Record moved = *update(note, fmt::format(R"({{"subject":"{}"}})", to_string(one.id)));
  EXPECT_EQ(moved.scope.customer, one.id);
  EXPECT_EQ(remove(two).error().code, Errc::in_use);
}

TEST_F(WriteTest, AClockThatWentBackIsSaid) {
  ASSERT_TRUE(create("customer", R"({"name":"One"})"));
  clock.now -= 3'600'000;
  ASSERT_TRUE(create("customer", R"({"name":"Two"})"));
  const Change change = last();
  EXPECT_EQ(change.wall, clock.wall_ms());
  EXPECT_GT(change.hlc.ms(), clock.wall_ms());
}

class WriteSiteTest : public WriteTest {
 protected:
  WriteSiteTest() : WriteTest(Role::site) {}
};

TEST_F(WriteSiteTest, NeverStampsAndRefusesWhatIsCentrals) {
  const Record record = *create("customer", R"({"name":"One"})");
  EXPECT_FALSE(record.stamps.at_central());
  EXPECT_EQ(record.version, 0);
  EXPECT_EQ(update(record, R"({"disabled_at":"2026-01-01T00:00:00Z"})").error().code,
            Errc::owned_by_central);
  const Record changed = *update(record, R"({"name":"Two"})");
  EXPECT_FALSE(last().fields[0].base);
  const Reader reader = database->read();
  EXPECT_FALSE(find_shadow(*reader, *record.kind, changed.id));  // central has nothing to shadow
}

TEST_F(WriteSiteTest, KeepsCentralsStateOfWhatItChanges) {
  Record record = *create("customer", R"({"name":"One"})");
  write([&](Connection& connection) -> Result<void> {
    const Record before = record;
    record.stamps = Stamps(FieldStamp{{1'780'000'000, 5}, 0, {}});
    replace_record(connection, before, record);
    return {};
  });
  ASSERT_TRUE(update(record, R"({"name":"Two"})"));
  ASSERT_TRUE(update(record, R"({"name":"Three"})"));
  const Reader reader = database->read();
  const auto shadow = find_shadow(*reader, *record.kind, record.id);
  ASSERT_TRUE(shadow);
  EXPECT_EQ(shadow->values[0].as_string(), "One");
  EXPECT_EQ(last().fields[0].base, (Version{1'780'000'000, 5}));
}

}  // namespace
}  // namespace skerry::store
