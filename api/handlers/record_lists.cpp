// Lists of one kind and the search over all of them.
#include <algorithm>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "api/handlers/records.hpp"
#include "store/list_records.hpp"
#include "store/sqlite/search_index.hpp"

namespace skerry::api {
namespace {

using store::Archived;
using store::ListPosition;
using store::ListQuery;

constexpr int search_limit_default = 20;

std::string known_parameters(const Kind& kind) {
  std::string known = "limit, cursor, sort, archived, q";
  for (const Field& field : kind.fields)
    if (field.filterable) known += fmt::format(", {}", field.name);
  return fmt::format("known here: {}", known);
}

Result<std::size_t> filterable_field(const Kind& kind, std::string_view name,
                                     std::string_view purpose) {
  const int position = kind.find_field(name);
  if (position < 0 || !kind.fields[static_cast<std::size_t>(position)].filterable)
    return fail(Errc::bad_request,
                fmt::format("{} are not {} by \"{}\"", kind.plural, purpose, name),
                known_parameters(kind));
  return static_cast<std::size_t>(position);
}

// A value in a query is text; the field says what it stands for.
Result<FieldValue> read_filter(const Kind& kind, const QueryParameter& parameter) {
  SKERRY_TRY(const std::size_t position, filterable_field(kind, parameter.name, "filtered"));
  const Field& field = kind.fields[position];
  json::value given(parameter.value);
  if (field.type == FieldType::boolean && (parameter.value == "true" || parameter.value == "false"))
    given = parameter.value == "true";
  std::vector<FieldError> errors;
  json::value value = read_value(field, given, parameter.name, errors);
  if (!errors.empty())
    return fail(Error(Errc::bad_request, fmt::format("{} {}", parameter.name, errors[0].detail)));
  return FieldValue{position, std::move(value)};
}

Result<Archived> read_archived(std::string_view text) {
  if (text == "exclude") return Archived::exclude;
  if (text == "include") return Archived::include;
  if (text == "only") return Archived::only;
  return fail(Errc::bad_request, "archived must be exclude, include or only");
}

Result<void> read_sort(ListQuery& query, std::string_view text) {
  query.descending = text.starts_with('-');
  if (query.descending) text.remove_prefix(1);
  if (text == "id") return {};
  SKERRY_TRY(query.sort, filterable_field(*query.kind, text, "sorted"));
  return {};
}

// What a cursor holds: [id, row, value of the field the list is sorted by].
std::string write_position(const ListPosition& position) {
  return json::serialize(json::array{to_string(position.id), position.row, position.sort_value});
}

ListPosition read_position(std::string_view text) {
  const json::array parts = json::parse(text).as_array();  // authentic: written above
  return {parse_id<RecordId>(parts.at(0).as_string()).value(), parts.at(1).as_int64(), parts.at(2)};
}

// False: the words of the search match nothing, ever.
Result<bool> read_search(ListQuery& query, std::string_view text) {
  query.match = store::search_index::match_expression(text);
  return query.match.has_value();
}

std::string join(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ","));
}

}  // namespace

Result<Response> list_records(Context& context, Request& request) {
  const Kind* kind = find_kind_by_plural(request.param("plural"));
  if (!kind) return fail(Errc::not_found, "there is no such kind of record");
  ListQuery query;
  query.kind = kind;
  bool nothing = false;
  SKERRY_TRY(query.limit, read_limit(request, store::list_limit_default));
  for (const QueryParameter& parameter : request.queries()) {
    if (parameter.name == "limit" || parameter.name == "cursor") continue;
    if (parameter.name == "sort") {
      SKERRY_TRY_VOID(read_sort(query, parameter.value));
    } else if (parameter.name == "archived") {
      SKERRY_TRY(query.archived, read_archived(parameter.value));
    } else if (parameter.name == "q") {
      SKERRY_TRY(const bool words, read_search(query, parameter.value));
      nothing = !words;
    } else {
      SKERRY_TRY(FieldValue filter, read_filter(*kind, parameter));
      query.filters.push_back(std::move(filter));
    }
  }
  if (request.query("q") && request.query("sort"))
    return fail(Errc::bad_request, "a search comes in the order in which records were made here",
                "leave sort or q out");
  SKERRY_TRY(const auto position, read_cursor(context, request));
  if (position) query.after = read_position(*position);
  if (nothing) return list_answer(context, request, {}, std::nullopt);
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
