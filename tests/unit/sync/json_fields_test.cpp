#include "sync/json_fields.hpp"

#include <gtest/gtest.h>

namespace skerry::sync {
namespace {

class JsonFieldsTest : public ::testing::Test {
 protected:
  JsonFields fields(std::string_view text, std::string pointer = "") {
    object_ = json::parse(text).as_object();
    errors_.clear();
    return {object_, std::move(pointer), errors_};
  }
  // "pointer code" of the only complaint.
  std::string complaint() const {
    if (errors_.size() != 1) return "there are " + std::to_string(errors_.size());
    return errors_[0].pointer + " " + errors_[0].code;
  }

  json::object object_;
  std::vector<FieldError> errors_;
};

TEST_F(JsonFieldsTest, Text) {
  JsonFields f = fields(R"({"a":"ü","empty":"","long":"xxxx","number":1})");
  EXPECT_EQ(f.text("a", 2), "ü");
  EXPECT_TRUE(errors_.empty());
  f.text("empty", 3);
  f.text("long", 3);
  f.text("number", 3);
  f.text("none", 3);
  ASSERT_EQ(errors_.size(), 4U);
  EXPECT_EQ(errors_[0].code, "bad_length");
  EXPECT_EQ(errors_[1].code, "bad_length");
  EXPECT_EQ(errors_[2].code, "wrong_type");
  EXPECT_EQ(errors_[3].code, "missing");
  for (const FieldError& error : errors_) EXPECT_FALSE(error.detail.empty());
}

TEST_F(JsonFieldsTest, Integers) {
  JsonFields f = fields(R"({"n":5,"text":"5"})");
  EXPECT_EQ(f.integer("n", 5, 5), 5);
  EXPECT_TRUE(errors_.empty());
  EXPECT_EQ(f.integer("n", 6, 9), 0);
  EXPECT_EQ(complaint(), "/n out_of_range");
  errors_.clear();
  EXPECT_EQ(f.integer("text", 0, 9), 0);
  EXPECT_EQ(complaint(), "/text wrong_type");
}

TEST_F(JsonFieldsTest, NamesAreNoLongerAndNoMoreThanPeopleRead) {
  std::string members = "\"" + std::string(10'000, '~') + "\":1";
  for (int i = 0; i < 1'000; ++i) members += ",\"" + std::to_string(i) + "\":1";
  fields("{" + members + "}").refuse_unread();
  EXPECT_EQ(errors_.size(), 100U);
  for (const FieldError& error : errors_) EXPECT_LE(error.pointer.size(), 200U);
}

TEST_F(JsonFieldsTest, AFlagMayBeLeftOut) {
  JsonFields f = fields(R"({"yes":true,"no":false,"text":"true"})");
  EXPECT_TRUE(f.flag("yes"));
  EXPECT_FALSE(f.flag("no"));
  EXPECT_FALSE(f.flag("absent"));
  EXPECT_TRUE(errors_.empty());
  EXPECT_FALSE(f.flag("text"));
  EXPECT_EQ(complaint(), "/text wrong_type");
}

TEST_F(JsonFieldsTest, HashesAndIdsHaveOneSpelling) {
  const std::string digits(64, 'a');
  const std::string uuid = "9a1b2c3d-0000-4000-8000-00000000000f";
  JsonFields good = fields(R"({"h":")" + digits + R"(","id":")" + uuid + "\"}");
  EXPECT_EQ(to_hex(good.hash("h")), digits);
  EXPECT_EQ(to_string(good.id<SiteId>("id")), uuid);
  EXPECT_TRUE(errors_.empty());

  JsonFields bad = fields(R"({"h":")" + std::string(64, 'A') +
                          R"(","id":"9A1B2C3D-0000-4000-8000-00000000000F"})");
  bad.hash("h");
  EXPECT_EQ(complaint(), "/h bad_hash");
  errors_.clear();
  EXPECT_TRUE(bad.id<SiteId>("id").is_zero());
  EXPECT_EQ(complaint(), "/id bad_id");
}

TEST_F(JsonFieldsTest, Arrays) {
  JsonFields f = fields(R"({"a":[1,2],"o":{}})");
  ASSERT_NE(f.array("a", 2), nullptr);
  EXPECT_EQ(f.array("a", 2)->size(), 2U);
  EXPECT_EQ(f.array("a", 1), nullptr);
  EXPECT_EQ(complaint(), "/a too_many");
  errors_.clear();
  EXPECT_EQ(f.array("o", 1), nullptr);
  EXPECT_EQ(complaint(), "/o wrong_type");
}

TEST_F(JsonFieldsTest, PointersGoDownAndAreEscaped) {
  JsonFields outer = fields(R"({"a/b":{"c~d":{}}})", "/top");
  std::optional<JsonFields> inner = outer.object("a/b");
  ASSERT_TRUE(inner);
  std::optional<JsonFields> innermost = inner->object("c~d");
  ASSERT_TRUE(innermost);
  innermost->text("x", 1);
  EXPECT_EQ(complaint(), "/top/a~1b/c~0d/x missing");
  errors_.clear();
  EXPECT_FALSE(outer.object("none"));
  EXPECT_EQ(complaint(), "/top/none missing");
}

TEST_F(JsonFieldsTest, WhatWasNotRead) {
  JsonFields f = fields(R"({"b":1,"a":{"x":2},"c":"read"})");
  f.text("c", 9);
  EXPECT_EQ(json::serialize(f.unread()), R"({"b":1,"a":{"x":2}})");
  f.refuse_unread();
  ASSERT_EQ(errors_.size(), 2U);
  EXPECT_EQ(errors_[0].pointer, "/b");
  EXPECT_EQ(errors_[1].code, "unknown_member");
}

}  // namespace
}  // namespace skerry::sync
