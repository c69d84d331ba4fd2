// The rules of what is licensed: declared in rules.hpp.
#include <initializer_list>

#include "core/kinds/amounts.hpp"
#include "core/kinds/rule_state.hpp"
#include "core/kinds/rules.hpp"
#include "core/pattern.hpp"
#include "core/period.hpp"
#include "core/text.hpp"

namespace skerry {
namespace {

void check_fixed(const State& before, const State& after,
                 std::initializer_list<std::string_view> fields, std::vector<FieldError>& errors) {
  if (!before.exists()) return;
  for (const std::string_view field : fields)
    if (before.of(field) != after.of(field))
      complain(errors, field, "fixed", "cannot change: make another one");
}

void check_period(const State& after, std::string_view field, std::vector<FieldError>& errors) {
  if (after.has(field) && !parse_period(after.text(field)))
    complain(errors, field, "bad_period", "is no period such as P1Y, P6M or P30D");
}

void check_overdrafts(const State& after, std::vector<FieldError>& errors) {
  constexpr std::string_view wanted = "is no overdraft such as 5, 10% or unlimited";
  if (after.has("overdraft") && !parse_overdraft(after.of("overdraft")))
    complain(errors, "overdraft", "bad_overdraft", wanted);
  if (!after.has("feature_overdraft")) return;
  for (const auto& [key, value] : after.of("feature_overdraft").as_object())
    if (!parse_overdraft(value))
      complain(errors, fmt::format("feature_overdraft/{}", std::string_view(key)), "bad_overdraft",
               wanted);
}

// A subscription lasts as long as it says, and a day to start on belongs to plans that start so.
void check_plan(const State& after, std::vector<FieldError>& errors) {
  const std::string_view license = after.text("license");
  if (license == "subscription" && !after.has("duration"))
    complain(errors, "duration", "required", "is how long a subscription lasts, such as P1Y");
  if (license == "perpetual" && after.has("duration"))
    complain(errors, "duration", "not_a_subscription", "is of subscriptions; perpetual ones stay");
  const bool on_day = after.text("starts") == "date";
  if (on_day && !after.has("starts_on"))
    complain(errors, "starts_on", "required", "is the day on which it starts");
  if (!on_day && after.has("starts_on"))
    complain(errors, "starts_on", "not_by_date", "belongs to what starts by date");
}

}  // namespace

void check_feature(const Kind& kind, ValuesView before_values, ValuesView after_values,
                   std::vector<FieldError>& errors) {
  const State before(kind, before_values);
  const State after(kind, after_values);
  const bool is_bool = after.text("type") == "bool";
  if (is_bool && after.has("amount"))
    complain(errors, "amount", "not_counted", "is of usage_count and element_pool");
  if (!is_bool && after.has("enabled"))
    complain(errors, "enabled", "not_a_bool", "is of features of the type bool");
  check_fixed(before, after, {"product", "key", "type"}, errors);
}

void check_attribute(const Kind& kind, ValuesView before_values, ValuesView after_values,
                     std::vector<FieldError>& errors) {
  const State before(kind, before_values);
  const State after(kind, after_values);
  const std::string_view pattern = after.text("pattern");
  if (!pattern.empty() && after.text("type") != "string")
    complain(errors, "pattern", "not_a_string", "is of attributes of the type string");
  else if (!pattern.empty() && pattern != "email" && !Pattern::parse(pattern))
    complain(errors, "pattern", "bad_pattern", "is no pattern such as [A-Z]{2}-\\d+, nor email");
  if (after.has("value") && !is_attribute(after.text("type"), pattern, after.of("value")))
    complain(
        errors, "value", "wrong_type",
        fmt::format("is no {}{}", after.text("type"), pattern.empty() ? "" : " of the pattern"));
  check_fixed(before, after, {"product", "key", "type"}, errors);
}

// Of a plan, an offering and an entitlement: whatever of the terms they have.
void check_terms(const Kind& kind, ValuesView, ValuesView after_values,
                 std::vector<FieldError>& errors) {
  const State after(kind, after_values);
  if (kind.find_field("license") >= 0) {
    check_period(after, "duration", errors);
    check_plan(after, errors);
  }
  if (kind.find_field("seats") < 0) return;
  check_period(after, "maintenance", errors);
  check_overdrafts(after, errors);
}

void check_entitlement(const Kind& kind, ValuesView before_values, ValuesView after_values,
                       std::vector<FieldError>& errors) {
  const State before(kind, before_values);
  const State after(kind, after_values);
  check_terms(kind, before_values, after_values, errors);
  check_fixed(before, after, {"customer"}, errors);
  if (after.has("starts_at") && after.has("expires_at") &&
      after.text("expires_at") < after.text("starts_at"))
    complain(errors, "expires_at", "out_of_order", "is before starts_at");
}

void check_new_settings(const Field& field, const json::value& settings,
                        std::vector<FieldError>& errors) {
  if (!settings.is_object()) return;
  const std::size_t enough = errors.size() + complaints_max;
  for (const auto& [key, value] : settings.get_object())
    if (value.is_null() && errors.size() < enough)
      complain(errors, fmt::format("{}/{}", field.name, escape_pointer(key)), "wrong_type",
               field.name == "attributes" ? "must not be null: leave it out"
                                          : "must not be null: leave it out, or say \"unlimited\"");
}

void check_allocation(const Kind& kind, ValuesView before_values, ValuesView after_values,
                      std::vector<FieldError>& errors) {
  const State before(kind, before_values);
  const State after(kind, after_values);
  check_fixed(before, after, {"entitlement", "site"}, errors);
  if (!after.has("amounts")) return;
  for (const auto& [key, value] : after.of("amounts").as_object())
    if (!read_amount(value))
      complain(errors, fmt::format("amounts/{}", std::string_view(key)), "bad_amount",
               "is no whole number, and \"unlimited\" neither");
}

}  // namespace skerry
