#include "store/mappings.hpp"

#include <gtest/gtest.h>

#include "store/import_sessions.hpp"
#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

class MappingsTest : public RecordsTest {};

TEST_F(MappingsTest, AreKeptReplacedAndForgotten) {
  const SavedMapping crm{
      "crm",
      "customer",
      {{{"name", "Firm"}, {"account_ref", "Key, old"}}, {{"description", "a=b"}}, {"Colour"}, true},
      5,
      "uid:0"};
  in_job([&](Connection& connection) {
    save_mapping(connection, {"b", "contact", {}, 1, "uid:1"});
    save_mapping(connection, {"crm", "contact", {}, 1, "uid:1"});
    save_mapping(connection, crm);
  });
  {
    Reader reader = database_->read();
    const auto found = find_mapping(*reader, "crm");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, "customer");
    ASSERT_EQ(found->columns.mapping.size(), 2u);
    EXPECT_EQ(found->columns.mapping[1].header, "Key, old");
    EXPECT_EQ(found->columns.fixed.at(0).value, "a=b");
    EXPECT_EQ(found->columns.ignored, std::vector<std::string>{"Colour"});
    EXPECT_TRUE(found->columns.ignore_unknown);
    EXPECT_EQ(found->saved_by, "uid:0");
    EXPECT_EQ(list_mappings(*reader).size(), 2u);
    EXPECT_EQ(list_mappings(*reader).front().name, "b");
    EXPECT_FALSE(find_mapping(*reader, "none"));
  }
  in_job([&](Connection& connection) {
    EXPECT_TRUE(delete_mapping(connection, "crm"));
    EXPECT_FALSE(delete_mapping(connection, "crm"));
  });
}

TEST_F(MappingsTest, HaveNamesThatFitAnAddress) {
  for (const char* good : {"crm", "CRM 2.0", "a-b_c"}) EXPECT_TRUE(is_mapping_name(good)) << good;
  for (const char* bad : {"", " a", "a/b", "a\n", "ü"}) EXPECT_FALSE(is_mapping_name(bad)) << bad;
  EXPECT_FALSE(is_mapping_name(std::string(65, 'a')));
}

TEST_F(MappingsTest, WhatIsSaidNowGoesFirst) {
  const ColumnWishes saved{{{"name", "A"}, {"city", "B"}}, {{"status", "active"}}, {"X"}, false};
  const ColumnWishes now{{{"name", "C"}, {"status", "S"}}, {}, {"X", "Y"}, true};
  const ColumnWishes both = with_wishes(saved, now);
  ASSERT_EQ(both.mapping.size(), 3u);
  EXPECT_EQ(both.mapping[0].header, "B");
  EXPECT_EQ(both.mapping[1].header, "C");
  EXPECT_TRUE(both.fixed.empty());
  EXPECT_EQ(both.ignored, (std::vector<std::string>{"X", "Y"}));
  EXPECT_TRUE(both.ignore_unknown);
}

TEST_F(MappingsTest, OldImportsAreForgotten) {
  std::vector<RecordId> ids;
  in_job([&](Connection& connection) {
    for (int i = 0; i < kept_imports_max + 3; ++i) {
      ids.push_back(new_record());
      keep_import(connection, {ids.back(), "customer", "waiting", i, "{}"});
    }
    update_import(connection, ids.back(), "done", R"({"rows":1})");
  });
  Reader reader = database_->read();
  EXPECT_EQ(list_imports(*reader).size(), static_cast<std::size_t>(kept_imports_max));
  EXPECT_EQ(list_imports(*reader).front().state, "done");
  EXPECT_EQ(find_import(*reader, ids.back())->summary, R"({"rows":1})");
  EXPECT_FALSE(find_import(*reader, ids.front()));
}

}  // namespace
}  // namespace skerry::store
