#include "store/record_sql.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "store/custom_fields.hpp"
#include "tests/unit/store/machine_store.hpp"
#include "tests/unit/store/query_plan.hpp"

namespace skerry::store {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using RecordSqlTest = MachineStoreTest;

TEST_F(RecordSqlTest, WhatFindsOneRecordSearches) {
  const Reader reader = database->read();
  for (const Kind& kind : all_kinds()) {
    const KindSql& sql = sql_of(kind);
    for (const std::string& text : {sql.find, sql.exists, sql.scope, sql.subject, sql.remove})
      EXPECT_THAT(plan_of(*reader, text), ElementsAre(StartsWith("SEARCH"))) << text;
  }
}

// With thousands of records of one product or customer the other index would cost as many rows.
TEST_F(RecordSqlTest, AKeyIsLookedUpByItsOwnIndex) {
  const Reader reader = database->read();
  int keys = 0;
  for (const Kind& kind : all_kinds()) {
    for (std::size_t i = 0; i < kind.fields.size(); ++i) {
      const Field& field = kind.fields[i];
      const std::string& text = sql_of(kind).same_key[i];
      EXPECT_EQ(text.empty(), field.unique == Unique::no) << kind.name << " " << field.name;
      if (text.empty()) continue;
      ++keys;
      const std::string index = fmt::format("{}_{} ", kind.name, field.name);
      const auto plan = plan_of(*reader, text);
      EXPECT_THAT(plan, ElementsAre(StartsWith("SEARCH"))) << text;
      EXPECT_THAT(plan, Each(HasSubstr(field.filterable ? index : "USING"))) << text;
    }
  }
  EXPECT_GE(keys, 5);
}

// They are read for each record that is made.
TEST_F(RecordSqlTest, CustomFieldsOfAKindComeInOrderByTheirIndex) {
  const Reader reader = database->read();
  custom_fields_of(*reader, *find_kind("customer"));
  EXPECT_THAT(
      plan_of(*reader, reader->cached_texts().at(0)),
      ElementsAre(AllOf(StartsWith("SEARCH"), HasSubstr("custom_field_record_kind_position"))));
}

TEST_F(RecordSqlTest, TheColumnsAreThoseOfTheTable) {
  const Reader reader = database->read();
  EXPECT_TRUE(check_tables(*reader));
  EXPECT_THAT(sql_of(*find_kind("location")).columns,
              AllOf(StartsWith("row,id,"), HasSubstr("stamps,\"customer\",\"name\"")));
}

}  // namespace
}  // namespace skerry::store
