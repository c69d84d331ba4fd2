#include "store/import_columns.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Bound {
  ImportColumns columns;
  std::vector<std::string> errors;  // "header code"
  std::string detail;               // of the first error
};

Bound bind(std::string_view kind, const std::vector<std::string>& headers,
           const ColumnWishes& wishes = {}) {
  std::vector<TableError> errors;
  auto bound = bind_columns(*find_kind(kind), headers, wishes, {}, errors);
  EXPECT_TRUE(bound) << bound.error().detail;
  Bound result;
  if (bound) result.columns = std::move(*bound);
  for (const TableError& each : errors)
    result.errors.push_back(fmt::format("{} {}", each.column, each.code));
  if (!errors.empty()) result.detail = errors.front().detail;
  return result;
}

// "header=field", with the member or the use behind it.
std::vector<std::string> meanings(const Bound& bound, std::string_view kind) {
  std::vector<std::string> texts;
  for (const ImportColumn& column : bound.columns.columns) {
    if (column.use == ColumnUse::id) {
      texts.push_back(column.header + "=id");
      continue;
    }
    std::string text =
        fmt::format("{}={}", column.header, find_kind(kind)->field(column.field).name);
    if (column.member >= 0) text += fmt::format(".{}", column.what->name);
    if (column.use == ColumnUse::by_key) text += fmt::format(" by {}", column.rule->kind->name);
    if (column.use == ColumnUse::key_part) text += " part";
    if (column.use == ColumnUse::parent_name) text += " name";
    texts.push_back(text);
  }
  return texts;
}

TEST(ImportColumns, FindsFieldsByNameTitleAndAlias) {
  const Bound bound = bind("customer", {"NAME", "Account-Reference", "zip", "address.city", "id"});
  EXPECT_THAT(bound.errors, IsEmpty());
  EXPECT_THAT(meanings(bound, "customer"),
              ElementsAre("NAME=name", "id=id", "Account-Reference=account_ref",
                          "address.city=address.city", "zip=address.postal_code"));
}

TEST(ImportColumns, AFieldOfPartsIsNotSaidToBeComputed) {
  const Bound bound = bind("customer", {"name", "address", "custom", "revision"});
  EXPECT_THAT(bound.errors, ElementsAre("address unknown_column", "custom unknown_column",
                                        "revision read_only_column"));
  EXPECT_THAT(bound.detail, HasSubstr("such as address.line1"));
}

TEST(ImportColumns, ReferencesGoByIdOrByKey) {
  const Bound contact = bind("contact", {"customer ref", "email", "customer_name"});
  EXPECT_THAT(meanings(contact, "contact"),
              ElementsAre("customer ref=customer by customer", "customer_name=customer name",
                          "email=email"));
  const Bound by_account = bind("contact", {"customer_account_ref", "email"});
  EXPECT_THAT(meanings(by_account, "contact"),
              ElementsAre("customer_account_ref=customer by customer", "email=email"));
  const Bound given = bind("allocation", {"entitlement_ref", "site_name", "until"});
  EXPECT_THAT(given.errors, IsEmpty());
  EXPECT_THAT(meanings(given, "allocation"),
              ElementsAre("entitlement_ref=entitlement by entitlement", "site_name=site by site",
                          "until=until"));
  const Bound note = bind("note", {"customer_ref", "location_name", "location_customer_ref",
                                   "subject_location_ref", "text"});
  EXPECT_THAT(note.errors, ElementsAre("subject_location_ref duplicate_column"));
  EXPECT_THAT(meanings(note, "note"),
              ElementsAre("customer_ref=subject by customer", "location_name=subject by location",
                          "location_customer_ref=subject part", "text=text"));
}

TEST(ImportColumns, APartOfAKeyWithoutTheKeySaysNothing) {
  const Bound note = bind("note", {"customer_ref", "product_sku", "text"});
  EXPECT_THAT(note.errors, ElementsAre("product_sku required_column"));
  EXPECT_THAT(note.detail, HasSubstr("of the key of an asset"));
  EXPECT_THAT(
      bind("move", {"asset", "to_location", "from_location_customer_ref", "arrived_at"}).errors,
      ElementsAre("from_location_customer_ref required_column"));
}

TEST(ImportColumns, ATitleOfTwoCustomFieldsNamesNeither) {
  const auto errors_of = [](const std::vector<std::string>& headers) {
    CustomField one, two, other;
    one.key = "one";
    two.key = "two";
    other.key = "other";
    one.display_name = "Colour";
    two.display_name = "COLOUR";
    other.display_name = "Weight";
    std::vector<TableError> errors;
    EXPECT_TRUE(bind_columns(*find_kind("customer"), headers, {}, {one, two, other}, errors));
    std::vector<std::string> texts;
    for (const TableError& each : errors)
      texts.push_back(fmt::format("{} {}", each.column, each.code));
    return texts;
  };
  EXPECT_THAT(errors_of({"name", "colour", "weight"}), ElementsAre("colour unknown_column"));
  EXPECT_THAT(errors_of({"name", "custom.one", "custom.two"}), IsEmpty());
}

TEST(ImportColumns, WhatMeansNothingIsNamedWithWhatIsNearest) {
  const Bound bound = bind("customer", {"name", "Acount ref"});
  EXPECT_THAT(bound.errors, ElementsAre("Acount ref unknown_column"));
  EXPECT_THAT(bound.detail, HasSubstr("the nearest is account_ref"));
  EXPECT_THAT(bind("customer", {"name", "zz"}).detail, HasSubstr("its fields are "));
  EXPECT_THAT(bind("customer", {"name", "x"}, {.ignored = {"X"}}).errors, IsEmpty());
  EXPECT_THAT(bind("customer", {"name", "x"}, {.ignore_unknown = true}).columns.ignored,
              ElementsAre("x"));
  EXPECT_THAT(bind("customer", {"a", "x", "id"}, {.mapping = {{"name", "a"}}}).columns.ignored,
              ElementsAre("x", "id"));
  EXPECT_THAT(bind("customer", {"name", "reason"}).columns.ignored, ElementsAre("reason"));
  EXPECT_THAT(bind("customer", {"reason", "name"}).errors, ElementsAre("reason unknown_column"));
}

TEST(ImportColumns, ARequiredFieldNeedsAColumnOrAnId) {
  EXPECT_THAT(bind("contact", {"email"}).errors, ElementsAre("customer required_column"));
  EXPECT_THAT(bind("customer", {"account_ref"}).errors, IsEmpty());
  EXPECT_THAT(bind("contact", {"id", "phone"}).errors, IsEmpty());
  EXPECT_THAT(bind("contact", {"email"}, {.fixed = {{"customer_ref", "A1"}}}).errors, IsEmpty());
  EXPECT_THAT(bind("contact", {"customer_name", "email"}).errors, IsEmpty());
  EXPECT_THAT(bind("allocation", {"entitlement", "until"}).errors,
              ElementsAre("site required_column"));  // and not its issue, which begins at 1
}

TEST(ImportColumns, AFixedValueStandsInEveryRow) {
  const Bound bound =
      bind("contact", {"customer_ref", "email", "status"}, {.fixed = {{"status", "inactive"}}});
  EXPECT_THAT(bound.columns.ignored, ElementsAre("status"));
  const std::vector<std::string_view> cells{"A1", "a@x.example", "active"};
  EXPECT_EQ(bound.columns.columns.back().text(cells), "inactive");
  EXPECT_EQ(bound.columns.columns.front().text(cells), "A1");
}

TEST(ImportColumns, RefusesWishesThatMeanNothing) {
  const auto refusal = [](const ColumnWishes& wishes) {
    std::vector<TableError> errors;
    const auto bound = bind_columns(*find_kind("customer"), {"name", "b"}, wishes, {}, errors);
    return bound ? std::string("none") : bound.error().detail;
  };
  EXPECT_THAT(refusal({.mapping = {{"name", "c"}}}), HasSubstr("no column c"));
  EXPECT_THAT(refusal({.fixed = {{"nmae", "c"}}}), HasSubstr("no field nmae"));
  EXPECT_THAT(refusal({.mapping = {{"name", "b"}}, .fixed = {{"Name", "c"}}}),
              HasSubstr("given twice"));
  EXPECT_THAT(refusal({.ignored = {"c"}}), HasSubstr("no column c"));
  EXPECT_THAT(refusal({.mapping = {{"name", "b"}}, .ignored = {"b"}}), HasSubstr("mapped"));
}

std::string read_columns(std::string_view kind, std::string_view field, std::string_view cell) {
  const Kind& described = *find_kind(kind);
  std::vector<FieldError> errors;
  const auto value = read_cell(
      described.field(static_cast<std::size_t>(described.find_field(field))), cell, errors);
  if (!errors.empty()) return errors.front().code;
  return value ? json::serialize(*value) : "empty";
}

TEST(ImportColumns, CellsAreReadAsTheirField) {
  EXPECT_EQ(read_columns("customer", "name", "  Acme "), R"("  Acme ")");
  EXPECT_EQ(read_columns("contact", "email", " a@x.example "), R"("a@x.example")");
  EXPECT_EQ(read_columns("customer", "name", " "), "empty");
  EXPECT_EQ(read_columns("customer", "name", "null"), R"("null")");
  EXPECT_EQ(read_columns("customer", "roles", "Supplier | customer;"),
            R"(["customer","supplier"])");
  EXPECT_EQ(read_columns("customer", "roles", "[]"), "[]");
  EXPECT_EQ(read_columns("customer", "roles", "null"), "null");
  EXPECT_EQ(read_columns("customer", "roles", "friend"), "bad_choice");
  EXPECT_EQ(read_columns("contact", "is_key_contact", "YES"), "true");
  EXPECT_EQ(read_columns("contact", "is_key_contact", "null"), "null");
  EXPECT_EQ(read_columns("contact", "is_key_contact", "perhaps"), "wrong_type");
  EXPECT_EQ(read_columns("contact", "status", "Inactive"), R"("inactive")");
  EXPECT_EQ(read_columns("contact", "customer", "x"), "bad_id");
}

TEST(ImportColumns, CommasBetweenChoicesAreToldWhatStandsThere) {
  const Kind& customer = *find_kind("customer");
  const Field& roles = customer.field(static_cast<std::size_t>(customer.find_field("roles")));
  std::vector<FieldError> errors;
  read_cell(roles, "customer,supplier", errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0].detail, HasSubstr("between several stands ; or |"));
}

}  // namespace
}  // namespace skerry::store
