#include "store/list_fields.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace skerry::store {
namespace {

// Fields that lists are only filtered by, of the kinds that have a column `of`.
struct FilterOnly {
  std::string_view name, of;
  const Field* field;
};
constexpr std::array filters_only{
    FilterOnly{"at_customer", "in_transit", &at_customer_field},
    FilterOnly{"disabled", "disabled_at", &disabled_field},
    FilterOnly{"roles", "roles", &role_field},
    FilterOnly{"country", "address", &country_field},
};

bool is_moment(const Field& field) {
  return field.type == FieldType::timestamp || field.type == FieldType::date;
}

constexpr std::string_view since = "_since";
constexpr std::string_view until = "_until";

}  // namespace

bool is_rare_flag(const Field& field) {
  return field.name == "in_transit" || &field == &disabled_field;
}

bool may_be_asked_for_none(const Field& field) { return !field.required && !is_rare_flag(field); }

const Field* find_list_field(const Kind& kind, std::string_view name, ListUse use) {
  if (use == ListUse::sort && name == updated_at_field.name) return &updated_at_field;
  if (use == ListUse::filter)
    for (const FilterOnly& each : filters_only)
      if (each.name == name && kind.find_column(each.of) >= 0) return each.field;
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
  if (use == ListUse::filter)
    for (const FilterOnly& each : filters_only)
      if (each.name != each.of && kind.find_column(each.of) >= 0) names.push_back(each.name);
  return names;
}

std::optional<ListBound> find_list_bound(const Kind& kind, std::string_view name) {
  if (name == "updated_since") return ListBound{&updated_at_field, false};
  if (!name.ends_with(since) && !name.ends_with(until)) return std::nullopt;
  static_assert(since.size() == until.size());
  const std::string_view of = name.substr(0, name.size() - since.size());
  const Field* field = find_list_field(kind, of, ListUse::sort);
  if (!field || field == &updated_at_field || !is_moment(*field)) return std::nullopt;
  return ListBound{field, name.ends_with(until)};
}

std::vector<std::string> list_bound_names(const Kind& kind) {
  std::vector<std::string> names{"updated_since"};
  for (const std::string_view name : list_field_names(kind, ListUse::sort))
    for (const std::string_view end : {since, until})
      if (std::string bound = fmt::format("{}{}", name, end); find_list_bound(kind, bound))
        names.push_back(std::move(bound));
  return names;
}

bool has_scrapped(const Kind& kind) { return kind.find_field("scrapped_on") >= 0; }

bool is_searched(const Kind& kind) {
  return std::any_of(kind.fields.begin(), kind.fields.end(),
                     [](const Field& field) { return field.searchable; });
}

}  // namespace skerry::store
