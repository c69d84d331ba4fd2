#include "core/kinds/rules.hpp"

#include <algorithm>
#include <array>

#include "core/kinds/rule_state.hpp"
#include "core/text.hpp"

namespace skerry {
namespace {

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

// Scrapping is an end: what the asset was stays as it was.
void check_asset(const Kind& kind, ValuesView before_values, ValuesView after_values,
                 std::vector<FieldError>& errors) {
  constexpr std::array<std::string_view, 5> editable{"description", "custom", "archived_at",
                                                     "disposal_reason", "disposal_price"};
  const State before(kind, before_values);
  const State after(kind, after_values);
  if (before.exists() && before.has("scrapped_on")) {
    for (std::size_t i = 0; i < kind.fields.size(); ++i)
      if (before_values[i] != after_values[i] && !contains(editable, kind.fields[i].name))
        complain(errors, kind.fields[i].name, "scrapped", "is fixed: the asset is scrapped");
    return;
  }
  if (after.has("scrapped_on")) return;
  for (const std::string_view field : {"disposal_reason", "disposal_price"})
    if (after.has(field))
      complain(errors, field, "not_scrapped", "is of a scrapped asset; scrapped_on says when");
}

void check_move(const Kind& kind, ValuesView, ValuesView after_values,
                std::vector<FieldError>& errors) {
  const State after(kind, after_values);
  const bool says_something = after.has("shipped_expected") || after.has("shipped_at") ||
                              after.has("arrived_expected") || after.has("arrived_at") ||
                              after.has("tracking_number");
  if (!says_something)
    complain(errors, "shipped_at", "required",
             "is needed, or shipped_expected, arrived_expected, arrived_at or tracking_number");
  // Both texts are timestamps in UTC of one form, so that their order is that of time.
  if (after.has("shipped_at") && after.has("arrived_at") &&
      after.text("arrived_at") < after.text("shipped_at"))
    complain(errors, "arrived_at", "out_of_order", "is before shipped_at");
  if (after.has("from_location") && after.of("from_location") == after.of("to_location"))
    complain(errors, "to_location", "same_location", "is where the move begins");
}

void check_custom_field(const Kind& kind, ValuesView before_values, ValuesView after_values,
                        std::vector<FieldError>& errors) {
  const State before(kind, before_values);
  const State after(kind, after_values);
  const bool option = after.text("type") == "option";
  if (option && !after.has("options"))
    complain(errors, "options", "required", "names what can be chosen");
  if (!option && after.has("options"))
    complain(errors, "options", "not_an_option", "belongs to fields of type option");
  if (!before.exists()) return;
  for (const std::string_view field : {"record_kind", "key", "type"})
    if (before.of(field) != after.of(field))
      complain(errors, field, "fixed", "cannot change: records have values of it");
}

// Conflicts, rules and the audit view call central by that name.
void check_site(const Kind& kind, ValuesView before_values, ValuesView after_values,
                std::vector<FieldError>& errors) {
  const State before(kind, before_values);
  const State after(kind, after_values);
  if (before.exists() && before.of("name") == after.of("name")) return;
  if (ascii_lower(after.text("name")) == "central")
    complain(errors, "name", "reserved", "is what central itself is called; choose another");
}

}  // namespace skerry
