// The fields of the catalogue and of what customers are entitled to (ADR 0046): part of the table
// in core/kinds/kinds.cpp.
#pragma once

#include <array>

#include "core/kinds/asset_fields.hpp"
#include "core/kinds/customer_fields.hpp"
#include "core/kinds/kinds.hpp"

namespace skerry::kinds {

using enum FieldType;

// Central's, and changed by the program's own acts only.
constexpr Field noted(Field field) {
  field.merge = MergeClass::central;
  field.read_only = true;
  return field;
}

inline constexpr std::size_t amount_max = 1'000'000'000'000;
inline constexpr std::size_t seats_max = 10'000'000;

inline constexpr std::array<std::string_view, 3> feature_types{"bool", "element_pool",
                                                               "usage_count"};
inline constexpr std::array<std::string_view, 3> attribute_types{"date", "number", "string"};
inline constexpr std::array<std::string_view, 2> licenses{"perpetual", "subscription"};
inline constexpr std::array<std::string_view, 4> plan_starts{"creation", "date", "first_activation",
                                                             "manual"};
inline constexpr std::array<std::string_view, 5> plan_types{"beta", "free", "internal", "paid",
                                                            "trial"};
inline constexpr std::array<std::string_view, 2> concurrencies{"concurrent", "node_lock"};
inline constexpr std::array<std::string_view, 3> usage_resets{"monthly", "never", "on_renewal"};
inline constexpr Names edition_kind{"edition"};
inline constexpr Names plan_kind{"plan"};
inline constexpr Names offering_kind{"offering"};
inline constexpr Names sales_order_kind{"sales_order"};

inline constexpr Field central_archived_at = kept(archived_at);

// The terms that a plan gives.
constexpr Field license(bool required) {
  return kept({.name = "license",
               .title = "Licence",
               .type = choice,
               .required = required,
               .options = licenses});
}
constexpr Field starts(bool required) {
  return kept({.name = "starts",
               .title = "Starts",
               .type = choice,
               .required = required,
               .options = plan_starts,
               .default_json = required ? R"("creation")" : "null"});
}
inline constexpr Field starts_on = kept({.name = "starts_on", .title = "Starts on", .type = date});
inline constexpr Field duration =
    kept({.name = "duration", .title = "Duration, such as P1Y", .length_max = 20});
constexpr Field plan_type(bool required) {
  return kept({.name = "type",
               .title = "Type",
               .type = choice,
               .required = required,
               .options = plan_types,
               .default_json = required ? R"("paid")" : "null"});
}

// The terms that an offering gives.
constexpr Field concurrency(bool required) {
  return kept({.name = "concurrency",
               .title = "Concurrency",
               .type = choice,
               .required = required,
               .options = concurrencies,
               .default_json = required ? R"("node_lock")" : "null"});
}
inline constexpr Field overdraft = kept(
    {.name = "overdraft", .title = "Overdraft of seats: 5, 10% or unlimited", .length_max = 20});
inline constexpr Field feature_overdraft =
    kept({.name = "feature_overdraft", .title = "Overdraft by feature", .type = settings});
inline constexpr Field maintenance =
    kept({.name = "maintenance", .title = "Maintenance, such as P1Y", .length_max = 20});
constexpr Field usage_reset(bool required) {
  return kept({.name = "usage_reset",
               .title = "Usage starts again",
               .type = choice,
               .required = required,
               .options = usage_resets,
               .default_json = required ? R"("on_renewal")" : "null"});
}
inline constexpr Field features = kept({.name = "features", .title = "Features", .type = settings});
inline constexpr Field attributes =
    kept({.name = "attributes", .title = "Attributes", .type = settings});

constexpr Field of_product(bool required) {
  return kept({.name = "product",
               .title = "Product",
               .type = reference,
               .required = required,
               .filterable = true,
               .read_only = !required,
               .options = product_kind});
}
inline constexpr Field key_within_product = kept({.name = "key",
                                                  .title = "Key",
                                                  .type = custom_key,
                                                  .required = true,
                                                  .searchable = true,
                                                  .filterable = true,
                                                  .unique = Unique::within,
                                                  .unique_within = "product",
                                                  .length_max = 50});
constexpr Field title_of_it(Unique unique, std::string_view within = {}) {
  return kept({.name = "name",
               .title = "Name",
               .required = true,
               .searchable = true,
               .filterable = true,
               .unique = unique,
               .unique_within = within,
               .length_max = 100});
}
inline constexpr Field catalogue_description =
    kept({.name = "description", .title = "Description", .length_max = 500});

inline constexpr std::array feature_fields{
    of_product(true),
    key_within_product,
    kept({.name = "display_name", .title = "Display name", .searchable = true, .length_max = 100}),
    kept({.name = "type",
          .title = "Type",
          .type = choice,
          .required = true,
          .options = feature_types}),
    kept({.name = "enabled", .title = "Enabled, of a bool", .type = boolean}),
    kept({.name = "amount",
          .title = "Amount of the others; none: unlimited",
          .type = integer,
          .length_max = amount_max}),
    central_archived_at,
};

inline constexpr std::array attribute_fields{
    of_product(true),
    key_within_product,
    kept({.name = "display_name", .title = "Display name", .searchable = true, .length_max = 100}),
    kept({.name = "type",
          .title = "Type",
          .type = choice,
          .required = true,
          .options = attribute_types}),
    kept({.name = "pattern", .title = "Pattern of a string, or email", .length_max = 200}),
    kept({.name = "value", .title = "Value", .length_max = 1000}),
    central_archived_at,
};

inline constexpr std::array edition_fields{
    of_product(true),
    title_of_it(Unique::within, "product"),
    catalogue_description,
    features,
    attributes,
    central_archived_at,
};

inline constexpr std::array plan_fields{
    title_of_it(Unique::everywhere),
    license(true),
    starts(true),
    starts_on,
    duration,
    plan_type(true),
    central_archived_at,
};

inline constexpr std::array offering_fields{
    kept({.name = "sku",
          .title = "SKU",
          .required = true,
          .searchable = true,
          .filterable = true,
          .unique = Unique::everywhere,
          .length_max = 20}),
    kept({.name = "name", .title = "Name", .searchable = true}),
    kept({.name = "edition",
          .title = "Edition",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = edition_kind}),
    kept({.name = "plan",
          .title = "Plan",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = plan_kind}),
    kept({.name = "seats",
          .title = "Seats",
          .type = integer,
          .required = true,
          .length_max = seats_max,
          .default_json = "1",
          .least = 1}),
    concurrency(true),
    overdraft,
    feature_overdraft,
    maintenance,
    usage_reset(true),
    lease_seconds,
    offline_lease_seconds,
    grace_seconds,
    central_archived_at,
};

inline constexpr std::array sales_order_fields{
    kept({.name = "customer",
          .title = "Customer",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = customer_kind}),
    kept({.name = "order_ref",
          .title = "Order reference",
          .searchable = true,
          .filterable = true,
          .unique = Unique::everywhere,
          .length_max = 50}),
    catalogue_description,
    central_archived_at,
};

// Never the code itself: see licensing/activation_codes.hpp.
inline constexpr std::array activation_code_fields{
    noted({.name = "sales_order",
           .title = "Order",
           .type = reference,
           .required = true,
           .filterable = true,
           .options = sales_order_kind}),
    noted({.name = "digest",
           .title = "SHA-256 of the code",
           .required = true,
           .filterable = true,
           .unique = Unique::everywhere,
           .length_max = 64}),
    noted({.name = "hint", .title = "Its last characters", .searchable = true, .length_max = 10}),
    kept({.name = "disabled_at", .title = "Disabled at", .type = timestamp}),
    central_archived_at,
};

// From `seats` to `attributes`, the terms: copied from the offering, overridden one by one
// (store/terms.hpp).
inline constexpr std::array entitlement_fields{
    kept({.name = "entitlement_ref",
          .title = "Entitlement reference",
          .searchable = true,
          .filterable = true,
          .unique = Unique::everywhere,
          .length_max = 50}),
    kept({.name = "customer",
          .title = "Customer",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = customer_kind}),
    kept({.name = "sales_order",
          .title = "Order",
          .type = reference,
          .filterable = true,
          .options = sales_order_kind}),
    kept({.name = "offering",
          .title = "Offering",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = offering_kind}),
    of_product(false),
    kept({.name = "seats", .title = "Seats", .type = integer, .length_max = seats_max, .least = 1}),
    concurrency(false),
    overdraft,
    feature_overdraft,
    license(false),
    starts(false),
    starts_on,
    duration,
    plan_type(false),
    maintenance,
    usage_reset(false),
    lease_seconds,
    offline_lease_seconds,
    grace_seconds,
    features,
    attributes,
    noted({.name = "overridden",
           .title = "Terms that differ from the offering's by choice",
           .type = texts,
           .length_max = 100}),
    kept({.name = "starts_at", .title = "Started at", .type = timestamp}),
    kept({.name = "expires_at", .title = "Expires at", .type = timestamp, .filterable = true}),
    kept({.name = "maintenance_until", .title = "Maintenance until", .type = timestamp}),
    noted({.name = "renewed_at", .title = "Renewed at", .type = timestamp}),
    kept({.name = "disabled_at", .title = "Disabled at", .type = timestamp}),
    central_archived_at,
};

}  // namespace skerry::kinds
