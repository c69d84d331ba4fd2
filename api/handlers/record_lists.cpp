// Lists of one kind and the search over all of them.
#include <algorithm>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "api/handlers/record_query.hpp"
#include "api/handlers/records.hpp"
#include "store/sqlite/search_index.hpp"

namespace skerry::api {
namespace {

using store::Archived;
using store::ListPosition;
using store::ListQuery;

constexpr int search_limit_default = 20;

// What a cursor holds: [id, row, value of the field the list is sorted by].
std::string write_position(const ListPosition& position) {
  return json::serialize(json::array{to_string(position.id), position.row, position.sort_value});
}

ListPosition read_position(std::string_view text) {
  const json::array parts = json::parse(text).as_array();  // authentic: written above
  return {parse_id<RecordId>(parts.at(0).as_string()).value(), parts.at(1).as_int64(), parts.at(2)};
}

std::string join(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ","));
}

}  // namespace

Result<Response> list_records(Context& context, Request& request) {
  const Kind* kind = find_kind_by_plural(request.param("plural"));
  if (!kind) return fail(Errc::not_found, "there is no such kind of record");
  SKERRY_TRY(RecordQuery read, read_record_query(request, *kind));
  ListQuery& query = read.list;
  SKERRY_TRY(const auto position, read_cursor(context, request));
  if (position) query.after = read_position(*position);
  if (read.nothing) return list_answer(context, request, {}, std::nullopt);
  const store::Reader reader = context.node.database.read();
  const store::ListPage page = store::list_records(*reader, query);
  return list_answer(context, request, join(page.items),
                     page.next ? std::optional(write_position(*page.next)) : std::nullopt);
}

Result<Response> search_records(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"q", "limit"}));
  SKERRY_TRY(const int limit, read_limit(request, search_limit_default));
  const auto text = request.query("q");
  if (!text || text->empty())
    return fail(Errc::bad_request, "q, the words to look for, is missing");
  const auto match = store::search_index::match_expression(*text);
  std::vector<std::vector<std::string>> found(all_kinds().size());
  std::size_t available = 0;
  if (match) {
    const store::Reader reader = context.node.database.read();
    for (std::size_t i = 0; i < found.size(); ++i) {
      ListQuery query;
      query.kind = &all_kinds()[i];
      query.archived = Archived::include;  // what is archived is still found by its name
      query.match = match;
      query.limit = limit;
      found[i] = store::list_records(*reader, query).items;
      available += found[i].size();
    }
  }
  // Every kind gets its share, so that many of one do not hide the others.
  std::vector<std::size_t> taken(found.size());
  for (std::size_t left = std::min<std::size_t>(available, static_cast<std::size_t>(limit));
       left > 0;)
    for (std::size_t i = 0; i < found.size() && left > 0; ++i)
      if (taken[i] < found[i].size()) ++taken[i], --left;
  std::string body = "{\"items\":[";
  for (std::size_t i = 0; i < found.size(); ++i)
    for (std::size_t j = 0; j < taken[i]; ++j)
      body += fmt::format("{}{{\"kind\":\"{}\",\"record\":{}}}", body.back() == '[' ? "" : ",",
                          all_kinds()[i].name, found[i][j]);
  return Response::json(200, body + "]}");
}

}  // namespace skerry::api
