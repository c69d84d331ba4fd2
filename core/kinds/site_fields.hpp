// The fields of sites, as central keeps them: part of the table in core/kinds/kinds.cpp.
#pragma once

#include <array>

#include "core/kinds/customer_fields.hpp"
#include "core/kinds/kinds.hpp"

namespace skerry::kinds {

using enum FieldType;

inline constexpr std::array<std::string_view, 4> site_statuses{"invited", "active", "fenced",
                                                               "revoked"};

inline constexpr std::array site_fields{
    Field{.name = "name",
          .title = "Name",
          .merge = MergeClass::central,
          .required = true,
          .searchable = true,
          .filterable = true,
          .unique = Unique::everywhere,
          .length_max = 100},
    Field{.name = "customer",
          .title = "Customer",
          .type = reference,
          .merge = MergeClass::central,
          .filterable = true,
          .options = customer_kind},
    Field{.name = "scope",
          .title = "Scope",
          .type = scope,
          .merge = MergeClass::central,
          .required = true,
          .options = customer_kind,
          .default_json = R"("all")"},
    Field{.name = "status",
          .title = "Status",
          .type = choice,
          .merge = MergeClass::central,
          .required = true,
          .filterable = true,
          .read_only = true,
          .options = site_statuses,
          .default_json = R"("invited")"},
    Field{
        .name = "sign_key", .title = "Public key", .merge = MergeClass::central, .read_only = true},
    Field{.name = "age_recipient",
          .title = "Recipient of bundles",
          .merge = MergeClass::central,
          .read_only = true},
    Field{.name = "archived_at",
          .title = "Archived at",
          .type = timestamp,
          .merge = MergeClass::central},
};

// What central notes of it as bundles come in: no change of the record, and none of the log.
inline constexpr std::array site_derived{
    Field{.name = "epoch", .title = "Epoch of its log"},
    Field{.name = "invited_at", .title = "Invited at", .type = timestamp, .required = true},
    Field{.name = "admitted_at", .title = "Admitted at", .type = timestamp},
    Field{.name = "contact_at", .title = "Last exchange", .type = timestamp, .filterable = true},
    Field{.name = "confirmed",
          .title = "Position it reported",
          .type = integer,
          .required = true,
          .length_max = 9'007'199'254'740'991,
          .default_json = "0"},
    Field{.name = "app_version", .title = "Version of the program"},
    Field{.name = "schema", .title = "Version of the records", .type = integer},
    Field{.name = "clock_suspect",
          .title = "Its clock is off by five minutes or more",
          .type = boolean,
          .required = true,
          .default_json = "false"},
};

// See table `site`.
inline constexpr std::array<std::string_view, 9> site_hidden{
    "code_hash", "confirmed_ord", "confirmed_hash", "scope_reset", "expected",
    "digest_at", "compared",      "differs",        "repair"};

}  // namespace skerry::kinds
