#include "api/handlers/record_request.hpp"

#include <fmt/format.h>

#include "api/handlers/entity_tag.hpp"
#include "api/problem.hpp"
#include "api/router.hpp"
#include "core/json_text.hpp"
#include "core/kinds/validate.hpp"

namespace skerry::api {
namespace {

using store::Record;

// Puts `,"current":{…}` before the closing brace of a problem.
void add_current(Response& response, const Record& record) {
  auto& body = std::get<std::string>(response.body);
  body.pop_back();
  body += ",\"current\":";
  store::append_record_json(body, record);
  body += '}';
  response.header("ETag", entity_tag(record.revision));
}

// The fields that the client's patch would still change, each with what it holds now.
std::vector<FieldError> differences(const Record& record, const json::object& patch) {
  std::vector<FieldError> errors;
  const auto values = read_patch(*record.kind, patch, record.values);
  if (!values) return values.error().errors;
  for (const FieldValue& value : *values)
    errors.push_back({fmt::format("/{}", record.kind->fields[value.field].name), "differs",
                      fmt::format("is now {}", to_json_text(record.values[value.field]))});
  return errors;
}

}  // namespace

Result<const Kind*> kind_of(const Request& request) {
  const Kind* kind = find_kind_by_plural(request.param("plural"));
  if (kind) return kind;
  std::string known;
  for (const Kind& each : all_kinds())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", each.plural);
  return fail(Errc::not_found, "there is no such kind of record", "the kinds are: " + known);
}

Access access_to_write(const Kind& kind, const Route& route) {
  if (kind.administered) return Access::admin;
  return kind.name == "move" ? route.access : Access::write;
}

Access access_asked(const Request& request) {
  const Route& route = *request.route;
  const bool writes = route.access == Access::write || route.access == Access::move;
  if (!writes || !route.path.starts_with("/v1/{plural}")) return route.access;
  const Kind* const kind = find_kind_by_plural(request.param("plural"));
  return kind ? access_to_write(*kind, route) : route.access;
}

std::optional<Response> refuse_unwritten(const Request& request, const Kind& kind,
                                         std::string_view allow) {
  const auto written = store::check_written(kind);
  if (written) return std::nullopt;
  Response response = problem(written.error(), request.id);
  response.header("Allow", allow);
  return response;
}

Result<RecordId> id_of(const Request& request, const Kind& kind) {
  const auto id = parse_id<RecordId>(request.param("id"));
  if (!id) return fail(store::no_such(kind));
  return *id;
}

Result<void> check_seen(store::Connection& connection, const Request& request, const Kind& kind,
                        const RecordId& id) {
  const Principal& principal = *request.principal;
  if (!principal.is_limited()) return {};
  const auto record = store::find_record(connection, kind, id);
  if (record && store::is_seen(principal.customers, kind, record->scope)) return {};
  return fail(store::no_such(kind));
}

NewRecord read_new_record(const Kind& kind, json::object body) {
  NewRecord made;
  if (const json::value* id = body.if_contains("id")) {
    if (const json::string* text = id->if_string()) made.id = parse_id<RecordId>(*text);
    if (!made.id || !is_record_id(*made.id))
      made.errors.push_back({"/id", "bad_id", "is not a record id (a UUID of version 7)"});
    body.erase("id");
  }
  made.values = read_new(kind, body, made.errors);
  return made;
}

Response record_answer(unsigned status, const store::Record& record) {
  Response response = Response::json(status, store::record_json(record));
  response.header("ETag", entity_tag(record.revision));
  return response;
}

Response created_answer(const store::Record& record) {
  Response response = record_answer(201, record);
  response.header("Location", fmt::format("/v1/{}/{}", record.kind->plural, to_string(record.id)));
  return response;
}

Response precondition_answer(store::Connection& connection, Error error, const Kind& kind,
                             const RecordId& id, const json::object& patch,
                             std::string_view request_id) {
  const auto record = store::find_record(connection, kind, id);
  if (record) error.errors = differences(*record, patch);
  Response response = problem(error, request_id);
  if (record) add_current(response, *record);
  return response;
}

store::RecordWriter record_writer(Context& context, store::Connection& connection) {
  return {connection, context.node.log, context.role, context.node.random};
}

}  // namespace skerry::api
