// What lists are filtered and sorted by.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kinds/customer_fields.hpp"
#include "core/kinds/kinds.hpp"

namespace skerry::store {

// The field that a list of the kind may be filtered and sorted by: a filterable one, `updated_at`
// (sorted only), or (filtered only) one of those below that are no columns of their own. nullptr
// when there is none.
enum class ListUse { filter, sort };
const Field* find_list_field(const Kind& kind, std::string_view name, ListUse use);
// The names, for people.
std::vector<std::string_view> list_field_names(const Kind& kind, ListUse use);

// A bound of a range: of every time and day that a list is sorted by, FIELD_since, at that moment
// or later, and FIELD_until, before it; of the time of the last change `updated_since` alone.
struct ListBound {
  const Field* field = nullptr;
  bool is_until = false;
};
std::optional<ListBound> find_list_bound(const Kind& kind, std::string_view name);
std::vector<std::string> list_bound_names(const Kind& kind);

bool has_scrapped(const Kind& kind);
bool is_searched(const Kind& kind);  // has searchable fields, and with them a search index

// Columns that lists know beside those of the kinds.
inline constexpr Field updated_at_field{
    .name = "updated_at", .title = "Changed at", .type = FieldType::timestamp, .required = true};
inline constexpr std::array<std::string_view, 1> customer_kind_name{"customer"};
inline constexpr Field at_customer_field{.name = "scope_place",
                                         .title = "Customer where it stands",
                                         .type = FieldType::reference,
                                         .required = true,  // no index finds those elsewhere
                                         .options = customer_kind_name};

// Of customers, whether they have a disabled_at; one of their roles; and of their address and that
// of locations, the country. Their conditions and indexes stand in store/list_plan.cpp.
inline constexpr Field disabled_field{
    .name = "disabled", .title = "Disabled", .type = FieldType::boolean, .required = true};
inline constexpr Field role_field{.name = "roles",
                                  .title = "One of the roles",
                                  .type = FieldType::choice,
                                  .required = true,
                                  .options = kinds::customer_roles};
inline constexpr Field country_field{
    .name = "country", .title = "Country of the address", .type = FieldType::country};

// A flag that few records have. Its index, KIND_FIELD(id), has those only; where the flag is false
// it is looked at row by row.
bool is_rare_flag(const Field& field);

// Whether a filter may ask for the records that have no value there.
bool may_be_asked_for_none(const Field& field);

}  // namespace skerry::store
