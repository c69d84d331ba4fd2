#include "api/handlers/conflict_rules.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/retry.hpp"
#include "core/text.hpp"
#include "store/conflict_rules.hpp"

namespace skerry::api {
namespace {

struct Wish {
  std::string kind;
  std::string field;
  store::Side side = store::Side::central;
};

Result<Wish> read_wish(const Request& request) {
  SKERRY_TRY(const json::object body, request.json_body());
  Wish wish;
  std::vector<FieldError> errors;
  bool has_side = false;
  for (const auto& [name, value] : body) {
    const std::string pointer = "/" + escape_pointer(name);
    if (name != "kind" && name != "field" && name != "side")
      errors.push_back({pointer, "unknown_field", "a rule has kind, field and side"});
    else if (!value.is_string())
      errors.push_back({pointer, "wrong_type", "must be a text"});
    else if (name == "kind")
      wish.kind = value.get_string();
    else if (name == "field")
      wish.field = value.get_string();
    else if (const auto side = store::parse_side(value.get_string()); side && (has_side = true))
      wish.side = *side;
    else
      errors.push_back({pointer, "bad_choice", "must be central or site"});
  }
  if (errors.empty() && (wish.kind.empty() || wish.field.empty() || !has_side))
    errors.push_back({"", "required", "a rule has kind, field and side"});
  if (errors.empty()) return wish;
  return fail(Error(Errc::validation_failed, "the rule is not acceptable", {}, std::move(errors)));
}

}  // namespace

Result<Response> list_conflict_rules(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  json::array items;
  for (const store::ConflictRule& rule : store::list_rules(*reader))
    items.push_back(store::to_json(rule));
  return Response::json(200, json::object{{"items", std::move(items)}});
}

Task<Result<Response>> set_conflict_rule(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const Wish wish, read_wish(request));
  const store::Author author = author_of(request);
  auto work = [&](store::Connection& connection) -> Result<Response> {
    SKERRY_TRY(const store::ConflictRule rule,
               store::set_rule(connection, context.node.log, context.role, wish.kind, wish.field,
                               wish.side, author));
    Response response = Response::json(200, store::to_json(rule));
    retry.keep(connection, response);
    return response;
  };
  auto response = co_await write_or_try(context, work, dry_run);
  co_return response;
}

Task<Result<Response>> delete_conflict_rule(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const std::string kind(request.param("kind"));
  const std::string field(request.param("field"));
  const store::Author author = author_of(request);
  auto work = [&](store::Connection& connection) -> Result<Response> {
    SKERRY_TRY_VOID(
        store::remove_rule(connection, context.node.log, context.role, kind, field, author));
    return Response::empty();
  };
  auto response = co_await write_or_try(context, work, dry_run);
  co_return response;
}

}  // namespace skerry::api
