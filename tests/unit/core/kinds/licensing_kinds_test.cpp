// The catalogue, entitlements and allocations as they are described, and the rules between fields.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/kinds/kinds.hpp"
#include "core/kinds/validate.hpp"

namespace skerry {
namespace {

// The complaints of the kind's rule about going from one state to another; "" for none.
std::string judged_terms(std::string_view kind_name, std::string_view before,
                         std::string_view after) {
  const Kind& kind = *find_kind(kind_name);
  const auto values = [&](std::string_view text) {
    std::vector<json::value> state(kind.fields.size());
    const json::value parsed = json::parse(text);
    for (const auto& [name, value] : parsed.as_object())
      state[static_cast<std::size_t>(kind.find_field(name))] = value;
    return state;
  };
  std::vector<FieldError> errors;
  const auto was = before.empty() ? std::vector<json::value>() : values(before);
  kind.rule(kind, was, values(after), errors);
  std::string text;
  for (const FieldError& each : errors) text += each.pointer + " " + each.code + ";";
  return text;
}

// As a client sends it: its canonical form, or the complaints.
std::string read_terms(std::string_view kind_name, std::string_view field, std::string_view text) {
  const Kind& kind = *find_kind(kind_name);
  const Field& found = kind.field(static_cast<std::size_t>(kind.find_field(field)));
  std::vector<FieldError> errors;
  const json::value value = read_value(found, json::parse(text), fmt::format("/{}", field), errors);
  if (errors.empty()) return json::serialize(value);
  return errors.front().pointer + " " + errors.front().code;
}

TEST(LicensingKinds, SettingsAreReadAsCustomFieldsAre) {
  EXPECT_EQ(read_terms("edition", "features", R"({"b":1,"a":true,"c":"unlimited","d":null})"),
            R"({"a":true,"b":1,"c":"unlimited"})");
  EXPECT_EQ(read_terms("edition", "features", "{}"), "null");
  EXPECT_EQ(read_terms("edition", "features", R"({"a":[1]})"), "/features/a wrong_type");
  EXPECT_EQ(read_terms("edition", "features", R"({"A":1})"), "/features/A bad_key");
  EXPECT_EQ(read_terms("edition", "features", R"("x")"), "/features wrong_type");
}

TEST(LicensingKinds, APatchOfSettingsGoesKeyByKey) {
  const Kind& kind = *find_kind("edition");
  std::vector<json::value> state(kind.fields.size());
  const auto field = static_cast<std::size_t>(kind.find_field("features"));
  state[field] = json::object{{"a", 1}, {"b", 2}};
  std::vector<FieldError> errors;
  const auto values = read_patch(kind, {{"features", {{"a", nullptr}, {"c", 3}}}}, state, errors);
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(json::serialize(values[0].value), R"({"b":2,"c":3})");
}

TEST(LicensingKinds, ANewRecordHasNoSettingOfNull) {
  std::vector<FieldError> errors;
  read_new(*find_kind("edition"),
           {{"product", "0199c0de-0000-7000-8000-0000000000b1"},
            {"name", "Pro"},
            {"features", {{"cores", nullptr}, {"prints", "unlimited"}}},
            {"attributes", {{"tier", nullptr}}}},
           errors);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].pointer, "/features/cores");
  EXPECT_NE(errors[0].detail.find("\"unlimited\""), std::string::npos);
  EXPECT_EQ(errors[1].pointer, "/attributes/tier");
  EXPECT_EQ(errors[1].detail.find("unlimited"), std::string::npos);
}

TEST(LicensingKinds, CentralWritesThem) {
  for (const char* name : {"feature", "attribute", "edition", "plan", "offering", "sales_order",
                           "activation_code", "entitlement", "allocation"}) {
    const Kind& kind = *find_kind(name);
    EXPECT_EQ(kind.authority, Authority::central) << name;
    for (const Field& field : kind.fields)
      EXPECT_EQ(field.merge, MergeClass::central) << name << " " << field.name;
  }
  for (const char* name : {"allocation_receipt", "usage_fact"})
    EXPECT_EQ(find_kind(name)->authority, Authority::site) << name;
}

TEST(LicensingKinds, NoWriteMakesCodesReceiptsAndFacts) {
  for (const Kind& kind : all_kinds())
    EXPECT_EQ(kind.is_written(), kind.name != "site" && kind.name != "activation_code" &&
                                     kind.name != "allocation_receipt" && kind.name != "usage_fact")
        << kind.name;
}

TEST(LicensingKinds, AFeatureIsSwitchedOrCounted) {
  EXPECT_EQ(judged_terms("feature", "", R"({"type":"bool","enabled":true})"), "");
  EXPECT_EQ(judged_terms("feature", "", R"({"type":"bool","amount":1})"), "/amount not_counted;");
  EXPECT_EQ(judged_terms("feature", "", R"({"type":"usage_count","amount":1})"), "");
  EXPECT_EQ(judged_terms("feature", "", R"({"type":"element_pool","enabled":false})"),
            "/enabled not_a_bool;");
  EXPECT_EQ(judged_terms("feature", R"({"type":"bool","key":"a"})",
                         R"({"type":"usage_count","key":"b"})"),
            "/key fixed;/type fixed;");
}

TEST(LicensingKinds, AnAttributeHasAValueOfItsType) {
  EXPECT_EQ(judged_terms("attribute", "", R"({"type":"number","value":"1.5"})"), "");
  EXPECT_EQ(judged_terms("attribute", "", R"({"type":"number","value":"x"})"),
            "/value wrong_type;");
  EXPECT_EQ(judged_terms("attribute", "", R"({"type":"date"})"), "");
  EXPECT_EQ(judged_terms("attribute", "", R"({"type":"date","pattern":"a"})"),
            "/pattern not_a_string;");
  EXPECT_EQ(judged_terms("attribute", "", R"({"type":"string","pattern":"(a","value":"b"})"),
            "/pattern bad_pattern;");
  EXPECT_EQ(judged_terms("attribute", "", R"({"type":"string","pattern":"email","value":"b"})"),
            "/value wrong_type;");
}

TEST(LicensingKinds, APlanSaysHowLongAndFromWhen) {
  EXPECT_EQ(judged_terms("plan", "", R"({"license":"subscription","duration":"P1M"})"), "");
  EXPECT_EQ(judged_terms("plan", "", R"({"license":"subscription"})"), "/duration required;");
  EXPECT_EQ(judged_terms("plan", "", R"({"license":"subscription","duration":"1 year"})"),
            "/duration bad_period;");
  EXPECT_EQ(judged_terms("plan", "", R"({"license":"perpetual","duration":"P1M"})"),
            "/duration not_a_subscription;");
  EXPECT_EQ(judged_terms("plan", "", R"({"license":"perpetual","starts":"date"})"),
            "/starts_on required;");
  EXPECT_EQ(judged_terms("plan", "", R"({"license":"perpetual","starts":"manual",
                                   "starts_on":"2026-01-01"})"),
            "/starts_on not_by_date;");
}

TEST(LicensingKinds, AnOfferingHasSeatsAndOverdraftsThatCanBeRead) {
  EXPECT_EQ(judged_terms("offering", "", R"({"seats":1,"overdraft":"10%","maintenance":"P1Y"})"),
            "");
  EXPECT_EQ(judged_terms("offering", "", R"({"seats":1,"overdraft":"lots","maintenance":"P",
                                       "feature_overdraft":{"a":"5","b":"-5"}})"),
            "/maintenance bad_period;/overdraft bad_overdraft;"
            "/feature_overdraft/b bad_overdraft;");
  for (const char* kind : {"offering", "entitlement"}) {
    EXPECT_EQ(read_terms(kind, "seats", "0"), "/seats out_of_range");
    EXPECT_EQ(read_terms(kind, "seats", "1"), "1");
  }
  EXPECT_EQ(read_terms("allocation", "seats", "0"), "0");
}

TEST(LicensingKinds, AnEntitlementStaysItsCustomersAndEndsBehindItsBeginning) {
  EXPECT_EQ(judged_terms("entitlement", R"({"customer":"a"})", R"({"customer":"b"})"),
            "/customer fixed;");
  EXPECT_EQ(judged_terms("entitlement", "", R"({"starts_at":"2026-01-02T00:00:00.000Z",
                                          "expires_at":"2026-01-01T00:00:00.000Z"})"),
            "/expires_at out_of_order;");
}

TEST(LicensingKinds, AnAllocationStaysAtItsSite) {
  EXPECT_EQ(judged_terms("allocation", R"({"entitlement":"a","site":"a"})",
                         R"({"entitlement":"b","site":"b","amounts":{"a":1,"b":true}})"),
            "/entitlement fixed;/site fixed;/amounts/b bad_amount;");
}

}  // namespace
}  // namespace skerry
