#include "api/handlers/records.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/entity_tag.hpp"
#include "api/problem.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/json_text.hpp"
#include "store/write_records.hpp"

namespace skerry::api {
namespace {

using store::Connection;
using store::Record;

Result<const Kind*> kind_of(const Request& request) {
  const Kind* kind = find_kind_by_plural(request.param("plural"));
  if (kind) return kind;
  std::string known;
  for (const Kind& each : all_kinds())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", each.plural);
  return fail(Errc::not_found, "there is no such kind of record", "the kinds are: " + known);
}

tl::unexpected<Error> no_record(const Kind& kind) {
  return fail(Errc::not_found, fmt::format("no {} has this id", kind.name));
}

// What is no id names no record.
Result<RecordId> id_of(const Request& request, const Kind& kind) {
  const auto id = parse_id<RecordId>(request.param("id"));
  if (!id) return no_record(kind);
  return *id;
}

struct NewRecord {
  std::optional<RecordId> id;
  FieldValues values;
};

// The fields of the kind, and `id` beside them.
Result<NewRecord> read_new_record(const Kind& kind, const Request& request) {
  SKERRY_TRY(json::object body, request.json_body());
  NewRecord made;
  std::vector<FieldError> id_errors;
  if (const json::value* id = body.if_contains("id")) {
    if (const json::string* text = id->if_string()) made.id = parse_id<RecordId>(*text);
    if (!made.id || made.id->is_zero())
      id_errors.push_back({"/id", "bad_id", "is not a record id (a UUID)"});
    body.erase("id");
  }
  auto values = read_new(kind, body);
  if (!id_errors.empty()) {
    Error error = values ? Error(Errc::validation_failed, "the id is not acceptable")
                         : std::move(values).error();
    error.errors.insert(error.errors.begin(), id_errors.begin(), id_errors.end());
    return fail(std::move(error));
  }
  if (!values) return fail(std::move(values).error());
  made.values = std::move(*values);
  return made;
}

Response record_answer(unsigned status, const Record& record) {
  Response response = Response::json(status, store::record_json(record));
  response.header("ETag", entity_tag(record.revision));
  return response;
}

Response created_answer(const Record& record) {
  Response response = record_answer(201, record);
  response.header("Location", fmt::format("/v1/{}/{}", record.kind->plural, to_string(record.id)));
  return response;
}

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

// 412 with the record as it is now, so that the client can decide without another request.
Response precondition_answer(Context& context, const Request& request, Error error,
                             const Kind& kind, const RecordId& id, const json::object& patch) {
  const store::Reader reader = context.node.database.read();
  const auto record = store::find_record(*reader, kind, id);
  if (record) error.errors = differences(*record, patch);
  Response response = problem(error, request.id);
  if (record) add_current(response, *record);
  return response;
}

}  // namespace

Task<Result<Response>> create_record(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(NewRecord made, read_new_record(*kind, request));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Record> {
    store::RecordWriter writer(connection, context.node.log, context.role, context.node.random);
    SKERRY_TRY(Record record, writer.create(*kind, made.id, std::move(made.values), author));
    if (retry.has_key()) retry.keep(connection, created_answer(record));
    return record;
  };
  auto record = co_await write(context, work);
  if (!record) co_return tl::unexpected<Error>(std::move(record).error());
  co_return created_answer(*record);
}

Result<Response> get_record(Context& context, Request& request) {
  SKERRY_TRY(const Kind* const kind, kind_of(request));
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, id_of(request, *kind));
  std::string body;
  body.reserve(512);
  std::optional<std::int64_t> revision;
  {
    const store::Reader reader = context.node.database.read();
    revision = store::append_found_json(body, *reader, *kind, id);
  }
  if (!revision) return no_record(*kind);
  const std::string_view known = request.header("If-None-Match");
  const bool unchanged = !known.empty() && none_match_fails(known, *revision);
  Response response = unchanged ? Response::empty(304) : Response::json(200, std::move(body));
  response.header("ETag", entity_tag(*revision));
  return response;
}

Task<Result<Response>> patch_record(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const RecordId id, id_of(request, *kind));
  SKERRY_CO_TRY(const auto revision, required_revision(request.header("If-Match")));
  SKERRY_CO_TRY(const json::object patch, request.json_body());
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Record> {
    store::RecordWriter writer(connection, context.node.log, context.role, context.node.random);
    return writer.update(*kind, id, patch, revision, author);
  };
  auto record = co_await write(context, work);
  if (record) co_return record_answer(200, *record);
  if (record.error().code == Errc::precondition_failed)
    co_return precondition_answer(context, request, std::move(record).error(), *kind, id, patch);
  co_return tl::unexpected<Error>(std::move(record).error());
}

Task<Result<Response>> delete_record(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const RecordId id, id_of(request, *kind));
  SKERRY_CO_TRY(const auto revision, required_revision(request.header("If-Match")));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, context.node.log, context.role, context.node.random);
    return writer.remove(*kind, id, revision, author);
  };
  auto removed = co_await write(context, work);
  if (removed) co_return Response::empty(204);
  if (removed.error().code == Errc::precondition_failed) {
    const json::object nothing;
    co_return precondition_answer(context, request, std::move(removed).error(), *kind, id, nothing);
  }
  co_return tl::unexpected<Error>(std::move(removed).error());
}

}  // namespace skerry::api
