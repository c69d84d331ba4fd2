#include "sync/state_line.hpp"

#include <gtest/gtest.h>

#include "core/json_text.hpp"

namespace skerry::sync {
namespace {

constexpr std::int64_t ord = 1'760'000'000;

store::Record example() {
  store::Record record(*find_kind("customer"));
  record.id = *parse_id<RecordId>("01a0c450-6c00-766a-a8b3-42c5a0aafc86");
  record.created_at = 1'790'000'000'000;
  record.stamps = store::Stamps(store::FieldStamp{{ord, 5}, 0, {}});
  record.values[static_cast<std::size_t>(record.kind->find_field("name"))] = "Acme";
  return record;
}

json::value* value(store::Record& record, std::string_view field) {
  return &record.values[static_cast<std::size_t>(record.kind->find_field(field))];
}

RecordState decoded(const std::string& line) {
  const auto state = decode_state_line(line);
  EXPECT_TRUE(state) << state.error().detail;
  return std::get<RecordState>(*state);
}

TEST(StateLine, AWholeRecordHasEveryField) {
  const store::Record record = example();
  const RecordState state = decoded(encode_record_state(record, 0));
  EXPECT_EQ(state.id, record.id);
  EXPECT_FALSE(state.partial);
  EXPECT_EQ(state.every, (Version{ord, 5}));
  EXPECT_EQ(state.created_at, record.created_at);
  ASSERT_EQ(state.fields.size(), record.kind->fields.size());
  for (const auto& field : state.fields) EXPECT_EQ(field.value, record.values[field.field]);
}

TEST(StateLine, APartHasWhatIsNewerThanTheBase) {
  store::Record record = example();
  *value(record, "legal_name") = "Acme Ltd";
  *value(record, "description") = "Text";
  record.stamps.set("legal_name", {{ord, 8}, 0, {}});
  record.stamps.set("description", {{ord, 12}, 0, {}});
  const RecordState both = decoded(encode_record_state(record, 6));
  EXPECT_TRUE(both.partial);
  ASSERT_EQ(both.fields.size(), 2U);
  EXPECT_EQ(both.fields[0].version, (Version{ord, 8}));
  EXPECT_EQ(both.fields[1].version, (Version{ord, 12}));
  const RecordState one = decoded(encode_record_state(record, 8));
  ASSERT_EQ(one.fields.size(), 1U);
  EXPECT_EQ(one.fields[0].value, json::value("Text"));
}

TEST(StateLine, AClearedFieldIsInAPart) {
  store::Record record = example();
  record.stamps.set("legal_name", {{ord, 8}, 0, {}});
  const RecordState state = decoded(encode_record_state(record, 6));
  ASSERT_EQ(state.fields.size(), 1U);
  EXPECT_TRUE(state.fields[0].value.is_null());
}

TEST(StateLine, ARecordMadeSinceTheBaseIsWhole) {
  EXPECT_FALSE(decoded(encode_record_state(example(), 4)).partial);
}

TEST(StateLine, DeletionsAndEvictionsAreToldApart) {
  const store::Record record = example();
  for (const bool deleted : {true, false}) {
    const auto state =
        decode_state_line(encode_record_gone({record.kind, record.id, {ord, 9}, deleted}));
    ASSERT_TRUE(state);
    const auto& gone = std::get<RecordGone>(*state);
    EXPECT_EQ(gone.id, record.id);
    EXPECT_EQ(gone.version, (Version{ord, 9}));
    EXPECT_EQ(gone.deleted, deleted);
  }
}

TEST(StateLine, ResultsComeBack) {
  const auto state =
      decode_state_line(encode_row_result({EpochId{}, {7, Disposition::rejected, "in \"use\""}}));
  ASSERT_TRUE(state);
  const auto& result = std::get<ToldResult>(*state).result;
  EXPECT_EQ(result.seq, 7);
  EXPECT_EQ(result.disposition, Disposition::rejected);
  EXPECT_EQ(result.detail, "in \"use\"");
}

TEST(StateLine, DamagedLinesAreRefused) {
  const std::string good = encode_record_state(example(), 0);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string line = good;
    const std::size_t at = line.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return line.replace(at, from.size(), to);
  };
  for (const std::string_view line : {"", "hello", "[]", "{\"k\":1.5e999}"})
    EXPECT_EQ(decode_state_line(line).error().code, Errc::corrupt_bundle) << line;
  EXPECT_FALSE(decode_state_line("{}"));
  const auto too_long = decode_state_line(with("Acme", std::string(300, 'x')));
  EXPECT_NE(too_long.error().detail.find("bad value"), std::string::npos)
      << too_long.error().detail;
  EXPECT_FALSE(decode_state_line(with("\"Acme\"", "7")));
  EXPECT_FALSE(decode_state_line(with("\"Acme\"", "null")));
  EXPECT_FALSE(decode_state_line(with("[1760000000,5]", "[0,5]")));
  EXPECT_FALSE(decode_state_line(with("01a0c450", "01a0")));
}

TEST(StateLine, NewerKindsAndFieldsAreNamedAsSuch) {
  const std::string good = encode_record_state(example(), 0);
  std::string line = good;
  line.replace(line.find("customer"), 8, "starship");
  EXPECT_EQ(decode_state_line(line).error().code, Errc::unsupported_version);
  line = good;
  line.replace(line.find("\"name\""), 6, "\"warp\":1,\"name\"");
  EXPECT_EQ(decode_state_line(line).error().code, Errc::unsupported_version);
  EXPECT_EQ(decode_state_line(R"({"k":"zap"})").error().code, Errc::unsupported_version);
}

}  // namespace
}  // namespace skerry::sync
