// What lists are filtered and sorted by.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "core/kinds/kinds.hpp"

namespace skerry::store {

// The field that a list of the kind may be filtered and sorted by: a filterable one, `updated_at`
// (sorted only), or of assets (filtered only) `in_transit` and `at_customer`, the customer at whose
// location one stands. nullptr when there is none.
enum class ListUse { filter, sort };
const Field* find_list_field(const Kind& kind, std::string_view name, ListUse use);
// The names, for people.
std::vector<std::string_view> list_field_names(const Kind& kind, ListUse use);
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

// A flag that few records have. Its index, KIND_FIELD(id) WHERE FIELD=1, has those only; where the
// flag is false it is looked at row by row.
bool is_rare_flag(const Field& field);

}  // namespace skerry::store
