// The fields of products, assets, moves, and of custom fields: part of the table in
// core/kinds/kinds.cpp.
#pragma once

#include <array>

#include "core/kinds/customer_fields.hpp"
#include "core/kinds/kinds.hpp"

namespace skerry::kinds {

using enum FieldType;

inline constexpr std::array<std::string_view, 3> product_types{"device", "service", "software"};
inline constexpr std::array<std::string_view, 5> asset_statuses{"operational", "degraded", "down",
                                                                "in_repair", "spare"};
inline constexpr std::array<std::string_view, 5> custom_types{"boolean", "date", "number", "option",
                                                              "text"};
inline constexpr std::array<std::string_view, 6> shared_kinds{"asset",    "contact", "customer",
                                                              "location", "move",    "note"};
inline constexpr Names location_kind{"location"};
inline constexpr Names product_kind{"product"};
inline constexpr Names asset_kind{"asset"};
inline constexpr std::array<std::string_view, 2> serial_aliases{"serial number", "serial no"};
inline constexpr std::array<std::string_view, 2> tracking_aliases{"tracking", "tracking no"};

// Central's to write, as all of the catalogue is.
constexpr Field kept(Field field) {
  field.merge = MergeClass::central;
  return field;
}

inline constexpr std::size_t seconds_max = 10 * 366 * 86'400;
// What the timers of seats are; null: as the next in the way from entitlement to product says.
inline constexpr Field lease_seconds = kept({.name = "lease_seconds",
                                             .title = "Lease of a seat, in seconds",
                                             .type = integer,
                                             .length_max = seconds_max,
                                             .least = 1});
inline constexpr Field offline_lease_seconds = kept({.name = "offline_lease_seconds",
                                                     .title = "Longest lease offline, in seconds",
                                                     .type = integer,
                                                     .length_max = seconds_max});
inline constexpr Field grace_seconds = kept({.name = "grace_seconds",
                                             .title = "Grace behind the expiry, in seconds",
                                             .type = integer,
                                             .length_max = seconds_max});

inline constexpr std::array product_fields{
    Field{.name = "sku",
          .title = "SKU",
          .merge = MergeClass::central,
          .required = true,
          .searchable = true,
          .filterable = true,
          .unique = Unique::everywhere,
          .length_max = 50},
    Field{.name = "name",
          .title = "Name",
          .merge = MergeClass::central,
          .required = true,
          .searchable = true,
          .filterable = true},
    Field{.name = "type",
          .title = "Type",
          .type = choice,
          .merge = MergeClass::central,
          .required = true,
          .filterable = true,
          .options = product_types},
    Field{.name = "description",
          .title = "Description",
          .merge = MergeClass::central,
          .length_max = 500},
    lease_seconds,
    offline_lease_seconds,
    grace_seconds,
    Field{.name = "archived_at",
          .title = "Archived at",
          .type = timestamp,
          .merge = MergeClass::central},
};

inline constexpr std::array asset_fields{
    Field{.name = "product",
          .title = "Product",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = product_kind},
    Field{.name = "serial",
          .title = "Serial",
          .required = true,
          .searchable = true,
          .filterable = true,
          .unique = Unique::within,
          .unique_within = "product",
          .length_max = 100,
          .aliases = serial_aliases},
    Field{.name = "owner",
          .title = "Owner",
          .type = reference,
          .filterable = true,
          .options = customer_kind},
    Field{.name = "status",
          .title = "Status",
          .type = choice,
          .filterable = true,
          .options = asset_statuses,
          .default_json = R"("operational")"},
    Field{.name = "description", .title = "Description", .searchable = true, .length_max = 500},
    Field{.name = "scrapped_on", .title = "Scrapped on", .type = date, .filterable = true},
    Field{.name = "disposal_reason", .title = "Disposal reason", .length_max = 500},
    Field{.name = "disposal_price", .title = "Disposal price", .type = decimal},
    custom_values,
    archived_at,
};

// From its moves, see store/places.hpp.
inline constexpr std::array asset_derived{
    Field{.name = "location",
          .title = "Location",
          .type = reference,
          .filterable = true,
          .options = location_kind},
    Field{.name = "in_transit", .title = "In transit", .type = boolean, .default_json = "false"},
};

inline constexpr std::array move_fields{
    Field{.name = "asset",
          .title = "Asset",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = asset_kind},
    Field{.name = "from_location",
          .title = "From location",
          .type = reference,
          .filterable = true,
          .options = location_kind},
    Field{.name = "to_location",
          .title = "To location",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = location_kind},
    Field{.name = "shipped_expected",
          .title = "Shipping expected",
          .type = timestamp,
          .filterable = true},
    Field{.name = "shipped_at", .title = "Shipped at", .type = timestamp, .filterable = true},
    Field{.name = "arrived_expected",
          .title = "Arrival expected",
          .type = timestamp,
          .filterable = true},
    Field{.name = "arrived_at", .title = "Arrived at", .type = timestamp, .filterable = true},
    Field{.name = "carrier", .title = "Carrier", .length_max = 100},
    Field{.name = "tracking_number",
          .title = "Tracking number",
          .searchable = true,
          .filterable = true,
          .length_max = 100,
          .aliases = tracking_aliases},
    Field{.name = "note", .title = "Note", .searchable = true, .length_max = 1000},
    custom_values,
    archived_at,
};

inline constexpr std::array custom_field_fields{
    Field{.name = "record_kind",
          .title = "Kind of record",
          .type = choice,
          .merge = MergeClass::central,
          .required = true,
          .filterable = true,
          .options = shared_kinds},
    Field{.name = "key",
          .title = "Key",
          .type = custom_key,
          .merge = MergeClass::central,
          .required = true,
          .searchable = true,
          .unique = Unique::within,
          .unique_within = "record_kind",
          .length_max = 50},
    Field{.name = "display_name",
          .title = "Display name",
          .merge = MergeClass::central,
          .searchable = true,
          .length_max = 100},
    Field{.name = "type",
          .title = "Type",
          .type = choice,
          .merge = MergeClass::central,
          .required = true,
          .options = custom_types},
    Field{.name = "options",
          .title = "Options",
          .type = texts,
          .merge = MergeClass::central,
          .length_max = 100},
    Field{.name = "required",
          .title = "Required",
          .type = boolean,
          .merge = MergeClass::central,
          .default_json = "false"},
    Field{.name = "unique",
          .title = "Unique",
          .type = boolean,
          .merge = MergeClass::central,
          .default_json = "false"},
    Field{.name = "position",
          .title = "Position",
          .type = integer,
          .merge = MergeClass::central,
          .filterable = true,
          .length_max = 1'000'000,
          .default_json = "0"},
    Field{.name = "archived_at",
          .title = "Archived at",
          .type = timestamp,
          .merge = MergeClass::central},
};

}  // namespace skerry::kinds
