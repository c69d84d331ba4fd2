// The fields of what sites hold of entitlements (ADR 0047): part of the table in
// core/kinds/kinds.cpp.
#pragma once

#include <array>

#include "core/kinds/licensing_fields.hpp"

namespace skerry::kinds {

inline constexpr Names entitlement_kind{"entitlement"};
inline constexpr Names allocation_kind{"allocation"};
inline constexpr Names site_kind{"site"};

// `issue` counts what central gave; `held_…` is what counts beside the present numbers until the
// site confirmed that issue, `disputed_…` what was taken back without its word (ADR 0047).
inline constexpr std::array allocation_fields{
    kept({.name = "entitlement",
          .title = "Entitlement",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = entitlement_kind}),
    kept({.name = "site",
          .title = "Site",
          .type = reference,
          .required = true,
          .filterable = true,
          .unique = Unique::within,
          .unique_within = "entitlement",
          .options = site_kind}),
    kept({.name = "seats",
          .title = "Seats",
          .type = integer,
          .required = true,
          .length_max = seats_max,
          .default_json = "0"}),
    kept({.name = "amounts", .title = "Amounts of features", .type = settings}),
    kept({.name = "until",
          .title = "Until",
          .type = timestamp,
          .required = true,
          .filterable = true}),
    noted({.name = "issue",
           .title = "Issue",
           .type = integer,
           .required = true,
           .length_max = amount_max,
           .default_json = "1"}),
    noted({.name = "held_seats",
           .title = "Seats until it is confirmed",
           .type = integer,
           .length_max = seats_max}),
    noted({.name = "held_amounts", .title = "Amounts until it is confirmed", .type = settings}),
    noted({.name = "held_until", .title = "End until it is confirmed", .type = timestamp}),
    noted({.name = "disputed_seats",
           .title = "Disputed seats",
           .type = integer,
           .length_max = seats_max}),
    noted({.name = "disputed_amounts", .title = "Disputed amounts", .type = settings}),
    noted({.name = "disputed_until", .title = "Disputed until", .type = timestamp}),
    central_archived_at,
};

inline constexpr std::array allocation_derived{
    Field{.name = "confirmed",
          .title = "Issue that its site confirmed",
          .type = integer,
          .required = true,
          .length_max = amount_max,
          .default_json = "0"},
};

constexpr Field said_by_site(Field field) {
  field.merge = MergeClass::fact;
  field.read_only = true;
  return field;
}
inline constexpr std::array allocation_receipt_fields{
    said_by_site({.name = "allocation",
                  .title = "Allocation",
                  .type = reference,
                  .required = true,
                  .filterable = true,
                  .options = allocation_kind}),
    said_by_site({.name = "issue",
                  .title = "Issue that is applied",
                  .type = integer,
                  .required = true,
                  .length_max = amount_max}),
    said_by_site({.name = "in_use",
                  .title = "Seats in use",
                  .type = integer,
                  .required = true,
                  .length_max = seats_max}),
    said_by_site({.name = "amounts", .title = "Amounts in use", .type = settings}),
    archived_at,
};

}  // namespace skerry::kinds
