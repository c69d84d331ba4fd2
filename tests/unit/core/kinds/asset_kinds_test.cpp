// Products, assets, moves and custom fields: every type of field they brought, good and bad, and
// the rules between fields.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/json_text.hpp"
#include "core/kinds/rules.hpp"
#include "core/kinds/validate.hpp"

namespace skerry {
namespace {

constexpr std::string_view id = "0199c0de-0000-7000-8000-00000000000a";

// The canonical value of one field as JSON, or the complaints as "pointer code".
std::string read(std::string_view kind_name, std::string_view field_name, std::string_view text) {
  const Kind& kind = *find_kind(kind_name);
  const int position = kind.find_field(field_name);
  if (position < 0) return "no such field";
  const auto value = parse_json(text, {.fractions = true});
  if (!value) return value.error().detail;
  std::vector<FieldError> errors;
  const json::value canonical = read_value(kind.field(static_cast<std::size_t>(position)), *value,
                                           fmt::format("/{}", field_name), errors);
  if (errors.empty()) return to_json_text(canonical);
  std::string complaints;
  for (const FieldError& error : errors)
    complaints += fmt::format("{}{} {}", complaints.empty() ? "" : ";", error.pointer, error.code);
  return complaints;
}

TEST(FieldTypes, ADateIsADayOfTheCalendar) {
  EXPECT_EQ(read("asset", "scrapped_on", R"("2026-03-02")"), R"("2026-03-02")");
  EXPECT_EQ(read("asset", "scrapped_on", R"("2024-02-29")"), R"("2024-02-29")");
  EXPECT_EQ(read("asset", "scrapped_on", "null"), "null");
  for (const char* bad : {R"("2026-02-29")", R"("2026-13-01")", R"("2026-00-01")", R"("2026-3-2")",
                          R"("2026-03-02T00:00:00Z")", R"("")", R"("today")", R"("02.03.2026")"})
    EXPECT_EQ(read("asset", "scrapped_on", bad), "/scrapped_on bad_date") << bad;
  for (const char* bad : {"20260302", "true", "[]", "{}"})
    EXPECT_EQ(read("asset", "scrapped_on", bad), "/scrapped_on wrong_type") << bad;
}

TEST(FieldTypes, ADecimalKeepsWhatWasWritten) {
  for (const auto& [given, canonical] : std::vector<std::pair<const char*, const char*>>{
           {R"("12.50")", R"("12.50")"},
           {R"("0012.50")", R"("12.50")"},
           {R"("-0")", R"("0")"},
           {R"("-0.00")", R"("0.00")"},
           {R"("-3.5")", R"("-3.5")"},
           {R"("0.000001")", R"("0.000001")"},
           {R"("999999999999999.999999")", R"("999999999999999.999999")"},
           {"12", R"("12")"},
           {"12.5", R"("12.5")"},
           {"0.000001", R"("0.000001")"},
           {"1e3", R"("1000")"},
           {"-1.5e-3", R"("-0.0015")"},
           {"0.1", R"("0.1")"}})
    EXPECT_EQ(read("asset", "disposal_price", given), canonical) << given;
  for (const char* bad :
       {R"("")", R"(".5")", R"("5.")", R"("1,5")", R"("+1")", R"("1e3")", R"("1.2.3")", R"(" 1")",
        R"("1000000000000000")", R"("0.0000001")", R"("-")", R"("--1")", R"("NaN")", "1e300"})
    EXPECT_EQ(read("asset", "disposal_price", bad), "/disposal_price bad_decimal") << bad;
  for (const char* bad : {"true", "[]", "{}"})
    EXPECT_EQ(read("asset", "disposal_price", bad), "/disposal_price wrong_type") << bad;
}

TEST(FieldTypes, AnIntegerHasItsRange) {
  EXPECT_EQ(read("custom_field", "position", "0"), "0");
  EXPECT_EQ(read("custom_field", "position", "1000000"), "1000000");
  EXPECT_EQ(read("custom_field", "position", "1000001"), "/position out_of_range");
  EXPECT_EQ(read("custom_field", "position", "-1"), "/position out_of_range");
  for (const char* bad : {"1.5", "\"1\"", "true", "[]"})
    EXPECT_EQ(read("custom_field", "position", bad), "/position wrong_type") << bad;
}

TEST(FieldTypes, TextsKeepTheirOrderAndDifferFromEachOther) {
  EXPECT_EQ(read("custom_field", "options", R"(["red","blue","Ümlaut"])"),
            R"(["red","blue","Ümlaut"])");
  EXPECT_EQ(read("custom_field", "options", "[]"), "null");
  EXPECT_EQ(read("custom_field", "options", R"(["red","red"])"), "/options/1 repeated");
  EXPECT_EQ(read("custom_field", "options", R"(["red",7,""])"),
            "/options/1 wrong_type;/options/2 empty");
  EXPECT_EQ(read("custom_field", "options", fmt::format(R"(["{}"])", std::string(101, 'x'))),
            "/options/0 too_long");
  EXPECT_EQ(read("custom_field", "options", R"("red")"), "/options wrong_type");
}

TEST(FieldTypes, AKeyOfACustomField) {
  for (const std::string good : {"a", "a1", "a_b.c-d", "z99"})
    EXPECT_EQ(read("custom_field", "key", fmt::format("\"{}\"", good)),
              fmt::format("\"{}\"", good));
  const std::string longest = "a" + std::string(49, '9');
  EXPECT_EQ(read("custom_field", "key", fmt::format("\"{}\"", longest)),
            fmt::format("\"{}\"", longest));
  for (const std::string bad : {"", "A", "1a", "_a", "a b", "ä", "a/b", "a~b"})
    EXPECT_EQ(read("custom_field", "key", fmt::format("\"{}\"", bad)), "/key bad_key") << bad;
  EXPECT_EQ(read("custom_field", "key", fmt::format("\"{}9\"", longest)), "/key bad_key");
}

TEST(FieldTypes, CustomValuesAreTextsNumbersAndBooleans) {
  EXPECT_EQ(read("asset", "custom", R"({"z":"t","a":1,"m":true,"f":1.5,"n":null})"),
            R"({"a":1,"f":1.5,"m":true,"z":"t"})");
  EXPECT_EQ(read("asset", "custom", "{}"), "null");
  EXPECT_EQ(read("asset", "custom", R"({"a":null})"), "null");
  EXPECT_EQ(read("asset", "custom", R"({"a":[1],"b":{}})"),
            "/custom/a wrong_type;/custom/b wrong_type");
  EXPECT_EQ(read("asset", "custom", R"({"a":""})"), "/custom/a empty");
  EXPECT_EQ(read("asset", "custom", fmt::format(R"({{"a":"{}"}})", std::string(1001, 'x'))),
            "/custom/a too_long");
  EXPECT_EQ(read("asset", "custom", R"({"A b/c":1})"), "/custom/A b~1c bad_key");
  EXPECT_EQ(read("asset", "custom", "[]"), "/custom wrong_type");
  std::string many = "{";
  for (int i = 0; i <= 100; ++i) many += fmt::format("{}\"k{}\":1", i == 0 ? "" : ",", i);
  EXPECT_EQ(read("asset", "custom", many + "}"), "/custom too_many");
}

// Whatever number is taken, its text is one that the strict reader takes again, with the same
// meaning: it travels in change lines and bundles.
TEST(FieldTypes, EveryCustomNumberSurvivesItsText) {
  for (const char* number :
       {"0", "-0", "-0.0", "1.0", "100.0", "1e3", "0.1", "-1.5e-7", "1e15", "9007199254740991",
        "-9007199254740991", "9007199254740992.0", "-9007199254740992.0", "9.1e15",
        "9999999999999998.0", "1e16", "1.5e300", "5e-324", "1.7976931348623157e308"}) {
    const std::string text = read("asset", "custom", fmt::format(R"({{"n":{}}})", number));
    EXPECT_EQ(read("asset", "custom", text), text) << number;
  }
  EXPECT_EQ(read("asset", "custom", R"({"n":-0.0})"), R"({"n":0})");
  EXPECT_EQ(read("asset", "custom", R"({"n":100.0})"), R"({"n":100})");
}

std::string made(std::string_view kind, std::string_view text) {
  const auto values = read_new(*find_kind(kind), json::parse(text).as_object());
  if (values) return "made";
  std::string complaints;
  for (const FieldError& error : values.error().errors)
    complaints += fmt::format("{}{} {}", complaints.empty() ? "" : ";", error.pointer, error.code);
  return complaints;
}

TEST(NewKinds, RequiredFieldsAndChoices) {
  EXPECT_EQ(made("product", R"({"sku":"A","name":"A","type":"device"})"), "made");
  EXPECT_EQ(made("product", "{}"), "/sku required;/name required;/type required");
  EXPECT_EQ(made("product", R"({"sku":"A","name":"A","type":"car"})"), "/type bad_choice");
  EXPECT_EQ(made("product",
                 fmt::format(R"({{"sku":"{}","name":"A","type":"device"}})", std::string(51, 's'))),
            "/sku too_long");
  EXPECT_EQ(made("asset", fmt::format(R"({{"product":"{}","serial":"1"}})", id)), "made");
  EXPECT_EQ(made("asset", R"({"status":"lost"})"),
            "/product required;/serial required;/status bad_choice");
  EXPECT_EQ(made("move", "{}"), "/asset required;/to_location required");
  EXPECT_EQ(made("custom_field", R"({"record_kind":"product","key":"k","type":"text"})"),
            "/record_kind bad_choice");
  EXPECT_EQ(made("custom_field", R"({"record_kind":"asset","key":"k","type":"colour"})"),
            "/type bad_choice");
}

TEST(NewKinds, DerivedColumnsCannotBeWritten) {
  EXPECT_EQ(made("asset", fmt::format(R"({{"product":"{0}","serial":"1","location":"{0}",
                                          "in_transit":true}})",
                                      id)),
            "/location read_only;/in_transit read_only");
  EXPECT_EQ(made("customer", R"({"name":"x","assets_owned":1,"locations":0})"),
            "/assets_owned read_only;/locations read_only");
}

TEST(NewKinds, EverySharedKindHasCustomFields) {
  for (const Kind& kind : all_kinds())
    EXPECT_EQ(kind.find_field("custom") >= 0, kind.authority == Authority::shared) << kind.name;
}

// The complaints of the kind's rule about going from one state to another; "" for none.
std::string judged(std::string_view kind_name, std::string_view before, std::string_view after) {
  const Kind& kind = *find_kind(kind_name);
  const auto values = [&](std::string_view text) {
    std::vector<json::value> state(kind.fields.size());
    const json::value parsed = json::parse(text);
    for (const auto& [name, value] : parsed.as_object())
      state[static_cast<std::size_t>(kind.find_field(name))] = value;
    return state;
  };
  const auto old_values = before.empty() ? std::vector<json::value>() : values(before);
  const auto new_values = values(after);
  std::vector<FieldError> errors;
  kind.rule(kind, old_values, new_values, errors);
  std::string complaints;
  for (const FieldError& error : errors)
    complaints += fmt::format("{}{} {}", complaints.empty() ? "" : ";", error.pointer, error.code);
  return complaints;
}

TEST(Rules, AMoveSaysWhenOrHow) {
  EXPECT_EQ(judged("move", "", R"({"to_location":"b"})"), "/shipped_at required");
  for (const char* field : {"shipped_expected", "shipped_at", "arrived_expected", "arrived_at"})
    EXPECT_EQ(judged("move", "", fmt::format(R"({{"{}":"2026-01-01T00:00:00.000Z"}})", field)), "");
  EXPECT_EQ(judged("move", "", R"({"tracking_number":"T"})"), "");
  EXPECT_EQ(judged("move", R"({"tracking_number":"T"})", R"({"carrier":"C"})"),
            "/shipped_at required");
  EXPECT_EQ(judged("move", "",
                   R"({"shipped_at":"2026-01-02T00:00:00.000Z",
                       "arrived_at":"2026-01-01T23:59:59.999Z"})"),
            "/arrived_at out_of_order");
  EXPECT_EQ(judged("move", "",
                   R"({"shipped_at":"2026-01-02T00:00:00.000Z",
                       "arrived_at":"2026-01-02T00:00:00.000Z"})"),
            "");
  EXPECT_EQ(judged("move", "", R"({"tracking_number":"T","from_location":"a","to_location":"a"})"),
            "/to_location same_location");
}

TEST(Rules, ScrappingIsAnEnd) {
  constexpr std::string_view scrapped =
      R"({"serial":"1","status":"down","scrapped_on":"2026-01-01"})";
  EXPECT_EQ(judged("asset", "", R"({"disposal_reason":"old"})"), "/disposal_reason not_scrapped");
  EXPECT_EQ(judged("asset", R"({"status":"down"})",
                   R"({"status":"down","scrapped_on":"2026-01-01","disposal_price":"1"})"),
            "");
  EXPECT_EQ(
      judged("asset", scrapped, R"({"serial":"1","status":"spare","scrapped_on":"2026-01-01"})"),
      "/status scrapped");
  EXPECT_EQ(judged("asset", scrapped, R"({"serial":"1","status":"down"})"),
            "/scrapped_on scrapped");
  EXPECT_EQ(judged("asset", scrapped,
                   R"({"serial":"1","status":"down","scrapped_on":"2026-01-01",
                       "description":"in the cellar","custom":{"a":1}})"),
            "");
}

TEST(Rules, WhatACustomFieldIsStaysSo) {
  EXPECT_EQ(judged("custom_field", "", R"({"type":"option"})"), "/options required");
  EXPECT_EQ(judged("custom_field", "", R"({"type":"text","options":["a"]})"),
            "/options not_an_option");
  EXPECT_EQ(judged("custom_field", "", R"({"type":"option","options":["a"]})"), "");
  EXPECT_EQ(judged("custom_field", R"({"record_kind":"asset","key":"a","type":"text"})",
                   R"({"record_kind":"asset","key":"b","type":"number"})"),
            "/key fixed;/type fixed");
  EXPECT_EQ(judged("custom_field", R"({"type":"option","options":["a"]})",
                   R"({"type":"option","options":["b","a"],"required":true})"),
            "");
}

}  // namespace
}  // namespace skerry
