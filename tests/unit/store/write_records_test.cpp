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
  // "422: /name empty, /owner reference_not_found" of what a client may send.
  std::string refusal(std::string_view kind, std::string_view body) {
    const auto made = run([&](Connection& connection) -> Result<Record> {
      SKERRY_TRY(json::object object, parse_json_object(body));
      std::vector<FieldError> complaints;
      FieldValues values = read_new(*find_kind(kind), object, complaints);
      return RecordWriter(connection, log, role, random)
          .create(*find_kind(kind), std::nullopt, std::move(values), author, std::move(complaints));
    });
    return made ? "none" : said(made.error());
  }
  static std::string said(const Error& error) {
    std::string text = fmt::format("{}:", info(error.code).http_status);
    for (const FieldError& each : error.errors)
      text += fmt::format("{} {} {}", &each == &error.errors.front() ? "" : ",", each.pointer,
                          each.code);
    return text;
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

TEST_F(WriteTest, H11_WhatIsWrittenTogetherIsOneTransactionFromItsFirstRowOn) {
  const Record known = *create("customer", R"({"name":"Known"})");
  std::vector<bool> continues;
  const auto written = run([&](Connection& connection) -> Result<Record> {
    RecordWriter writer(connection, log, role, random);
    writer.write_together();
    // That changes nothing, and has no row.
    SKERRY_TRY_VOID(
        writer.update(*known.kind, known.id, {{"name", "Known"}}, std::nullopt, author));
    SKERRY_TRY_VOID(writer.update(*known.kind, known.id, {{"name", "One"}}, std::nullopt, author));
    SKERRY_TRY(FieldValues values, read_new(*find_kind("customer"), {{"name", "Two"}}));
    SKERRY_TRY_VOID(writer.create(*find_kind("customer"), std::nullopt, std::move(values), author));
    return writer.update(*known.kind, known.id, {{"name", "Three"}}, std::nullopt, author);
  });
  ASSERT_TRUE(written) << written.error().detail;
  const Reader reader = database->read();
  auto cursor = reader->query("SELECT line FROM change_log WHERE seq>1 ORDER BY n");
  while (cursor.next()) continues.push_back(decode_change(cursor.text(0))->continues);
  EXPECT_EQ(continues, (std::vector<bool>{false, true, true}));
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

TEST_F(WriteTest, AnEMailHasNoCase) {
  const Record one = *create("customer", R"({"name":"One"})");
  const auto contact = [&](std::string_view email) {
    return create("contact",
                  fmt::format(R"({{"customer":"{}","email":"{}"}})", to_string(one.id), email));
  };
  const auto first = contact("Ann@b.example");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->value("email").as_string(), "Ann@b.example");
  EXPECT_EQ(contact("ann@b.example").error().code, Errc::duplicate_key);
  EXPECT_EQ(contact("Ann@B.EXAMPLE").error().code, Errc::duplicate_key);
  EXPECT_TRUE(update(*first, R"({"email":"ann@b.example"})"));  // its own
  EXPECT_TRUE(contact("bob@b.example"));
  // Letters beyond a to z are compared as they stand.
  EXPECT_TRUE(contact("\u00e4@b.example"));
  EXPECT_TRUE(contact("\u00c4@b.example"));
}

TEST_F(WriteTest, EverythingThatIsWrongIsSaidAtOnce) {
  const Record one = *create("customer", R"({"name":"One","account_ref":"A"})");
  EXPECT_EQ(refusal("customer", R"({"name":"","account_ref":"A","custom":{"nokey":1},"x":1})"),
            "422: /x unknown_field, /name empty, /custom/nokey unknown_field, /account_ref "
            "duplicate_key");
  EXPECT_EQ(refusal("customer", R"({"name":"x","account_ref":"A"})"),
            "409: /account_ref duplicate_key");
  const std::string nobody = to_string(RecordId{});
  EXPECT_EQ(
      refusal("asset", fmt::format(R"({{"serial":"1","product":"{0}","owner":"{0}"}})", nobody)),
      "422: /product reference_not_found, /owner reference_not_found");
  EXPECT_EQ(refusal("asset", fmt::format(R"({{"product":"x","owner":"{}"}})", nobody)),
            "422: /product bad_id, /serial required, /owner reference_not_found");
  const auto patched = update(one, R"({"name":null,"custom":{"nokey":1},"website":"x"})");
  EXPECT_EQ(said(patched.error()),
            "422: /name required, /website bad_url, /custom/nokey unknown_field");
  EXPECT_EQ(patched.error().detail, "3 values of the customer are not acceptable");
  const auto taken = update(*create("customer", R"({"name":"Two"})"), R"({"account_ref":"A"})");
  EXPECT_EQ(taken.error().detail, "account_ref A is taken by " + to_string(one.id));
  EXPECT_EQ(taken.error().next,
            "choose another account_ref, or change the customer that has it: GET /v1/customers/" +
                to_string(one.id));
  EXPECT_EQ(number("SELECT count(*) FROM customer"), 2);
}

TEST_F(WriteTest, AProductWithAssetsStaysADevice) {
  const Record pump = *create("product", R"({"sku":"P","name":"Pump","type":"device"})");
  const Record tool = *create("product", R"({"sku":"T","name":"Tool","type":"device"})");
  const Record asset =
      *create("asset", fmt::format(R"({{"product":"{}","serial":"1"}})", to_string(pump.id)));
  EXPECT_EQ(said(update(pump, R"({"type":"software"})").error()), "409: /type in_use");
  EXPECT_TRUE(update(pump, R"({"type":"device","name":"Pumps"})"));
  EXPECT_TRUE(update(tool, R"({"type":"software"})"));
  ASSERT_TRUE(remove(asset));
  EXPECT_TRUE(update(pump, R"({"type":"service"})"));
}

TEST_F(WriteTest, ACustomFieldInUseIsNotDeleted) {
  const Record colour =
      *create("custom_field", R"({"record_kind":"customer","key":"colour","type":"text"})");
  const Record other =
      *create("custom_field", R"({"record_kind":"contact","key":"colour","type":"text"})");
  const Record one = *create("customer", R"({"name":"One","custom":{"colour":"red"}})");
  const auto kept = remove(colour);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Errc::in_use);
  EXPECT_EQ(kept.error().next,
            fmt::format("archive it, and what stands in records stays there: POST "
                        "/v1/custom_fields/{}:archive",
                        to_string(colour.id)));
  EXPECT_TRUE(remove(other));
  ASSERT_TRUE(update(one, R"({"custom":null})"));
  EXPECT_TRUE(remove(colour));
}

TEST_F(WriteTest, AnIdIsOneRecordsOfWhateverKind) {
  const Record one = *create("customer", R"({"name":"One"})");
  const auto take = [&](const RecordId& id) {
    return run([&](Connection& connection) {
      const Kind& kind = *find_kind("product");
      auto values = read_new(kind, {{"sku", to_string(id)}, {"name", "x"}, {"type", "device"}});
      return RecordWriter(connection, log, role, random).create(kind, id, *values, author);
    });
  };
  EXPECT_EQ(said(take(one.id).error()), "409: /id already_exists");
  EXPECT_EQ(take(one.id).error().next, "leave id out, and the record gets one of its own");
  ASSERT_TRUE(remove(one));
  EXPECT_EQ(said(take(one.id).error()), "409: /id already_exists");
  EXPECT_TRUE(take(new_record_id(clock.wall_ms(), random)));
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
  const auto two = create("customer", R"({"name":"Two"})");
  ASSERT_TRUE(two);
  const Change change = last();
  EXPECT_GE(two->updated_at, two->created_at);
  const auto changed = update(*two, R"({"name":"Three"})");
  ASSERT_TRUE(changed);
  EXPECT_GE(changed->updated_at, changed->created_at);
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
  EXPECT_EQ(refusal("customer", R"({"name":"","disabled_at":"2026-01-01T00:00:00Z"})"),
            "422: /name empty, /disabled_at owned_by_central");
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
