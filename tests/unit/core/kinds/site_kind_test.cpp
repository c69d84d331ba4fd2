// What the description of a site asks of values: its scope, and what nobody writes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/json_text.hpp"
#include "core/kinds/validate.hpp"

namespace skerry {
namespace {

const Kind& site_kind = *find_kind("site");
constexpr std::string_view a = "0199c0de-0000-7000-8000-00000000000a";
constexpr std::string_view b = "0199c0de-0000-7000-8000-00000000000b";

std::vector<json::value> present(std::string_view scope) {
  std::vector<json::value> values(site_kind.fields.size());
  values[static_cast<std::size_t>(site_kind.find_field("scope"))] = json::parse(scope);
  return values;
}

// The values by name, or the complaints.
std::string text_of(const Result<FieldValues>& values) {
  std::string text;
  if (!values)
    for (const FieldError& error : values.error().errors)
      text += fmt::format("{} {};", error.pointer, error.code);
  else
    for (const FieldValue& value : *values)
      text += fmt::format("{}={};", site_kind.fields[value.field].name, to_json_text(value.value));
  return text;
}

std::string made_site(std::string_view body) {
  return text_of(read_new(site_kind, json::parse(body).as_object()));
}
std::string patched(std::string_view scope, std::string_view patch) {
  return text_of(read_patch(site_kind, json::parse(patch).as_object(), present(scope)));
}

TEST(SiteKind, AnInvitationNeedsANameAndSeesAll) {
  EXPECT_EQ(made_site(R"({"name":"Pier"})"), R"(name="Pier";scope="all";status="invited";)");
  EXPECT_EQ(made_site("{}"), "/name required;");
  EXPECT_EQ(made_site(R"({"name":"Pier","scope":null})"), "/scope required;");
}

TEST(SiteKind, AScopeIsAllOrASetInOneForm) {
  EXPECT_EQ(patched("[]", fmt::format(R"({{"scope":["{}","{}","{}"]}})", b, a, b)),
            fmt::format(R"(scope=["{}","{}"];)", a, b));
  EXPECT_EQ(patched("[]", R"({"scope":["0199C0DE-0000-7000-8000-00000000000A"]})"),
            fmt::format(R"(scope=["{}"];)", a));
  // The same set in another order is no change.
  EXPECT_EQ(
      patched(fmt::format(R"(["{}","{}"])", a, b), fmt::format(R"({{"scope":["{}","{}"]}})", b, a)),
      "");
  EXPECT_EQ(patched("[]", R"({"scope":"all"})"), R"(scope="all";)");
  EXPECT_EQ(patched(R"("all")", R"({"scope":[]})"), "scope=[];");
  EXPECT_EQ(patched("[]", R"({"scope":null})"), "/scope required;");
  EXPECT_EQ(patched("[]", R"({"scope":"most"})"), "/scope bad_choice;");
  EXPECT_EQ(patched("[]", R"({"scope":{"a":1}})"), "/scope bad_choice;");
  EXPECT_EQ(patched("[]", R"({"scope":["x",7,null]})"),
            "/scope/0 bad_id;/scope/1 bad_id;/scope/2 bad_id;");
}

TEST(SiteKind, WhatFollowsFromOtherThingsIsNotWritten) {
  EXPECT_EQ(patched("[]", R"({"status":"active"})"), "/status read_only;");
  EXPECT_EQ(patched("[]", R"({"sign_key":"x","age_recipient":"x"})"),
            "/sign_key read_only;/age_recipient read_only;");
  for (const Field& field : site_kind.derived)
    EXPECT_EQ(patched("[]", fmt::format(R"({{"{}":null}})", field.name)),
              fmt::format("/{} read_only;", field.name));
  for (const std::string_view hidden : site_kind.hidden)
    EXPECT_EQ(patched("[]", fmt::format(R"({{"{}":null}})", hidden)),
              fmt::format("/{} unknown_field;", hidden));
}

TEST(SiteKind, StaysAtCentral) {
  EXPECT_EQ(site_kind.authority, Authority::central);
  EXPECT_EQ(site_kind.scope, ScopePath::nowhere);
  for (const Kind& kind : all_kinds()) {
    EXPECT_EQ(kind.scope == ScopePath::nowhere, kind.name == "site");
    EXPECT_EQ(kind.administered, kind.name == "site");
  }
}

TEST(SiteKind, NoSiteIsCalledCentral) {
  const auto complaints = [](std::string_view before, std::string_view after) {
    const auto values = [](std::string_view name) {
      std::vector<json::value> made_site(site_kind.fields.size());
      made_site[static_cast<std::size_t>(site_kind.find_field("name"))] = json::string(name);
      return made_site;
    };
    std::vector<FieldError> errors;
    const auto was = before.empty() ? std::vector<json::value>() : values(before);
    site_kind.rule(site_kind, was, values(after), errors);
    std::string text;
    for (const FieldError& error : errors) text += error.pointer + ' ' + error.code + ';';
    return text;
  };
  EXPECT_EQ(complaints("", "central"), "/name reserved;");
  EXPECT_EQ(complaints("Pier", "Central"), "/name reserved;");
  EXPECT_EQ(complaints("", "Central Station"), "");
  EXPECT_EQ(complaints("central", "central"), "") << "of one that is there, the rest can change";
}

}  // namespace
}  // namespace skerry
