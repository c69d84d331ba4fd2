#include "core/kinds/kinds.hpp"

#include <array>

#include "core/kinds/asset_fields.hpp"
#include "core/kinds/customer_fields.hpp"
#include "core/kinds/rules.hpp"
#include "core/kinds/site_fields.hpp"

namespace skerry {
namespace {

constexpr std::array table{
    Kind{.name = "customer",
         .plural = "customers",
         .title = "Customer",
         .scope = ScopePath::itself,
         .label = "name",
         .match_key = "account_ref",
         .fields = kinds::customer_fields,
         .derived = kinds::customer_derived},
    Kind{.name = "contact",
         .plural = "contacts",
         .title = "Contact",
         .label = "email",
         .match_key = "email",
         .fields = kinds::contact_fields},
    Kind{.name = "location",
         .plural = "locations",
         .title = "Location",
         .label = "name",
         .match_key = "",
         .fields = kinds::location_fields},
    Kind{.name = "note",
         .plural = "notes",
         .title = "Note",
         .scope_field = "subject",
         .label = "text",
         .match_key = "",
         .fields = kinds::note_fields},
    Kind{.name = "product",
         .plural = "products",
         .title = "Product",
         .authority = Authority::central,
         .scope = ScopePath::everywhere,
         .label = "name",
         .match_key = "sku",
         .fields = kinds::product_fields},
    Kind{.name = "asset",
         .plural = "assets",
         .title = "Asset",
         .scope = ScopePath::placed,
         .scope_field = "owner",
         .label = "serial",
         .match_key = "serial",
         .fields = kinds::asset_fields,
         .derived = kinds::asset_derived,
         .rule = check_asset},
    Kind{.name = "move",
         .plural = "moves",
         .title = "Move",
         .scope_field = "asset",
         .label = "tracking_number",
         .match_key = "",
         .fields = kinds::move_fields,
         .rule = check_move},
    Kind{.name = "custom_field",
         .plural = "custom_fields",
         .title = "Custom field",
         .authority = Authority::central,
         .scope = ScopePath::everywhere,
         .label = "key",
         .match_key = "",
         .fields = kinds::custom_field_fields,
         .rule = check_custom_field},
    Kind{.name = "site",
         .plural = "sites",
         .title = "Site",
         .authority = Authority::central,
         .scope = ScopePath::nowhere,
         .label = "name",
         .match_key = "name",
         .fields = kinds::site_fields,
         .derived = kinds::site_derived,
         .hidden = kinds::site_hidden,
         .invited = true,
         .rule = check_site},
};

}  // namespace

int Kind::find_field(std::string_view wanted) const {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == wanted) return static_cast<int>(i);
  return -1;
}

int Kind::find_column(std::string_view wanted) const {
  if (const int field = find_field(wanted); field >= 0) return field;
  for (std::size_t i = 0; i < derived.size(); ++i)
    if (derived[i].name == wanted) return static_cast<int>(fields.size() + i);
  return -1;
}

std::span<const Kind> all_kinds() { return table; }

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : table)
    if (kind.name == name) return &kind;
  return nullptr;
}

const Kind* find_kind_by_plural(std::string_view plural) {
  for (const Kind& kind : table)
    if (kind.plural == plural) return &kind;
  return nullptr;
}

}  // namespace skerry
