#include "api/handlers/records.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/entity_tag.hpp"
#include "api/handlers/record_request.hpp"
#include "api/problem.hpp"
#include "api/retry.hpp"
#include "core/json_text.hpp"
#include "store/hard_delete.hpp"

namespace skerry::api {
namespace {

using store::Connection;
using store::Record;

// 409 with what would go, and the token that says that it was seen.
Response in_use_answer(const Request& request, const Record& record,
                       const store::Dependants& dependants) {
  const Kind& kind = *record.kind;
  const std::string token = dependants.token(record.id);
  Response response = problem(
      Error(Errc::in_use,
            fmt::format("this {} is referred to by {}", kind.name, dependants.to_text()),
            fmt::format("to delete all of it, repeat the request with confirm=<the {} of the {}> "
                        "and token={}",
                        store::confirmation_of(record).field, kind.name, token)),
      request.id);
  json::object counts;
  for (const auto& [plural, count] : dependants.counts) counts[plural] = count;
  auto& body = std::get<std::string>(response.body);
  body.pop_back();
  body += fmt::format(",\"counts\":{},\"mentions\":{},\"token\":\"{}\"}}", to_json_text(counts),
                      dependants.mentions.size(), token);
  return response;
}

}  // namespace

Task<Result<Response>> create_record(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  if (auto refused = refuse_unwritten(request, *kind, "GET, HEAD, OPTIONS"))
    co_return std::move(*refused);
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(json::object body, request.json_body());
  NewRecord made = read_new_record(*kind, std::move(body));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Record> {
    store::RecordWriter writer = record_writer(context, connection);
    SKERRY_TRY(Record record, writer.create(*kind, made.id, std::move(made.values), author,
                                            std::move(made.errors)));
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
    SKERRY_TRY_VOID(check_seen(*reader, request, *kind, id));
    revision = store::append_found_json(body, *reader, *kind, id);
  }
  if (!revision) return fail(store::no_such(*kind));
  const std::string_view known = request.header("If-None-Match");
  const bool unchanged = !known.empty() && none_match_fails(known, *revision);
  Response response = unchanged ? Response::empty(304) : Response::json(200, std::move(body));
  response.header("ETag", entity_tag(*revision));
  return response;
}

Task<Result<Response>> patch_record(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(const RecordId id, id_of(request, *kind));
  SKERRY_CO_TRY(const auto revision, required_revision(request.header("If-Match")));
  SKERRY_CO_TRY(const json::object patch, request.json_body());
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Record> {
    store::RecordWriter writer = record_writer(context, connection);
    return writer.update(*kind, id, patch, revision, author);
  };
  auto record = co_await write_or_try(context, work, dry_run);
  if (record) co_return record_answer(200, *record);
  if (record.error().code == Errc::precondition_failed) {
    const store::Reader reader = context.node.database.read();
    co_return precondition_answer(*reader, std::move(record).error(), *kind, id, patch, request.id);
  }
  co_return tl::unexpected<Error>(std::move(record).error());
}

Task<Result<Response>> delete_record(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  if (auto refused = refuse_unwritten(request, *kind, "GET, HEAD, PATCH, OPTIONS"))
    co_return std::move(*refused);
  SKERRY_CO_TRY_VOID(request.allow_queries({"confirm", "token"}));
  SKERRY_CO_TRY(const RecordId id, id_of(request, *kind));
  SKERRY_CO_TRY(const auto revision, required_revision(request.header("If-Match")));
  const auto confirm = request.query("confirm");
  const auto token = request.query("token");
  if (confirm.has_value() != token.has_value())
    co_return fail(Errc::bad_request, "confirm and token go together",
                   "delete it without both to see what would go");
  if (confirm && !request.principal->may(Access::admin))
    co_return fail(Errc::forbidden, "deleting a record with what refers to it takes admin rights",
                   "ask an administrator, or delete first what refers to it");
  const store::Author author = author_of(request);
  std::optional<Record> refused;
  std::optional<store::Dependants> dependants;  // why
  auto work = [&](Connection& connection) -> Result<void> {
    store::RecordWriter writer = record_writer(context, connection);
    if (confirm) {
      SKERRY_TRY_VOID(
          store::hard_delete(connection, writer, *kind, id, revision, *confirm, *token, author));
      return {};
    }
    auto removed = writer.remove(*kind, id, revision, author);
    if (!removed && removed.error().code == Errc::in_use) {
      refused = store::find_record(connection, *kind, id);
      SKERRY_TRY(store::Dependants found, store::find_dependants(connection, *kind, id));
      SKERRY_TRY_VOID(store::check_deletable(connection, writer, *refused, found));
      dependants = std::move(found);
    }
    return removed;
  };
  auto removed = co_await write(context, work);
  if (removed) co_return Response::empty(204);
  if (removed.error().code == Errc::precondition_failed) {
    const store::Reader reader = context.node.database.read();
    co_return precondition_answer(*reader, std::move(removed).error(), *kind, id, {}, request.id);
  }
  if (dependants) co_return in_use_answer(request, *refused, *dependants);
  co_return tl::unexpected<Error>(std::move(removed).error());
}

}  // namespace skerry::api
