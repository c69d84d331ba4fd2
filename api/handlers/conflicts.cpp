#include "api/handlers/conflicts.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/list_request.hpp"
#include "api/retry.hpp"
#include "core/json_text.hpp"
#include "store/conflict_rules.hpp"

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

tl::unexpected<Error> refuse(const char* pointer, const char* code, const char* detail) {
  return fail(Error(Errc::validation_failed, detail, {}, {{pointer, code, detail}}));
}

// What a person decides. A side is one of the two values only when the conflict is known.
struct Decision {
  std::variant<store::ConflictChoice, store::Side, json::value> what;
  bool always = false;
};

Result<Decision> read_decision(const Request& request) {
  SKERRY_TRY(json::object body, request.json_body());
  const json::value* choose = body.if_contains("choose");
  const json::value* value = body.if_contains("value");
  const json::value* always = body.if_contains("always");
  for (const auto& [name, ignored] : body)
    if (name != "choose" && name != "value" && name != "always")
      return fail(Error(Errc::validation_failed,
                        "a decision is {\"choose\"} or {\"value\"}, and \"always\"", {},
                        {{fmt::format("/{}", std::string_view(name)), "unknown_field",
                          "a decision has no such member"}}));
  if ((choose == nullptr) == (value == nullptr))
    return refuse("", "required", "give either choose (winner, loser, central or site) or value");
  if (always && !always->is_bool()) return refuse("/always", "wrong_type", "must be true or false");
  Decision decision;
  decision.always = always && always->get_bool();
  if (value && decision.always)
    return refuse("/always", "bad_choice", "a rule chooses a side, not a value");
  const std::string_view chosen =
      choose && choose->is_string() ? std::string_view(choose->get_string()) : std::string_view();
  if (value)
    decision.what = *value;
  else if (const auto side = store::parse_side(chosen))
    decision.what = *side;
  else if (chosen == "winner" || chosen == "loser")
    decision.what =
        chosen == "winner" ? store::ConflictChoice::winner : store::ConflictChoice::loser;
  else
    return refuse("/choose", "bad_choice", "must be winner, loser, central or site");
  return decision;
}

// The two values of a decision for the store; a side that both values have, or none, is no choice.
Result<store::ConflictDecision> for_conflict(Connection& connection, const RecordId& id,
                                             const Decision& decision) {
  if (const auto* value = std::get_if<json::value>(&decision.what))
    return store::ConflictDecision(*value);
  if (const auto* choice = std::get_if<store::ConflictChoice>(&decision.what))
    return store::ConflictDecision(*choice);
  const auto conflict = store::find_conflict(connection, id);
  const auto choice = conflict ? store::choice_of(std::get<store::Side>(decision.what), *conflict)
                               : std::optional(store::ConflictChoice::winner);  // it is not found
  if (!choice)
    return refuse("/choose", "bad_choice",
                  "both values are of sites, or both of central: choose winner or loser");
  return store::ConflictDecision(*choice);
}

// The rule that decides alike from now on.
Result<void> make_rule(Context& context, Connection& connection, const Conflict& conflict,
                       const store::ConflictDecision& decision, const store::Author& author) {
  const auto side = store::side_of(std::get<store::ConflictChoice>(decision), conflict);
  if (!side || conflict.type != store::ConflictType::concurrent)
    return refuse("/always", "bad_choice",
                  "a rule is for values that central and a site wrote at once");
  return store::set_rule(connection, context.node.log, context.role, conflict.kind->name,
                         conflict.field, *side, author)
      .map([](const store::ConflictRule&) {});
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
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(const RecordId id, id_of(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const Decision wanted, read_decision(request));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    SKERRY_TRY(const store::ConflictDecision decision, for_conflict(connection, id, wanted));
    SKERRY_TRY(const Conflict conflict,
               store::resolve_conflict(connection, context.node.log, context.role,
                                       context.node.random, id, decision, author));
    if (wanted.always) SKERRY_TRY_VOID(make_rule(context, connection, conflict, decision, author));
    Response response = Response::json(200, describe_whole(connection, conflict));
    retry.keep(connection, response);
    return response;
  };
  auto response = co_await write_or_try(context, work, dry_run);
  co_return response;
}

Task<Result<Response>> undo_conflict(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(const RecordId id, id_of(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    SKERRY_TRY(const Conflict conflict,
               store::undo_conflict(connection, context.node.log, context.role, context.node.random,
                                    id, author));
    Response response = Response::json(200, describe_whole(connection, conflict));
    retry.keep(connection, response);
    return response;
  };
  auto response = co_await write_or_try(context, work, dry_run);
  co_return response;
}

}  // namespace skerry::api
