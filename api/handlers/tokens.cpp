#include "api/handlers/tokens.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "crypto/token.hpp"
#include "store/tokens.hpp"

namespace skerry::api {
namespace {

using store::Connection;
using store::Token;

constexpr std::array<std::string_view, 3> known_access{"read", "write", "admin"};

json::value time_or_null(const std::optional<UnixMillis>& time) {
  return time ? json::value(format_timestamp(*time)) : json::value();
}

json::object to_json(const Token& token) {
  return {{"id", to_string(token.id)},
          {"name", token.name},
          {"access", json::array(token.access.begin(), token.access.end())},
          {"created_at", format_timestamp(token.created_at)},
          {"expires_at", time_or_null(token.expires_at)},
          {"last_used_at", time_or_null(token.last_used_at)},
          {"revoked_at", time_or_null(token.revoked_at)}};
}

// Reads the members of a request for a token, and keeps every complaint.
class TokenReader {
 public:
  TokenReader(const json::object& body, UnixMillis now) : body_(body), now_(now) {}

  Result<Token> read() {
    for (const auto& [name, ignored] : body_)
      if (name != "name" && name != "access" && name != "expires_at")
        refuse(name, "unknown_field", "a token has no such member");
    read_name();
    read_access();
    read_expiry();
    if (!errors_.empty())
      return fail(
          Error(Errc::validation_failed, "the token is not acceptable", {}, std::move(errors_)));
    token_.created_at = now_;
    return std::move(token_);
  }

 private:
  void refuse(std::string_view member, std::string code, std::string detail) {
    errors_.push_back({"/" + escape_pointer(member), std::move(code), std::move(detail)});
  }

  void read_name() {
    const json::value* value = body_.if_contains("name");
    if (!value) return refuse("name", "required", "is required");
    const json::string* text = value->if_string();
    if (!text) return refuse("name", "wrong_type", "must be a string");
    const std::size_t characters = count_characters(*text);
    if (is_blank(*text) || characters > store::token_name_characters_max ||
        std::any_of(text->begin(), text->end(),
                    [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }))
      return refuse("name", "bad_name", "must be 1 to 100 characters, no control characters");
    token_.name = *text;
  }

  void read_access() {
    const json::value* value = body_.if_contains("access");
    if (!value) return refuse("access", "required", "is required: some of read, write, admin");
    const json::array* names = value->if_array();
    if (!names || names->empty())
      return refuse("access", "wrong_type", "must be an array of some of read, write, admin");
    for (const json::value& name : *names)
      if (!name.is_string() || std::find(known_access.begin(), known_access.end(),
                                         std::string_view(name.get_string())) == known_access.end())
        return refuse("access", "bad_choice", "must be some of read, write, admin");
    for (const std::string_view known : known_access)
      if (std::find(names->begin(), names->end(), json::value(known)) != names->end())
        token_.access.emplace_back(known);
  }

  void read_expiry() {
    const json::value* value = body_.if_contains("expires_at");
    if (!value || value->is_null()) return;
    const json::string* text = value->if_string();
    token_.expires_at = text ? parse_timestamp(*text) : std::nullopt;
    if (!token_.expires_at)
      return refuse("expires_at", "bad_time", "must be a time such as 2026-03-02T10:11:12Z");
    if (*token_.expires_at <= now_) refuse("expires_at", "in_the_past", "must be in the future");
  }

  const json::object& body_;
  const UnixMillis now_;
  Token token_;
  std::vector<FieldError> errors_;
};

}  // namespace

// A token is shown once: a retry by key gives its description without it.
Task<Result<Response>> create_token(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const json::object body, request.json_body());
  const UnixMillis now = context.node.clock.wall_ms();
  SKERRY_CO_TRY(Token token, TokenReader(body, now).read());
  token.id = new_record_id(now, context.node.random);
  const std::string secret = crypto::new_token("api", context.node.random);
  token.hash = crypto::token_hash(secret);
  auto work = [&](Connection& connection) -> Result<void> {
    SKERRY_TRY_VOID(store::insert_token(connection, token));
    retry.keep(connection, Response::json(201, json::value(to_json(token))));
    return {};
  };
  auto made = co_await write(context, work);
  if (!made) co_return tl::unexpected<Error>(std::move(made).error());
  context.tokens->forget_all();
  json::object answer = to_json(token);
  answer["token"] = secret;
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
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  const auto id = parse_id<RecordId>(request.param("id"));
  if (!id) co_return fail(Errc::not_found, "no token has this id", "skerry token list");
  const UnixMillis now = context.node.clock.wall_ms();
  auto work = [&](Connection& connection) -> Result<Token> {
    return store::revoke_token(connection, *id, now);
  };
  auto token = co_await write(context, work);
  if (!token) co_return tl::unexpected<Error>(std::move(token).error());
  context.tokens->forget_all();
  co_return Response::json(200, json::value(to_json(*token)));
}

}  // namespace skerry::api
