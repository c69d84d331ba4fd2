#include "core/kinds/validate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace skerry {
namespace {

const Kind& customer_kind = *find_kind("customer");
const Kind& contact = *find_kind("contact");

json::object body(std::string_view text) { return json::parse(text).as_object(); }

// "name=…;roles=…": the values as JSON, or the complaints as "pointer code".
std::string describe(const Kind& kind, const Result<FieldValues>& values) {
  std::string text;
  if (!values) {
    EXPECT_EQ(values.error().code, Errc::validation_failed);
    for (const FieldError& error : values.error().errors)
      text += fmt::format("{}{} {}", text.empty() ? "" : ";", error.pointer, error.code);
    return text;
  }
  for (const FieldValue& value : *values)
    text += fmt::format("{}{}={}", text.empty() ? "" : ";", kind.fields[value.field].name,
                        json::serialize(value.value));
  return text;
}

std::string created(const Kind& kind, std::string_view text) {
  return describe(kind, read_new(kind, body(text)));
}

TEST(ReadNewTest, FillsInDefaults) {
  EXPECT_EQ(created(customer_kind, R"({"name":"One"})"), R"(name="One";roles=["customer"])");
  EXPECT_EQ(created(customer_kind, R"({"name":"One","roles":[]})"), R"(name="One";roles=[])");
}

TEST(ReadNewTest, GivesCanonicalValues) {
  EXPECT_EQ(created(customer_kind, R"({"name":"One","roles":["supplier","customer","supplier"]})"),
            R"(name="One";roles=["customer","supplier"])");
  EXPECT_EQ(created(customer_kind,
                    R"({"name":"One","roles":[],"archived_at":"2026-01-02T03:04:05+01:00"})"),
            R"(name="One";roles=[];archived_at="2026-01-02T02:04:05.000Z")");
  EXPECT_EQ(
      created(customer_kind,
              R"({"name":"One","roles":[],"address":{"country":"DE","line1":"x","city":null}})"),
      R"(name="One";roles=[];address={"line1":"x","country":"DE"})");
  EXPECT_EQ(created(customer_kind, R"({"name":"One","roles":[],"address":{"city":null}})"),
            R"(name="One";roles=[])");
  EXPECT_NE(created(contact, R"({"customer":"0199C0DE-0000-7000-8000-00000000000A","email":"a@b"})")
                .find("0199c0de-0000-7000-8000-00000000000a"),
            std::string::npos);
}

TEST(ReadNewTest, OffersNullWhereThatWillDo) {
  const auto read = read_new(customer_kind, body(R"({"name":"","legal_name":""})"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().errors.at(0).detail, "must not be empty");
  EXPECT_EQ(read.error().errors.at(1).detail, "must not be empty; send null for no value");
}

TEST(ReadNewTest, NamesEveryComplaint) {
  EXPECT_EQ(created(customer_kind, "{}"), "/name required");
  EXPECT_EQ(created(customer_kind, R"({"name":null})"), "/name required");
  EXPECT_EQ(created(customer_kind, R"({"nam/e":1,"name":7,"website":"x","roles":"customer"})"),
            "/nam~1e unknown_field;/name wrong_type;/roles wrong_type;/website bad_url");
  EXPECT_EQ(created(customer_kind, R"({"name":"x","roles":["customer","chief"]})"),
            "/roles/1 bad_choice");
  EXPECT_EQ(created(customer_kind, R"({"name":"x","address":{"country":"de","street":"x"}})"),
            "/address/street unknown_field;/address/country bad_country");
  EXPECT_EQ(
      created(contact,
              R"({"customer":"7","email":"x","phone":"123","is_key_contact":1,"status":"?"})"),
      "/customer bad_id;/email bad_email;/phone bad_phone;/is_key_contact wrong_type;/status "
      "bad_choice");
}

TEST(ReadNewTest, ComplainsNoMoreThanOneCanRead) {
  json::object members;
  for (int i = 0; i < 3000; ++i) members[fmt::format("x{}", i)] = 1;
  const auto unknown = read_new(customer_kind, members);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().errors.size(), complaints_max + 1);  // and that the name is missing
  const auto group = read_new(customer_kind, {{"name", "x"}, {"address", members}});
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().errors.size(), complaints_max);
  json::array texts;
  for (int i = 0; i < 201; ++i) texts.emplace_back("x");
  EXPECT_EQ(describe(customer_kind, read_new(customer_kind, {{"name", "x"}, {"roles", texts}})),
            "/roles too_many");
  json::object keys;
  for (int i = 0; i < 3000; ++i) keys[fmt::format("X{}", i)] = 1;
  const auto custom = read_new(*find_kind("asset"), {{"custom", std::move(keys)}});
  ASSERT_FALSE(custom);
  EXPECT_LT(custom.error().errors.size(), complaints_max + 10);  // and what an asset needs
  const auto scope = read_new(*find_kind("site"), {{"name", "x"}, {"scope", texts}});
  ASSERT_FALSE(scope);
  EXPECT_EQ(scope.error().errors.size(), complaints_max);
}

TEST(ReadNewTest, CountsCharactersNotBytes) {
  std::string name;
  for (int i = 0; i < 255; ++i) name += "ö";
  EXPECT_TRUE(read_new(customer_kind, {{"name", name}}));
  EXPECT_FALSE(read_new(customer_kind, {{"name", name + "x"}}));
  EXPECT_FALSE(read_new(customer_kind, {{"name", ""}}));
  EXPECT_FALSE(read_new(customer_kind, {{"name", "a\x01"}}));
}

class ReadPatchTest : public testing::Test {
 protected:
  ReadPatchTest() : current(customer_kind.fields.size()) {
    const auto values =
        read_new(customer_kind, body(R"({"name":"One","address":{"city":"Ulm","line1":"1"}})"));
    for (const FieldValue& value : *values) current[value.field] = value.value;
  }
  std::string patched(std::string_view text) {
    return describe(customer_kind, read_patch(customer_kind, body(text), current));
  }
  std::vector<json::value> current;
};

TEST_F(ReadPatchTest, GivesWhatChanges) {
  EXPECT_EQ(patched("{}"), "");
  EXPECT_EQ(patched(R"({"name":"One"})"), "");
  EXPECT_EQ(patched(R"({"name":"Two","description":null})"), R"(name="Two")");
  EXPECT_EQ(patched(R"({"roles":["customer","customer"]})"), "");
  EXPECT_EQ(patched(R"({"roles":["supplier"]})"), R"(roles=["supplier"])");
}

// There is no third state of a flag or a choice: null is the default, as without a word.
TEST_F(ReadPatchTest, WhatIsNeverEmptyGoesBackToItsDefault) {
  const auto member = [&](const json::value& value) {
    const auto position = static_cast<std::size_t>(customer_kind.find_field("roles"));
    current[position] = value;
    return patched(R"({"roles":null})");
  };
  EXPECT_EQ(member(json::array{"supplier"}), R"(roles=["customer"])");
  EXPECT_EQ(member(json::array{"customer"}), "");
  EXPECT_EQ(member(nullptr), "");  // of old, or of a peer: as it was
  EXPECT_EQ(
      created(contact, R"({"customer":"0199c0de-0000-7000-8000-00000000000a","email":"a@b.de",
                                 "status":null,"is_key_contact":null})"),
      created(contact, R"({"customer":"0199c0de-0000-7000-8000-00000000000a","email":"a@b.de"})"));
}

TEST_F(ReadPatchTest, MergesIntoGroups) {
  EXPECT_EQ(patched(R"({"address":{"city":"Bonn"}})"), R"(address={"line1":"1","city":"Bonn"})");
  EXPECT_EQ(patched(R"({"address":{"city":null}})"), R"(address={"line1":"1"})");
  EXPECT_EQ(patched(R"({"address":{"city":null,"line1":null}})"), "address=null");
  EXPECT_EQ(patched(R"({"address":null})"), "address=null");
  EXPECT_EQ(patched(R"({"address":{}})"), "");
}

TEST_F(ReadPatchTest, Refuses) {
  EXPECT_EQ(patched(R"({"name":null})"), "/name required");
  EXPECT_EQ(patched(R"({"revision":2})"), "/revision read_only");
  EXPECT_EQ(patched(R"({"address":{"street":null}})"), "");  // removes what is not there (RFC 7396)
  EXPECT_EQ(patched(R"({"address":[]})"), "/address wrong_type");
}

TEST(DefaultTest, EveryDefaultIsCanonical) {
  for (const Kind& kind : all_kinds())
    for (const Field& field : kind.fields) {
      std::vector<FieldError> errors;
      const json::value value = default_value(field);
      EXPECT_EQ(read_value(field, value, "", errors), value) << field.name;
      EXPECT_TRUE(errors.empty()) << field.name;
    }
}

}  // namespace
}  // namespace skerry
