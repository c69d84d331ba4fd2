// The fields of customers and their world: part of the table in core/kinds/kinds.cpp.
#pragma once

#include <array>

#include "core/kinds/kinds.hpp"

namespace skerry::kinds {

using enum FieldType;
using Names = std::array<std::string_view, 1>;

inline constexpr std::array<std::string_view, 3> customer_roles{"customer", "distributor",
                                                                "supplier"};
inline constexpr std::array<std::string_view, 2> contact_statuses{"active", "inactive"};
inline constexpr Names customer_kind{"customer"};
inline constexpr std::array<std::string_view, 4> subject_kinds{"customer", "location", "asset",
                                                               "entitlement"};

inline constexpr Names account_ref_aliases{"account"};
inline constexpr Names email_aliases{"mail"};
inline constexpr Names postal_code_aliases{"zip"};

inline constexpr std::array address_members{
    Field{.name = "line1", .title = "Address line 1"},
    Field{.name = "line2", .title = "Address line 2"},
    Field{.name = "city", .title = "City", .length_max = 100},
    Field{.name = "region", .title = "Region", .length_max = 100},
    Field{.name = "postal_code",
          .title = "Postal code",
          .length_max = 20,
          .aliases = postal_code_aliases},
    Field{.name = "country", .title = "Country", .type = country, .length_max = 2},
};

inline constexpr Field address{.name = "address",
                               .title = "Address",
                               .type = group,
                               .merge = MergeClass::group,
                               .members = address_members};

inline constexpr Field custom_values{
    .name = "custom", .title = "Custom fields", .type = custom, .merge = MergeClass::map};

inline constexpr Field archived_at{
    .name = "archived_at", .title = "Archived at", .type = timestamp};

inline constexpr std::array customer_fields{
    Field{
        .name = "name", .title = "Name", .required = true, .searchable = true, .filterable = true},
    Field{.name = "account_ref",
          .title = "Account reference",
          .searchable = true,
          .filterable = true,
          .unique = Unique::everywhere,
          .length_max = 50,
          .aliases = account_ref_aliases},
    Field{.name = "legal_name", .title = "Legal name", .searchable = true},
    Field{.name = "description", .title = "Description", .length_max = 500},
    Field{.name = "roles",
          .title = "Roles",
          .type = choices,
          .merge = MergeClass::set,
          .options = customer_roles,
          .default_json = R"(["customer"])"},
    Field{.name = "website", .title = "Website", .type = url},
    address,
    Field{.name = "disabled_at",
          .title = "Disabled at",
          .type = timestamp,
          .merge = MergeClass::central,
          .filterable = true},
    custom_values,
    archived_at,
};

// Of what is neither archived nor scrapped.
inline constexpr std::array customer_derived{
    Field{.name = "locations", .title = "Locations", .type = integer, .default_json = "0"},
    Field{.name = "assets_on_location",
          .title = "Assets on location",
          .type = integer,
          .default_json = "0"},
    Field{.name = "assets_owned", .title = "Assets owned", .type = integer, .default_json = "0"},
};

inline constexpr std::array contact_fields{
    Field{.name = "customer",
          .title = "Customer",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = customer_kind},
    Field{.name = "email",
          .title = "E-mail",
          .type = email,
          .required = true,
          .searchable = true,
          .filterable = true,
          .unique = Unique::within,
          .unique_within = "customer",
          .length_max = 254,
          .aliases = email_aliases},
    Field{.name = "first_name", .title = "First name", .searchable = true, .length_max = 100},
    Field{.name = "last_name", .title = "Last name", .searchable = true, .length_max = 100},
    Field{.name = "title", .title = "Title", .length_max = 100},
    Field{.name = "phone", .title = "Phone", .type = phone, .length_max = 16},
    Field{.name = "contact_ref", .title = "Contact reference", .length_max = 50},
    Field{.name = "is_key_contact",
          .title = "Key contact",
          .type = boolean,
          .filterable = true,
          .default_json = "false"},
    Field{.name = "status",
          .title = "Status",
          .type = choice,
          .filterable = true,
          .options = contact_statuses,
          .default_json = R"("active")"},
    custom_values,
    archived_at,
};

inline constexpr std::array location_fields{
    Field{.name = "customer",
          .title = "Customer",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = customer_kind},
    Field{
        .name = "name", .title = "Name", .required = true, .searchable = true, .filterable = true},
    address,
    Field{.name = "in_inventory",
          .title = "In inventory",
          .type = boolean,
          .filterable = true,
          .default_json = "false"},
    custom_values,
    archived_at,
};

inline constexpr std::array note_fields{
    Field{.name = "subject",
          .title = "Subject",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = subject_kinds},
    Field{.name = "text",
          .title = "Text",
          .required = true,
          .searchable = true,
          .length_max = 10'000},
    custom_values,
    archived_at,
};

}  // namespace skerry::kinds
