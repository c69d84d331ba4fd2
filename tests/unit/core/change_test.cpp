#include "core/change.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace skerry {
namespace {

const Kind& customer = *find_kind("customer");

RecordId id_of(std::uint8_t last) {
  RecordId id;
  id.bytes[0] = 1;
  id.bytes[15] = last;
  return id;
}

Change sample(ChangeOp op) {
  Change change;
  change.kind = &customer;
  change.record = id_of(7);
  change.op = op;
  change.hlc = HlcStamp::at(1'780'000'000'123, 3);
  change.actor = "token:\"crm\"";
  change.source = "api";
  return change;
}

std::size_t field(std::string_view name) {
  return static_cast<std::size_t>(customer.find_field(name));
}

TEST(ChangeTest, FractionsAreOfCustomFieldsAlone) {
  Change change = sample(ChangeOp::set);
  change.fields.push_back({field("custom"), nullptr, json::object{{"n", 1.5}}, std::nullopt});
  const std::string line = encode(change);
  EXPECT_TRUE(decode_change(line));
  for (const std::string_view member : {R"("z":1.5,)", R"("z":[{"y":1.5}],)"}) {
    std::string other = line;
    other.insert(1, member);
    EXPECT_EQ(decode_change(other).error().code, Errc::bad_json) << other;
  }
}

TEST(ChangeTest, ARestoredRecordIsWhole) {
  Change change = sample(ChangeOp::restore);
  change.fields.push_back({field("name"), nullptr, "Acme", std::nullopt});
  change.base = Version{5, 6};
  const std::string line = encode(change);
  EXPECT_NE(line.find(R"("op":"undel","f":{"name":"Acme"},"b":[5,6])"), std::string::npos) << line;
  const auto read = decode_change(line);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->op, ChangeOp::restore);
  EXPECT_EQ(read->fields.at(0).new_value, json::value("Acme"));
  EXPECT_EQ(read->base, change.base);
  change.fields.clear();  // without what every record has
  EXPECT_EQ(decode_change(encode(change)).error().code, Errc::validation_failed);
}

TEST(ChangeTest, EveryMemberComesBack) {
  Change change = sample(ChangeOp::set);
  change.fields.push_back({field("name"), "old \"x\"\n", "näw", Version{5, 6}});
  change.fields.push_back({field("website"), nullptr, "https://a", std::nullopt});
  change.base = Version{1, 2};
  change.continues = true;
  change.uid = ChangeUid{id_of(1).bytes};
  change.resolves = id_of(2);
  change.reopens = true;
  change.wall = 1'700'000'000'000;
  change.request = "rq";
  change.reason = "because \"so\"";
  change.actor_name = "root";
  const std::string line = encode(change);
  const auto read = decode_change(line);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(encode(*read), line);
  EXPECT_EQ(read->fields[0].base, (Version{5, 6}));
  EXPECT_FALSE(read->fields[1].base);
  EXPECT_EQ(read->reason, change.reason);
  EXPECT_EQ(read->actor_name, "root");
  EXPECT_EQ(read->wall, change.wall);
  EXPECT_EQ(read->resolves, change.resolves);
  EXPECT_TRUE(read->reopens);
  EXPECT_TRUE(read->continues);
}

TEST(ChangeTest, TheLineIsExactlyThis) {
  Change change = sample(ChangeOp::set);
  change.actor = "uid:0";
  change.fields.push_back({field("name"), "a", "b", Version{5, 6}});
  EXPECT_EQ(encode(change), fmt::format(R"({{"k":"chg","t":"customer","id":"{}","op":"set",)"
                                        R"("f":{{"name":{{"o":"a","n":"b","b":[5,6]}}}},)"
                                        R"("hlc":"{}","by":"uid:0","src":"api","sv":1}})",
                                        to_string(change.record), to_string(change.hlc)));
}

TEST(ChangeTest, ANewRecordHoldsItsValuesPlainly) {
  Change change = sample(ChangeOp::create);
  change.fields.push_back({field("name"), nullptr, "a", std::nullopt});
  const std::string line = encode(change);
  EXPECT_NE(line.find(R"("f":{"name":"a"})"), std::string::npos);
  EXPECT_EQ(decode_change(line)->fields[0].new_value.as_string(), "a");
}

TEST(ChangeTest, ARemovalHasNoFields) {
  const std::string line = encode(sample(ChangeOp::remove));
  EXPECT_EQ(line.find("\"f\""), std::string::npos);
  EXPECT_EQ(decode_change(line)->op, ChangeOp::remove);
}

// A good line with one piece replaced.
struct Case {
  const char* piece;
  const char* by;
  Errc code;
};

TEST(ChangeTest, RefusesWhatIsNoChange) {
  Change change = sample(ChangeOp::set);
  change.actor = "uid:0";
  change.fields.push_back({field("name"), "a", "b", Version{5, 6}});
  const std::string good = encode(change);
  const Case cases[] = {
      {R"({"k")", R"({"k":"x","k")", Errc::bad_json},
      {R"("k":"chg")", R"("k":"dec")", Errc::bad_json},
      {R"("sv":1)", R"("sv":2)", Errc::unsupported_version},
      {R"("sv":1)", R"("sv":"1")", Errc::bad_json},
      {R"(,"sv":1)", "", Errc::bad_json},
      {R"("t":"customer")", R"("t":"gadget")", Errc::validation_failed},
      {R"("op":"set")", R"("op":"put")", Errc::validation_failed},
      {R"("op":"set")", R"("op":"new")", Errc::validation_failed},  // {o,n,b} is no name
      {R"("id":"0100)", R"("id":"x100)", Errc::validation_failed},
      {R"("by":"uid:0")", R"("by":7)", Errc::validation_failed},
      {R"("name")", R"("nome")", Errc::validation_failed},
      {R"("n":"b")", R"("n":null)", Errc::validation_failed},
      {R"("n":"b")", R"("n":7)", Errc::validation_failed},
      {R"("n":"b",)", "", Errc::validation_failed},
      {R"("b":[5,6])", R"("b":[5])", Errc::validation_failed},
      {R"("b":[5,6])", R"("b":[-5,6])", Errc::validation_failed},
      {R"("hlc":")", R"("tx":false,"hlc":")", Errc::validation_failed},
      {R"("hlc":")", R"("hlc":"x)", Errc::validation_failed},
      {R"("hlc":")", R"("cf":"7","hlc":")", Errc::validation_failed},
      {R"("hlc":")", R"("cfo":true,"hlc":")", Errc::validation_failed},
      {R"("hlc":")", R"("wall":"noon","hlc":")", Errc::validation_failed},
  };
  ASSERT_TRUE(decode_change(good));
  for (const Case& each : cases) {
    std::string line = good;
    const std::size_t at = line.find(each.piece);
    ASSERT_NE(at, std::string::npos) << each.piece;
    line.replace(at, std::string_view(each.piece).size(), each.by);
    const auto read = decode_change(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().code, each.code) << line;
  }
}

TEST(ChangeTest, RefusesEveryCutLine) {
  const std::string good = encode(sample(ChangeOp::remove));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_change(good.substr(0, size))) << size;
}

TEST(ChangeTest, NamesOfDispositions) {
  for (const Disposition each : {Disposition::applied, Disposition::superseded,
                                 Disposition::conflict, Disposition::rejected, Disposition::held})
    EXPECT_EQ(parse_disposition(to_text(each)), each);
  EXPECT_FALSE(parse_disposition("pending"));
}

TEST(ChangeTest, CustomValuesAndNumbersComeBack) {
  const Kind& asset = *find_kind("asset");
  const auto position = [&](std::string_view name) {
    return static_cast<std::size_t>(asset.find_field(name));
  };
  Change change = sample(ChangeOp::set);
  change.kind = &asset;
  const json::value before = json::parse(R"({"a":"t","n":-7})");
  const json::value after{{"a", "ü"}, {"b", true}, {"f", 0.1}, {"n", 9007199254740992.0}};
  change.fields.push_back({position("custom"), before, after, Version{5, 6}});
  change.fields.push_back({position("disposal_price"), nullptr, "12.50", std::nullopt});
  change.fields.push_back({position("scrapped_on"), nullptr, "2026-03-02", std::nullopt});
  const std::string line = encode(change);
  const auto read = decode_change(line);
  ASSERT_TRUE(read) << read.error().detail << ' ' << line;
  EXPECT_EQ(encode(*read), line);
  EXPECT_EQ(read->fields[0].new_value, after);
  EXPECT_EQ(read->fields[0].old_value, before);
  EXPECT_EQ(read->fields[1].new_value, json::value("12.50"));
}

TEST(ChangeTest, ComplainsNoMoreThanOneCanRead) {
  std::string line = encode(sample(ChangeOp::set));
  std::string unknown;
  for (int i = 0; i < 3000; ++i) unknown += fmt::format(R"({}"x{}":1)", i > 0 ? "," : "", i);
  line.insert(line.find("\"f\":{") + 5, unknown);
  const auto read = decode_change(line);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().errors.size(), complaints_max);
}

TEST(ChangeTest, DerivedColumnsAreNoFieldsOfALine) {
  const std::string line = fmt::format(
      R"({{"k":"chg","t":"asset","id":"{}","op":"set","f":{{"in_transit":{{"o":false,"n":true}}}},)"
      R"("hlc":"{}","by":"uid:0","src":"api","sv":1}})",
      to_string(id_of(1)), to_string(HlcStamp::at(1'780'000'000'123, 3)));
  const auto read = decode_change(line);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::validation_failed);
}

}  // namespace
}  // namespace skerry
