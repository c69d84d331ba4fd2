// The fields of what happened to seats (ADR 0053): part of the table in core/kinds/kinds.cpp.
#pragma once

#include <array>

#include "core/kinds/allocation_fields.hpp"

namespace skerry::kinds {

inline constexpr std::array<std::string_view, 7> usage_events{
    "activation", "clone", "denial", "high_water", "overdraft", "release", "usage"};

// `at` is when it happened; of what is counted by the hour (clone, denial, high_water, usage) the
// beginning of its hour, of usage the reset within it that its machine knew of. `amount`: how many
// seats or of `feature`; of high_water the most at once.
inline constexpr std::array usage_fact_fields{
    said_by_site({.name = "entitlement",
                  .title = "Entitlement",
                  .type = reference,
                  .required = true,
                  .filterable = true,
                  .options = entitlement_kind}),
    said_by_site({.name = "site",
                  .title = "Machine that says it: a site's id, or central",
                  .required = true,
                  .filterable = true,
                  .length_max = 36}),
    said_by_site({.name = "what",
                  .title = "What happened",
                  .type = choice,
                  .required = true,
                  .filterable = true,
                  .options = usage_events}),
    said_by_site(
        {.name = "at", .title = "When", .type = timestamp, .required = true, .filterable = true}),
    said_by_site(
        {.name = "activation", .title = "Activation", .filterable = true, .length_max = 36}),
    said_by_site({.name = "machine", .title = "Its seat_id", .filterable = true}),
    said_by_site({.name = "user", .title = "User", .filterable = true}),
    said_by_site({.name = "feature", .title = "Feature", .length_max = 50}),
    said_by_site({.name = "amount",
                  .title = "Amount",
                  .type = integer,
                  .required = true,
                  .length_max = amount_max}),
    archived_at,
};

}  // namespace skerry::kinds
