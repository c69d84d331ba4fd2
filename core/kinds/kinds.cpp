#include "core/kinds/kinds.hpp"

#include <array>

namespace skerry {
namespace {

using enum FieldType;
using Names = std::array<std::string_view, 1>;

constexpr std::array<std::string_view, 3> customer_roles{"customer", "distributor", "supplier"};
constexpr std::array<std::string_view, 2> contact_statuses{"active", "inactive"};
constexpr Names customer_kind{"customer"};
constexpr std::array<std::string_view, 2> subject_kinds{"customer", "location"};

constexpr Names account_ref_aliases{"account"};
constexpr Names email_aliases{"mail"};
constexpr Names postal_code_aliases{"zip"};

constexpr std::array address_members{
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

constexpr Field address{.name = "address",
                        .title = "Address",
                        .type = group,
                        .merge = MergeClass::group,
                        .members = address_members};

constexpr Field archived_at{.name = "archived_at", .title = "Archived at", .type = timestamp};

constexpr std::array customer_fields{
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
          .merge = MergeClass::central},
    archived_at,
};

constexpr std::array contact_fields{
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
          .unique = Unique::within_customer,
          .length_max = 254,
          .aliases = email_aliases},
    Field{.name = "first_name", .title = "First name", .searchable = true, .length_max = 100},
    Field{.name = "last_name", .title = "Last name", .searchable = true, .length_max = 100},
    Field{.name = "title", .title = "Title", .length_max = 100},
    Field{.name = "phone", .title = "Phone", .type = phone, .length_max = 16},
    Field{.name = "contact_ref", .title = "Contact reference", .length_max = 50},
    Field{
        .name = "is_key_contact", .title = "Key contact", .type = boolean, .default_json = "false"},
    Field{.name = "status",
          .title = "Status",
          .type = choice,
          .options = contact_statuses,
          .default_json = R"("active")"},
    archived_at,
};

constexpr std::array location_fields{
    Field{.name = "customer",
          .title = "Customer",
          .type = reference,
          .required = true,
          .filterable = true,
          .options = customer_kind},
    Field{
        .name = "name", .title = "Name", .required = true, .searchable = true, .filterable = true},
    address,
    Field{
        .name = "in_inventory", .title = "In inventory", .type = boolean, .default_json = "false"},
    archived_at,
};

constexpr std::array note_fields{
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
    archived_at,
};

constexpr std::array kinds{
    Kind{.name = "customer",
         .plural = "customers",
         .title = "Customer",
         .scope = ScopePath::itself,
         .label = "name",
         .match_key = "account_ref",
         .fields = customer_fields},
    Kind{.name = "contact",
         .plural = "contacts",
         .title = "Contact",
         .label = "email",
         .match_key = "email",
         .fields = contact_fields},
    Kind{.name = "location",
         .plural = "locations",
         .title = "Location",
         .label = "name",
         .match_key = "",
         .fields = location_fields},
    Kind{.name = "note",
         .plural = "notes",
         .title = "Note",
         .scope = ScopePath::subject,
         .label = "text",
         .match_key = "",
         .fields = note_fields},
};

}  // namespace

int Kind::find_field(std::string_view wanted) const {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == wanted) return static_cast<int>(i);
  return -1;
}

std::span<const Kind> all_kinds() { return kinds; }

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

const Kind* find_kind_by_plural(std::string_view plural) {
  for (const Kind& kind : kinds)
    if (kind.plural == plural) return &kind;
  return nullptr;
}

}  // namespace skerry
