#include "api/handlers/selection.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "api/handlers/record_query.hpp"

namespace skerry::api {
namespace {

// Of a page, not of what is selected.
constexpr std::array<std::string_view, 4> of_pages{"limit", "cursor", "sort", "count"};

// What is left out, or not, of what other filters select.
bool says_which(const QueryParameter& query) {
  return (query.name != "archived" && query.name != "scrapped") || query.value == "only";
}

}  // namespace

Result<std::vector<RecordId>> select_records(store::Connection& connection, const Request& request,
                                             const Kind& kind, store::Archived usual) {
  for (const std::string_view name : of_pages)
    if (request.query(name))
      return fail(
          Errc::bad_request,
          fmt::format("{} is of a list; this is done to all that the filters select", name));
  SKERRY_TRY(RecordQuery query, read_record_query(connection, request, kind));
  if (std::none_of(request.queries().begin(), request.queries().end(), says_which))
    return fail(Errc::bad_request, "no filter says which records",
                fmt::format("for example POST /v1/{}?q=words", request.target.segments.back()));
  if (!request.query("archived") && !request.query("q")) {
    query.list.archived = usual;
    if (usual == store::Archived::only && !request.query("scrapped"))
      query.list.scrapped = store::Archived::include;
  }
  std::vector<RecordId> selected;
  query.list.limit = store::list_limit_max;
  while (true) {
    store::ListPage page = store::list_records(connection, query.list);
    selected.insert(selected.end(), page.ids.begin(), page.ids.end());
    if (selected.size() > selected_max)
      return fail(Errc::limit_exceeded,
                  fmt::format("the filters select more than {} {}", selected_max, kind.plural),
                  "use narrower filters, one after another");
    if (!page.next) return selected;
    query.list.after = std::move(page.next);
  }
}

}  // namespace skerry::api
