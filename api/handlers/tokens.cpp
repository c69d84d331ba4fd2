#include "api/handlers/tokens.hpp"

#include <algorithm>
#include <array>

#include "api/handlers/author.hpp"
#include "api/handlers/body_reader.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/users.hpp"
#include "api/retry.hpp"
#include "api/time_json.hpp"
#include "api/work.hpp"
#include "core/timestamp.hpp"
#include "crypto/token.hpp"
#include "store/log_event.hpp"
#include "store/tokens.hpp"

namespace skerry::api {
namespace {

using store::Connection;
using store::Token;

constexpr std::array<std::string_view, 4> known_access{"read", "write", "seats", "admin"};

json::object to_json(const Token& token) {
  return {{"id", to_string(token.id)},
          {"name", token.name},
          {"access", json::array(token.access.begin(), token.access.end())},
          {"customers", customers_json(token.customers)},
          {"created_at", format_timestamp(token.created_at)},
          {"expires_at", time_or_null(token.expires_at)},
          {"last_used_at", time_or_null(token.last_used_at)},
          {"revoked_at", time_or_null(token.revoked_at)}};
}

void log_token(Context& context, Connection& connection, std::string_view event, const Token& token,
               const store::Author& author) {
  const json::object facts{{"token", token.name},
                           {"access", json::array(token.access.begin(), token.access.end())},
                           {"customers", customers_json(token.customers)}};
  store::append_event(connection, context.node.log, event, facts, author);
}

Result<Token> read_token(const json::object& body, UnixMillis now) {
  BodyReader reader(body, {"name", "access", "customers", "expires_at"});
  Token token;
  token.name = reader.name("name", true, store::token_name_characters_max);
  const json::value* const value = reader.required("access");
  const json::array* const names = value ? value->if_array() : nullptr;
  const auto is_known = [](const json::value& name) {
    return name.is_string() &&
           std::ranges::find(known_access, std::string_view(name.get_string())) !=
               known_access.end();
  };
  if (value && (!names || names->empty() || !std::ranges::all_of(*names, is_known)))
    reader.refuse("access", "bad_choice", "must be an array of some of read, write, seats, admin");
  else if (names)
    for (const std::string_view known : known_access)
      if (std::ranges::find(*names, json::value(known)) != names->end())
        token.access.emplace_back(known);
  token.customers = reader.customers("customers");
  if (!token.customers.empty() && std::ranges::count(token.access, "admin") > 0)
    reader.refuse("customers", "bad_customers", "an administrator is not limited to customers");
  if (token.customers.empty() && std::ranges::count(token.access, "seats") > 0)
    reader.refuse("customers", "bad_customers", "who takes seats is limited to customers");
  token.expires_at = reader.end("expires_at", now);
  SKERRY_TRY_VOID(reader.done("the token"));
  token.created_at = now;
  return token;
}

}  // namespace

// A token is shown once: a retry by key gives its description without it.
Task<Result<Response>> create_token(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const json::object body, request.json_body());
  const UnixMillis now = context.node.clock.wall_ms();
  SKERRY_CO_TRY(Token token, read_token(body, now));
  token.id = new_record_id(now, context.node.random);
  const std::string secret = crypto::new_token("api", context.node.random);
  token.hash = crypto::token_hash(secret);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<void> {
    SKERRY_TRY_VOID(check_customers(connection, token.customers));
    SKERRY_TRY_VOID(store::insert_token(connection, token));
    log_token(context, connection, "token_made", token, author);
    retry.keep(connection, Response::json(201, json::value(to_json(token))));
    return {};
  };
  auto made = co_await write_or_try(context, work, dry_run);
  if (!made) co_return tl::unexpected<Error>(std::move(made).error());
  context.tokens->forget_all();
  json::object answer = to_json(token);
  if (!dry_run) answer["token"] = secret;
  Response response = Response::json(201, json::value(std::move(answer)));
  response.header("Cache-Control", "no-store");
  co_return response;
}

Result<Response> list_tokens(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  json::array items;
  const store::Reader reader = context.node.database.read();
  for (const Token& token : store::list_tokens(*reader)) items.push_back(to_json(token));
  return Response::json(200, json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Task<Result<Response>> revoke_token(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const auto id = parse_id<RecordId>(request.param("id"));
  if (!id) co_return fail(Errc::not_found, "no token has this id", "skerry token list");
  const UnixMillis now = context.node.clock.wall_ms();
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Token> {
    const auto before = store::find_token(connection, *id);
    SKERRY_TRY(Token revoked, store::revoke_token(connection, *id, now));
    if (!before->revoked_at) log_token(context, connection, "token_revoked", revoked, author);
    return revoked;
  };
  auto token = co_await write_or_try(context, work, dry_run);
  if (!token) co_return tl::unexpected<Error>(std::move(token).error());
  context.tokens->forget_all();
  co_return Response::json(200, json::value(to_json(*token)));
}

}  // namespace skerry::api
