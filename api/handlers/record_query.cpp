#include "api/handlers/record_query.hpp"

#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "store/sqlite/search_index.hpp"

namespace skerry::api {
namespace {

using store::Archived;
using store::ListQuery;

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

// False: the words of the search match nothing, ever.
Result<bool> read_search(ListQuery& query, std::string_view text) {
  query.match = store::search_index::match_expression(text);
  return query.match.has_value();
}

}  // namespace

Result<RecordQuery> read_record_query(const Request& request, const Kind& kind) {
  RecordQuery read;
  ListQuery& query = read.list;
  query.kind = &kind;
  SKERRY_TRY(query.limit, read_limit(request, store::list_limit_default));
  for (const QueryParameter& parameter : request.queries()) {
    if (parameter.name == "limit" || parameter.name == "cursor") continue;
    if (parameter.name == "sort") {
      SKERRY_TRY_VOID(read_sort(query, parameter.value));
    } else if (parameter.name == "archived") {
      SKERRY_TRY(query.archived, read_archived(parameter.value));
    } else if (parameter.name == "q") {
      SKERRY_TRY(const bool words, read_search(query, parameter.value));
      read.nothing = !words;
    } else {
      SKERRY_TRY(FieldValue filter, read_filter(kind, parameter));
      query.filters.push_back(std::move(filter));
    }
  }
  if (request.query("q") && request.query("sort"))
    return fail(Errc::bad_request, "a search comes in the order in which records were made here",
                "leave sort or q out");
  return read;
}

}  // namespace skerry::api
