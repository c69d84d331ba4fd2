#include "core/kinds/kinds.hpp"

#include <array>

#include "core/kinds/allocation_fields.hpp"
#include "core/kinds/asset_fields.hpp"
#include "core/kinds/customer_fields.hpp"
#include "core/kinds/licensing_fields.hpp"
#include "core/kinds/rules.hpp"
#include "core/kinds/site_fields.hpp"
#include "core/kinds/usage_fields.hpp"

namespace skerry {
namespace {

// What every site sees and central writes.
constexpr Kind catalogue(std::string_view name, std::string_view plural, std::string_view title,
                         std::string_view label, std::span<const Field> fields, Rule rule) {
  return {.name = name,
          .plural = plural,
          .title = title,
          .authority = Authority::central,
          .scope = ScopePath::everywhere,
          .label = label,
          .match_key = label,
          .fields = fields,
          .rule = rule};
}

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
         .made_by = "invite one: POST /v1/sites:invite, skerry site invite NAME; end one: skerry "
                    "site revoke NAME",
         .administered = true,
         .rule = check_site},
    catalogue("plan", "plans", "Plan", "name", kinds::plan_fields, check_terms),
    catalogue("feature", "features", "Feature", "key", kinds::feature_fields, check_feature),
    catalogue("attribute", "attributes", "Attribute", "key", kinds::attribute_fields,
              check_attribute),
    catalogue("edition", "editions", "Edition", "name", kinds::edition_fields, nullptr),
    catalogue("offering", "offerings", "Offering", "sku", kinds::offering_fields, check_terms),
    Kind{.name = "sales_order",
         .plural = "orders",
         .title = "Order",
         .authority = Authority::central,
         .label = "order_ref",
         .match_key = "order_ref",
         .fields = kinds::sales_order_fields},
    Kind{.name = "activation_code",
         .plural = "activation_codes",
         .title = "Activation code",
         .authority = Authority::central,
         .scope_field = "sales_order",
         .label = "hint",
         .match_key = "",
         .fields = kinds::activation_code_fields,
         .made_by = "make some: POST /v1/orders/{id}:codes; end one: set its disabled_at"},
    Kind{.name = "entitlement",
         .plural = "entitlements",
         .title = "Entitlement",
         .authority = Authority::central,
         .label = "entitlement_ref",
         .match_key = "entitlement_ref",
         .fields = kinds::entitlement_fields,
         .rule = check_entitlement},
    Kind{.name = "allocation",
         .plural = "allocations",
         .title = "Allocation",
         .authority = Authority::central,
         .scope_field = "entitlement",
         .label = "site",
         .match_key = "",
         .fields = kinds::allocation_fields,
         .derived = kinds::allocation_derived,
         .rule = check_allocation},
    Kind{.name = "allocation_receipt",
         .plural = "allocation_receipts",
         .title = "Receipt of an allocation",
         .authority = Authority::site,
         .scope_field = "allocation",
         .label = "allocation",
         .match_key = "",
         .fields = kinds::allocation_receipt_fields,
         .made_by = "a site makes one when it takes a change of its allocation in"},
    Kind{.name = "usage_fact",
         .plural = "usage_facts",
         .title = "What happened to a seat",
         .authority = Authority::site,
         .scope_field = "entitlement",
         .label = "what",
         .match_key = "",
         .fields = kinds::usage_fact_fields,
         .made_by = "the machine that gives seats makes them; they stay as they are"},
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
