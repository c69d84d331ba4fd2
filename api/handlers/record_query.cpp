#include "api/handlers/record_query.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "store/custom_fields.hpp"

namespace skerry::api {
namespace {

using store::Archived;
using store::ListPosition;
using store::ListUse;

constexpr std::string_view custom_prefix = "custom.";

std::string known_parameters(const Kind& kind, ListUse use) {
  const std::string fields = fmt::format("{}", fmt::join(store::list_field_names(kind, use), ", "));
  if (use == ListUse::sort) return fmt::format("known here: id, {}; with - for descending", fields);
  return fmt::format("known here: limit, cursor, sort, archived, {}{}count, {}{}, {}",
                     store::has_scrapped(kind) ? "scrapped, " : "",
                     store::is_searched(kind) ? "q, " : "",
                     kind.find_field("custom") >= 0 ? "custom.KEY, " : "", fields,
                     fmt::join(store::list_bound_names(kind), ", "));
}

Result<const Field*> list_field(const Kind& kind, std::string_view name, ListUse use) {
  if (const Field* field = store::find_list_field(kind, name, use)) return field;
  return fail(Errc::bad_request,
              fmt::format("{} are not {} by \"{}\"", kind.plural,
                          use == ListUse::sort ? "sorted" : "filtered", name),
              known_parameters(kind, use));
}

json::value read_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return json::string(text);
  return number;
}

// A value in a query is text; the field says what it stands for.
json::value given_value(const Field& field, std::string_view text) {
  if (field.type == FieldType::boolean && (text == "true" || text == "false"))
    return text == "true";
  if (field.type == FieldType::integer) return read_integer(text);
  return json::string(text);
}

Result<json::value> filter_value(const Field& field, const QueryParameter& parameter) {
  std::vector<FieldError> errors;
  json::value value =
      read_value(field, given_value(field, parameter.value), parameter.name, errors);
  if (errors.empty()) return value;
  return fail(Errc::bad_request, fmt::format("{} {}", parameter.name, errors[0].detail));
}

Error without_value(const QueryParameter& parameter, bool may_be_none) {
  return Error(Errc::bad_request, fmt::format("{} must not be empty", parameter.name),
               may_be_none ? fmt::format("leave it out, or ask with {}=null for those without one",
                                         parameter.name)
                           : "leave it out");
}

Result<store::ListFilter> read_filter(const Kind& kind, const QueryParameter& parameter) {
  SKERRY_TRY(const Field* const field, list_field(kind, parameter.name, ListUse::filter));
  const bool may_be_none = store::may_be_asked_for_none(*field);
  if (parameter.value == "null" && may_be_none) return store::ListFilter{field, nullptr};
  if (parameter.value.empty()) return fail(without_value(parameter, may_be_none));
  SKERRY_TRY(json::value value, filter_value(*field, parameter));
  return store::ListFilter{field, std::move(value)};
}

// Both bounds of a field are one range. Which range comes first decides the order of the list, so
// it must not depend on the order of the parameters: a cursor does not.
Result<void> read_bound(store::ListQuery& query, const store::ListBound& bound,
                        const QueryParameter& parameter) {
  SKERRY_TRY(json::value value, filter_value(*bound.field, parameter));
  const auto place = [](const Field* field) {
    return std::pair(field != &store::updated_at_field, field->name);
  };
  auto range = std::find_if(query.ranges.begin(), query.ranges.end(), [&](const auto& each) {
    return place(each.field) >= place(bound.field);
  });
  if (range == query.ranges.end() || range->field != bound.field)
    range = query.ranges.insert(range, store::ListRange{bound.field, nullptr, nullptr});
  (bound.is_until ? range->until : range->since) = std::move(value);
  return {};
}

Result<Archived> read_mode(const QueryParameter& parameter) {
  if (parameter.value == "exclude") return Archived::exclude;
  if (parameter.value == "include") return Archived::include;
  if (parameter.value == "only") return Archived::only;
  return fail(Errc::bad_request,
              fmt::format("{} must be exclude, include or only", parameter.name));
}

Result<void> read_sort(store::ListQuery& query, std::string_view text) {
  query.descending = text.starts_with('-');
  if (query.descending) text.remove_prefix(1);
  query.sort_by_id = text == "id";
  if (query.sort_by_id) return {};
  SKERRY_TRY(query.sort, list_field(*query.kind, text, ListUse::sort));
  return {};
}

Result<void> read_words(RecordQuery& query, std::string_view text) {
  const Kind& kind = *query.list.kind;
  if (!store::is_searched(kind))
    return fail(Errc::bad_request, fmt::format("{} are not searched by words", kind.plural),
                "leave q out");
  SKERRY_TRY(query.list.words, words_in(text));
  return {};
}

// In the canonical form of core/kinds/validate.hpp: a whole number has no fraction.
std::optional<json::value> parse_number(std::string_view text) {
  constexpr double whole_max = 9007199254740992.0;  // 2^53
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  if (std::abs(number) < whole_max && number == std::trunc(number))
    return static_cast<std::int64_t>(number);
  return number;
}

// The value as a record would hold it; nullopt when none could. Any text may be an option: one that
// was taken out of the definition stays where it was chosen, and an answer that told of it only
// while somebody has it would tell of records that whoever asks does not see.
std::optional<json::value> custom_value(const store::CustomField& field, std::string_view text) {
  if (field.type == "number") return parse_number(text);
  if (field.type == "boolean") {
    if (text != "true" && text != "false") return std::nullopt;
    return text == "true";
  }
  if (field.type == "date" && !is_date(text)) return std::nullopt;
  return json::string(text);
}

Result<store::CustomFilter> read_custom(store::Connection& connection, const Kind& kind,
                                        const QueryParameter& parameter) {
  const std::string_view key = std::string_view(parameter.name).substr(custom_prefix.size());
  std::string known;
  for (const store::CustomField& field : store::custom_fields_of(connection, kind)) {
    if (field.key != key) {
      known += fmt::format("{}{}{}", known.empty() ? "" : ", ", custom_prefix, field.key);
      continue;
    }
    if (parameter.value == "null") return store::CustomFilter{field.key, std::nullopt};
    if (parameter.value.empty()) return fail(without_value(parameter, true));
    const auto value = custom_value(field, parameter.value);
    if (!value)
      return fail(Errc::bad_request, fmt::format("{} is {}, and \"{}\" is none", parameter.name,
                                                 with_article(field.type), parameter.value));
    return store::CustomFilter{field.key, store::custom_value_text(*value)};
  }
  return fail(Errc::bad_request, fmt::format("{} have no custom field \"{}\"", kind.plural, key),
              known.empty() ? "there are none" : "there are " + known);
}

Result<void> read_parameter(RecordQuery& query, store::Connection& connection,
                            const QueryParameter& parameter) {
  store::ListQuery& list = query.list;
  if (parameter.name == "sort") return read_sort(list, parameter.value);
  if (parameter.name == "q") return read_words(query, parameter.value);
  if (parameter.name == "archived") {
    SKERRY_TRY(list.archived, read_mode(parameter));
  } else if (parameter.name == "scrapped" && store::has_scrapped(*list.kind)) {
    SKERRY_TRY(list.scrapped, read_mode(parameter));
  } else if (const auto bound = store::find_list_bound(*list.kind, parameter.name)) {
    return read_bound(list, *bound, parameter);
  } else if (parameter.name == "count") {
    SKERRY_TRY(query.counted, read_flag(parameter));
  } else if (parameter.name.starts_with(custom_prefix)) {
    SKERRY_TRY(store::CustomFilter filter, read_custom(connection, *list.kind, parameter));
    list.custom.push_back(std::move(filter));
  } else {
    SKERRY_TRY(store::ListFilter filter, read_filter(*list.kind, parameter));
    list.filters.push_back(std::move(filter));
  }
  return {};
}

}  // namespace

Result<RecordQuery> read_record_query(store::Connection& connection, const Request& request,
                                      const Kind& kind) {
  RecordQuery query;
  query.list.kind = &kind;
  query.list.customers = request.principal->customers;
  // What is archived or scrapped is still found by its name.
  const bool searched = request.query("q").has_value();
  query.list.archived = searched ? Archived::include : Archived::exclude;
  if (store::has_scrapped(kind)) query.list.scrapped = query.list.archived;
  SKERRY_TRY(query.list.limit, read_limit(request, store::list_limit_default));
  for (const QueryParameter& parameter : request.queries())
    if (parameter.name != "limit" && parameter.name != "cursor")
      SKERRY_TRY_VOID(read_parameter(query, connection, parameter));
  // What is archived and scrapped is among those of either.
  if (store::has_scrapped(kind)) {
    if (query.list.archived == Archived::only && !request.query("scrapped"))
      query.list.scrapped = Archived::include;
    if (query.list.scrapped == Archived::only && !request.query("archived"))
      query.list.archived = Archived::include;
  }
  if (searched && request.query("sort"))
    return fail(Errc::bad_request, "what is searched comes in the order of the words found",
                "leave sort or q out");
  if (searched && query.counted)
    return fail(Errc::bad_request, "what is searched is not counted", "leave count or q out");
  return query;
}

// [id, value of the field the list is sorted by], or of a search [id, row, lead, term, is cut].
std::string write_position(const ListPosition& position) {
  json::array parts{to_string(position.id)};
  if (position.row == 0)
    parts.push_back(position.sort_value);
  else
    parts.insert(parts.end(), {position.row, position.lead, position.term, position.term_is_cut});
  return json::serialize(parts);
}

ListPosition read_position(std::string_view text) {
  const json::array parts = json::parse(text).as_array();
  ListPosition position;
  position.id = parse_id<RecordId>(parts.at(0).as_string()).value();
  if (parts.size() == 2) {
    position.sort_value = parts.at(1);
    return position;
  }
  position.row = parts.at(1).as_int64();
  position.lead = static_cast<std::size_t>(parts.at(2).as_int64());
  position.term = parts.at(3).as_string();
  position.term_is_cut = parts.at(4).as_bool();
  return position;
}

}  // namespace skerry::api
