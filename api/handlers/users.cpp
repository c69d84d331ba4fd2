#include "api/handlers/users.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/body_reader.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/entity_tag.hpp"
#include "api/retry.hpp"
#include "api/roles.hpp"
#include "api/time_json.hpp"
#include "api/work.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "crypto/token.hpp"
#include "store/log_event.hpp"
#include "store/record.hpp"

namespace skerry::api {
namespace {

using store::Account;
using store::Connection;

// An administrator's code opens everything, so it is used at once or not at all.
constexpr std::int64_t code_ms = 24 * 3'600'000;
constexpr std::int64_t administrators_code_ms = 30 * 60'000;

json::object to_json(const Account& account) {
  return {{"id", to_string(account.id)},
          {"revision", account.revision},
          {"name", account.name},
          {"role", account.role},
          {"customers", customers_json(account.customers)},
          {"created_at", format_timestamp(account.created_at)},
          {"expires_at", time_or_null(account.expires_at)},
          {"disabled_at", time_or_null(account.disabled_at)},
          {"signed_in_at", time_or_null(account.signed_in_at)},
          {"password_at", time_or_null(account.password_at)},
          {"code_until", time_or_null(account.code_until)}};
}

Response user_answer(unsigned status, const Account& account) {
  Response response = Response::json(status, json::value(to_json(account)));
  response.header("ETag", entity_tag(account.revision));
  return response;
}

Response answer_with_code(unsigned status, const Account& account, const std::string& code) {
  json::object body = to_json(account);
  body["code"] = code;
  Response response = Response::json(status, json::value(std::move(body)));
  response.header("ETag", entity_tag(account.revision));
  response.header("Cache-Control", "no-store");
  return response;
}

void log_user(Context& context, Connection& connection, std::string_view event,
              const Account& account, const store::Author& author) {
  const json::object facts{{"user", account.name},
                           {"role", account.role},
                           {"customers", customers_json(account.customers)},
                           {"expires_at", time_or_null(account.expires_at)}};
  store::append_event(connection, context.node.log, event, facts, author);
}

// Gives the code, of which the account keeps the hash.
std::string give_code(Account& account, UnixMillis now, Random& random) {
  const std::string code = crypto::new_token("code", random);
  account.code_hash = crypto::token_hash(code);
  account.code_until = now + (account.role == "admin" ? administrators_code_ms : code_ms);
  return code;
}

void read_role(BodyReader& reader, Account& account) {
  const std::string_view role = reader.text("role");
  account.role = role;
  if (!role.empty() && !find_role(role))
    reader.refuse("role", "bad_choice", fmt::format("must be one of {}", role_names()));
}

void check_limit(BodyReader& reader, const Account& account) {
  if (account.role == "admin" && !account.customers.empty())
    reader.refuse("customers", "bad_customers", "an administrator is not limited to customers");
}

// By id or name.
Result<Account> account_of_path(Connection& connection, const Request& request) {
  const std::string_view text = request.param("id");
  const auto id = parse_id<RecordId>(text);
  auto account =
      id ? store::find_account(connection, *id) : store::find_account_by_name(connection, text);
  if (account) return std::move(*account);
  return fail(Errc::not_found, "no user has this id or name", "skerry user list");
}

// Finds the account, has `change` change it, and ends its sessions: what they may do was decided
// when they began.
template <class Change>
Task<Result<Account>> change_account(Context& context, const Request& request,
                                     std::string_view event, Change& change, bool dry_run,
                                     const Retry* retry = nullptr) {
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Account> {
    SKERRY_TRY(Account account, account_of_path(connection, request));
    if (request.principal->account == account.id)
      return fail(Errc::forbidden, "nobody changes his own account",
                  "ask another administrator, or use skerry user on the machine itself");
    SKERRY_TRY_VOID(change(connection, account));
    store::update_account(connection, account);
    log_user(context, connection, event, account, author);
    if (retry) retry->keep(connection, user_answer(200, account));
    return account;
  };
  auto account = co_await write_or_try(context, work, dry_run);
  if (account && !dry_run) context.sessions->end_of(account->id);
  co_return account;
}

Task<Result<Response>> set_disabled(Context& context, Request& request, bool disabled) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const UnixMillis now = context.node.clock.wall_ms();
  auto change = [&](Connection&, Account& account) -> Result<void> {
    if (!disabled)
      account.disabled_at.reset();
    else if (!account.disabled_at)
      account.disabled_at = now;
    return {};
  };
  const std::string_view event = disabled ? "user_disabled" : "user_enabled";
  auto account = co_await change_account(context, request, event, change, dry_run);
  if (!account) co_return tl::unexpected<Error>(std::move(account).error());
  co_return user_answer(200, *account);
}

}  // namespace

json::value customers_json(const std::vector<RecordId>& customers) {
  if (customers.empty()) return nullptr;
  json::array ids;
  for (const RecordId& id : customers) ids.emplace_back(to_string(id));
  return ids;
}

Result<void> check_customers(Connection& connection, const std::vector<RecordId>& customers) {
  const Kind& kind = *find_kind("customer");
  for (const RecordId& id : customers) {
    if (store::record_exists(connection, kind, id)) continue;
    std::string detail = fmt::format("{} names no customer", to_string(id));
    FieldError error{"/customers", "reference_not_found", detail};
    return fail(Error(Errc::validation_failed, std::move(detail), {}, {std::move(error)}));
  }
  return {};
}

Result<Response> list_users(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  json::array items;
  const store::Reader reader = context.node.database.read();
  for (const Account& account : store::list_accounts(*reader)) items.push_back(to_json(account));
  return Response::json(200, json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Result<Response> get_user(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  SKERRY_TRY(const Account account, account_of_path(*reader, request));
  return user_answer(200, account);
}

Task<Result<Response>> create_user(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const json::object body, request.json_body());
  const UnixMillis now = context.node.clock.wall_ms();
  Account account;
  BodyReader reader(body, {"name", "role", "customers", "expires_at"});
  account.name = reader.text("name");
  if (const auto complaint = store::account_name_complaint(account.name);
      reader.has("name") && !complaint.empty())
    reader.refuse("name", "bad_name", std::string(complaint));
  read_role(reader, account);
  account.customers = reader.customers("customers");
  check_limit(reader, account);
  account.expires_at = reader.end("expires_at", now);
  SKERRY_CO_TRY_VOID(reader.done("the user"));
  account.id = new_record_id(now, context.node.random);
  account.created_at = now;
  const std::string code = give_code(account, now, context.node.random);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<void> {
    SKERRY_TRY_VOID(check_customers(connection, account.customers));
    SKERRY_TRY_VOID(store::insert_account(connection, account));
    log_user(context, connection, "user_made", account, author);
    retry.keep(connection, user_answer(201, account));
    return {};
  };
  auto made = co_await write_or_try(context, work, dry_run);
  if (!made) co_return tl::unexpected<Error>(std::move(made).error());
  co_return dry_run ? user_answer(201, account) : answer_with_code(201, account, code);
}

Task<Result<Response>> patch_user(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(const auto revision, required_revision(request.header("If-Match")));
  SKERRY_CO_TRY(const json::object patch, request.json_body());
  const UnixMillis now = context.node.clock.wall_ms();
  auto change = [&](Connection& connection, Account& account) -> Result<void> {
    if (revision && *revision != account.revision)
      return fail(Errc::precondition_failed,
                  fmt::format("the user is at revision {}", account.revision),
                  "read it again and repeat the change");
    BodyReader reader(patch, {"role", "customers", "expires_at"});
    if (reader.has("role")) read_role(reader, account);
    if (reader.has("customers")) account.customers = reader.customers("customers");
    check_limit(reader, account);
    if (reader.has("expires_at")) account.expires_at = reader.end("expires_at", now);
    SKERRY_TRY_VOID(reader.done("the change"));
    return check_customers(connection, account.customers);
  };
  const std::string_view event = "user_changed";
  auto account = co_await change_account(context, request, event, change, dry_run);
  if (!account) co_return tl::unexpected<Error>(std::move(account).error());
  co_return user_answer(200, *account);
}

Task<Result<Response>> disable_user(Context& context, Request& request) {
  auto response = co_await set_disabled(context, request, true);
  co_return response;
}

Task<Result<Response>> enable_user(Context& context, Request& request) {
  auto response = co_await set_disabled(context, request, false);
  co_return response;
}

Task<Result<Response>> reset_user(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  std::string code;
  auto change = [&](Connection&, Account& account) -> Result<void> {
    if (account.disabled_at)
      return fail(Errc::forbidden, "the user is disabled: a code would let nobody in",
                  "enable the user first: skerry user enable " + shell_word(account.name));
    account.password.reset();
    account.password_at.reset();
    code = give_code(account, context.node.clock.wall_ms(), context.node.random);
    return {};
  };
  const std::string_view event = "user_reset";
  auto account = co_await change_account(context, request, event, change, dry_run, &retry);
  if (!account) co_return tl::unexpected<Error>(std::move(account).error());
  if (dry_run) co_return user_answer(200, *account);
  context.sign_ins->forget(account->name);
  co_return answer_with_code(200, *account, code);
}

}  // namespace skerry::api
