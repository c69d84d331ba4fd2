#include "api/handlers/customer_page.hpp"

#include <array>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "api/handlers/record_request.hpp"
#include "core/check.hpp"
#include "store/audit.hpp"
#include "store/list_records.hpp"

namespace skerry::api {
namespace {

constexpr int page_limit_default = 10;

// One list of the page: records of a kind whose `filter` is the customer.
struct Section {
  std::string_view name;
  std::string_view kind;
  std::string_view filter;
  std::string_view sort;  // "id": the newest first
};
constexpr std::array sections{
    Section{"locations", "location", "customer", "name"},
    Section{"assets_on_location", "asset", "at_customer", "serial"},
    Section{"assets_owned", "asset", "owner", "serial"},
    Section{"contacts", "contact", "customer", "email"},
    Section{"entitlements", "entitlement", "customer", "id"},
    Section{"notes", "note", "subject", "id"},
};

store::ListQuery query_of(const Section& section, const std::string& customer, int limit) {
  using store::ListUse;
  store::ListQuery query;
  query.kind = find_kind(section.kind);
  const Field* filter = store::find_list_field(*query.kind, section.filter, ListUse::filter);
  SKERRY_CHECK(filter != nullptr);
  query.filters.push_back({filter, json::string(customer)});
  query.sort_by_id = query.descending = section.sort == "id";
  if (!query.sort_by_id)
    query.sort = store::find_list_field(*query.kind, section.sort, ListUse::sort);
  if (store::has_scrapped(*query.kind)) query.scrapped = store::Archived::exclude;
  query.limit = limit;
  return query;
}

void append_list(std::string& body, std::string_view name, const std::string& items, bool more,
                 const std::string& all) {
  body += fmt::format(R"(,"{}":{{"items":[{}],"more":{},"all":"{}"}})", name, items, more, all);
}

void append_section(std::string& body, store::Connection& connection, const Section& section,
                    const std::string& customer, int limit) {
  const store::ListQuery query = query_of(section, customer, limit);
  const store::ListPage page = store::list_records(connection, query);
  append_list(body, section.name, fmt::format("{}", fmt::join(page.items, ",")),
              page.next.has_value(),
              fmt::format("/v1/{}?{}={}&sort={}{}", query.kind->plural, section.filter, customer,
                          query.descending ? "-" : "", section.sort));
}

void append_audit(std::string& body, store::Connection& connection, Role role,
                  const RecordId& customer, int limit) {
  store::AuditQuery query;
  query.record = customer;
  query.limit = limit;
  const store::AuditPage page = store::list_audit(connection, role, query);
  std::string items;
  for (const store::AuditRow& row : page.rows) {
    if (!items.empty()) items += ',';
    store::append_audit_json(items, row);
  }
  append_list(body, "audit", items, page.before_n.has_value(),
              fmt::format("/v1/audit?record={}", to_string(customer)));
}

// Kept in the customer's own row where that is done for the lists, else counted.
std::optional<std::int64_t> count_of(store::Connection& connection, const store::Record& customer,
                                     const Section& section) {
  const int column = customer.kind->find_column(section.name);
  if (column >= 0) {
    const auto derived = static_cast<std::size_t>(column) - customer.kind->fields.size();
    return customer.derived[derived].as_int64();
  }
  return store::count_records(connection, query_of(section, to_string(customer.id), 1));
}

}  // namespace

Result<Response> get_customer_summary(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"limit"}));
  SKERRY_TRY(const int limit, read_limit(request, page_limit_default));
  const auto id = parse_id<RecordId>(request.param("id"));
  const store::Reader reader = context.node.database.read();
  const auto customer =
      id ? store::find_record(*reader, *find_kind("customer"), *id) : std::nullopt;
  if (!customer) return fail(store::no_such(*find_kind("customer")));
  SKERRY_TRY_VOID(check_seen(*reader, request, *customer->kind, customer->id));
  std::string body = "{\"customer\":" + store::record_json(*customer) + ",\"counts\":{";
  for (const Section& section : sections) {
    const auto count = count_of(*reader, *customer, section);
    body += fmt::format("{}\"{}\":{}", body.back() == '{' ? "" : ",", section.name,
                        count ? fmt::format("{}", *count) : "null");
  }
  body += '}';
  const std::string text = to_string(customer->id);
  for (const Section& section : sections) append_section(body, *reader, section, text, limit);
  if (request.principal->may(Access::log))
    append_audit(body, *reader, context.role, customer->id, limit);
  else
    body += R"(,"audit":null)";
  return Response::json(200, body + "}");
}

}  // namespace skerry::api
