// Lists of one kind and the search over all of them.
#include <algorithm>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "api/handlers/record_query.hpp"
#include "api/handlers/record_request.hpp"
#include "api/handlers/records.hpp"
#include "core/json_text.hpp"

namespace skerry::api {
namespace {

using store::ListQuery;

constexpr int search_limit_default = 20;

std::string join(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ","));
}

// Puts the size of the whole list before the closing brace of its answer.
void add_total(Response& response, const std::optional<std::int64_t>& total) {
  auto& body = std::get<std::string>(response.body);
  body.pop_back();
  body += total ? fmt::format(",\"total\":{}}}", *total)
                : fmt::format(",\"total\":null,\"total_over\":{}}}", store::list_count_max);
}

// What the words find in one kind.
struct Hits {
  const Kind* kind = nullptr;
  store::ListPage page;
  std::size_t taken = 0;
};

// Every kind gets its share, so that many of one do not hide the others.
void share(std::vector<Hits>& all, std::size_t limit) {
  std::size_t left = 0;
  for (const Hits& hits : all) left += hits.page.items.size();
  left = std::min(left, limit);
  while (left > 0)
    for (std::size_t i = 0; i < all.size() && left > 0; ++i)
      if (all[i].taken < all[i].page.items.size()) ++all[i].taken, --left;
}

void append_hit(std::string& body, store::Connection& connection, const Hits& hits,
                std::size_t hit) {
  const auto record = store::find_record(connection, *hits.kind, hits.page.ids[hit]);
  body +=
      fmt::format("{}{{\"kind\":\"{}\",\"label\":", body.back() == '[' ? "" : ",", hits.kind->name);
  append_json_string(body, record ? store::record_label(*record) : std::string());
  body += ",\"record\":" + hits.page.items[hit] + "}";
}

}  // namespace

Result<Response> list_records(Context& context, Request& request) {
  SKERRY_TRY(const Kind* const kind, kind_of(request));
  SKERRY_TRY(const auto position, read_cursor(context, request));
  const store::Reader reader = context.node.database.read();
  SKERRY_TRY(RecordQuery query, read_record_query(*reader, request, *kind));
  if (position) query.list.after = read_position(*position);
  const store::ListPage page = store::list_records(*reader, query.list);
  Response response =
      list_answer(context, request, join(page.items),
                  page.next ? std::optional(write_position(*page.next)) : std::nullopt);
  if (query.counted) add_total(response, store::count_records(*reader, query.list));
  return response;
}

Result<Response> search_records(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"q", "limit"}));
  SKERRY_TRY(const int limit, read_limit(request, search_limit_default));
  const auto text = request.query("q");
  if (!text) return fail(Errc::bad_request, "q, the words to look for, is missing");
  ListQuery query;
  SKERRY_TRY(query.words, words_in(*text));
  query.archived = store::Archived::include;  // what is archived is still found by its name
  query.limit = limit;
  query.customers = request.principal->customers;
  const store::Reader reader = context.node.database.read();
  std::vector<Hits> found;
  for (const Kind& kind : all_kinds()) {
    if (!store::is_searched(kind)) continue;
    query.kind = &kind;
    found.push_back({&kind, store::list_records(*reader, query)});
  }
  share(found, static_cast<std::size_t>(limit));
  std::string body = "{\"items\":[";
  for (const Hits& hits : found)
    for (std::size_t i = 0; i < hits.taken; ++i) append_hit(body, *reader, hits, i);
  return Response::json(200, body + "]}");
}

}  // namespace skerry::api
