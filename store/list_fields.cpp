#include "store/list_fields.hpp"

#include <algorithm>

namespace skerry::store {

bool is_rare_flag(const Field& field) { return field.name == "in_transit"; }

const Field* find_list_field(const Kind& kind, std::string_view name, ListUse use) {
  if (use == ListUse::sort && name == updated_at_field.name) return &updated_at_field;
  if (use == ListUse::filter && name == "at_customer" && has_scrapped(kind))
    return &at_customer_field;
  const int position = kind.find_column(name);
  if (position < 0) return nullptr;
  const Field& field = kind.column(static_cast<std::size_t>(position));
  return field.filterable || (use == ListUse::filter && is_rare_flag(field)) ? &field : nullptr;
}

std::vector<std::string_view> list_field_names(const Kind& kind, ListUse use) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kind.columns(); ++i)
    if (find_list_field(kind, kind.column(i).name, use)) names.push_back(kind.column(i).name);
  if (use == ListUse::sort) names.push_back(updated_at_field.name);
  if (use == ListUse::filter && has_scrapped(kind)) names.push_back("at_customer");
  return names;
}

bool has_scrapped(const Kind& kind) { return kind.find_field("scrapped_on") >= 0; }

bool is_searched(const Kind& kind) {
  return std::any_of(kind.fields.begin(), kind.fields.end(),
                     [](const Field& field) { return field.searchable; });
}

}  // namespace skerry::store
