#include "api/handlers/conflicts.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/list_request.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/json_text.hpp"
#include "store/conflicts.hpp"
#include "store/resolve_conflict.hpp"

namespace skerry::api {
namespace {

using store::Conflict;
using store::Connection;

Result<RecordId> id_of(const Request& request) {
  const auto id = parse_id<RecordId>(request.param("id"));
  if (!id) return fail(Errc::not_found, "no conflict has this id", "skerry conflict list --all");
  return *id;
}

json::value label_of(Connection& connection, const Kind& kind, const RecordId& id) {
  const auto record = store::find_record(connection, kind, id);
  return record ? json::value(store::record_label(*record)) : json::value();
}

json::object describe(Connection& connection, const Conflict& conflict) {
  json::object object = store::to_json(conflict);
  object["label"] = label_of(connection, *conflict.kind, conflict.record);
  const auto other = conflict.other();
  object["other"] = other ? json::value(to_string(*other)) : json::value();
  object["other_label"] = other ? label_of(connection, *conflict.kind, *other) : json::value();
  return object;
}

// With the record as it stands here, or null when it is gone.
std::string describe_whole(Connection& connection, const Conflict& conflict) {
  std::string text = to_json_text(describe(connection, conflict));
  text.pop_back();
  text += ",\"present\":";
  if (!store::append_found_json(text, connection, *conflict.kind, conflict.record)) text += "null";
  text += '}';
  return text;
}

Result<store::ConflictDecision> read_decision(const Request& request) {
  SKERRY_TRY(json::object body, request.json_body());
  const json::value* choose = body.if_contains("choose");
  const json::value* value = body.if_contains("value");
  const auto refuse = [](const char* pointer, const char* code, const char* detail) {
    return fail(Error(Errc::validation_failed, detail, {}, {{pointer, code, detail}}));
  };
  for (const auto& [name, ignored] : body)
    if (name != "choose" && name != "value")
      return fail(Error(Errc::validation_failed, "a decision is {\"choose\"} or {\"value\"}", {},
                        {{fmt::format("/{}", std::string_view(name)), "unknown_field",
                          "a decision has no such member"}}));
  if ((choose == nullptr) == (value == nullptr))
    return refuse("", "required", "give either choose (winner or loser) or value");
  if (value) return store::ConflictDecision(*value);
  if (choose->is_string() && choose->get_string() == "winner")
    return store::ConflictDecision(store::ConflictChoice::winner);
  if (choose->is_string() && choose->get_string() == "loser")
    return store::ConflictDecision(store::ConflictChoice::loser);
  return refuse("/choose", "bad_choice", "must be winner or loser");
}

}  // namespace

Result<Response> list_conflicts(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"state", "record", "limit", "cursor"}));
  store::ConflictQuery query;
  SKERRY_TRY(const int limit, read_limit(request, 50));
  query.limit = limit + 1;
  if (const auto state = request.query("state")) {
    if (*state != "open" && *state != "resolved")
      return fail(Errc::bad_request, "state must be open or resolved");
    query.open = *state == "open";
  }
  if (const auto record = request.query("record")) {
    query.record = parse_id<RecordId>(*record);
    if (!query.record) return fail(Errc::bad_request, "record must be a record id (a UUID)");
  }
  SKERRY_TRY(const auto position, read_cursor(context, request));
  if (position) {  // authentic: written below
    const json::array parts = json::parse(*position).as_array();
    query.after_created_at = parts.at(0).as_int64();
    query.after_id = parse_id<RecordId>(parts.at(1).as_string()).value();
  }
  const store::Reader reader = context.node.database.read();
  auto conflicts = store::list_conflicts(*reader, query);
  std::optional<std::string> next;
  if (std::ssize(conflicts) > limit) {
    conflicts.pop_back();
    const Conflict& last = conflicts.back();
    next = json::serialize(json::array{last.created_at, to_string(last.id)});
  }
  std::string items;
  for (const Conflict& conflict : conflicts) {
    if (!items.empty()) items += ',';
    append_json(items, describe(*reader, conflict));
  }
  return list_answer(context, request, std::move(items), next);
}

Result<Response> get_conflict(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, id_of(request));
  const store::Reader reader = context.node.database.read();
  const auto conflict = store::find_conflict(*reader, id);
  if (!conflict)
    return fail(Errc::not_found, "no conflict has this id", "skerry conflict list --all");
  return Response::json(200, describe_whole(*reader, *conflict));
}

Task<Result<Response>> resolve_conflict(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const RecordId id, id_of(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const store::ConflictDecision decision, read_decision(request));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    SKERRY_TRY(const Conflict conflict,
               store::resolve_conflict(connection, context.node.log, context.role,
                                       context.node.random, id, decision, author));
    Response response = Response::json(200, describe_whole(connection, conflict));
    retry.keep(connection, response);
    return response;
  };
  auto response = co_await write(context, work);
  co_return response;
}

}  // namespace skerry::api
