#include "api/handlers/sessions.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "api/auth.hpp"
#include "api/handlers/author.hpp"
#include "api/handlers/body_reader.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/users.hpp"
#include "api/roles.hpp"
#include "api/work.hpp"
#include "core/password_rules.hpp"
#include "core/timestamp.hpp"
#include "crypto/password.hpp"
#include "crypto/token.hpp"
#include "store/accounts.hpp"
#include "store/identity.hpp"
#include "store/log_event.hpp"

namespace skerry::api {
namespace {

using store::Account;
using store::Connection;

constexpr std::array rights{Access::read,  Access::log,      Access::move, Access::write,
                            Access::seats, Access::exchange, Access::admin};

tl::unexpected<Error> refuse_sign_in() {
  return fail(Errc::unauthorized,
              "the name or the password is wrong, or the user is disabled or has expired",
              "ask an administrator, or on the machine itself: skerry user list");
}

tl::unexpected<Error> refuse_code() {
  return fail(Errc::unauthorized, "the code is wrong, used, or has expired",
              "ask an administrator for another, or on the machine itself: skerry user reset NAME");
}

bool is_in_force(const Account& account, UnixMillis now) {
  return !account.disabled_at && (!account.expires_at || now < *account.expires_at);
}

Principal principal_of(const Account& account) {
  Principal principal;
  principal.kind = Principal::Kind::user;
  principal.id = "user:" + account.name;
  principal.name = account.name;
  principal.account = account.id;
  principal.customers = account.customers;
  grant_role(principal, account.role);
  return principal;
}

std::string_view to_text(Principal::Kind kind) {
  constexpr std::array<std::string_view, 4> names{"anonymous", "token", "local", "user"};
  return names[static_cast<std::size_t>(kind)];
}

json::object to_json(const Principal& principal) {
  json::array may;
  for (const Access right : rights)
    if (principal.may(right)) may.emplace_back(to_string(right));
  return {{"kind", to_text(principal.kind)},
          {"name", principal.name},
          {"role", principal.role.empty() ? json::value() : json::value(principal.role)},
          {"rights", std::move(may)},
          {"customers", customers_json(principal.customers)}};
}

std::string cookie(std::string_view value, std::string_view more = {}) {
  return fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Strict{}", session_cookie, value,
                     more);
}

json::object to_json(const SessionFacts& session, const Principal& caller) {
  return {{"id", to_string(session.id)},
          {"user", session.principal->name},
          {"from", session.from},
          {"began_at", format_timestamp(session.began_at)},
          {"used_at", format_timestamp(session.used_at)},
          {"current", caller.session == session.principal->session}};
}

// The caller's own, or of an administrator everybody's.
std::vector<SessionFacts> sessions_for(Context& context, const Principal& caller) {
  auto sessions = context.sessions->list(context.node.clock);
  const bool is_user = caller.kind == Principal::Kind::user;
  std::erase_if(sessions, [&](const SessionFacts& session) {
    const bool is_own = is_user && session.principal->account == caller.account;
    return !is_own && !caller.may(Access::admin);
  });
  return sessions;
}

// A session that a write job began is given to the client, or ended again.
Response session_answer(const Principal& principal, std::string_view secret) {
  Response response = Response::json(200, json::value(to_json(principal)));
  response.header("Set-Cookie", cookie(secret));
  response.header("Cache-Control", "no-store");
  return response;
}

// On the thread for passwords; Errc::busy.
template <class Work>
auto hashed(Context& context, Work& work) -> Task<Result<std::invoke_result_t<Work&>>> {
  SKERRY_CO_TRY(const auto place, context.passwords->take_place());
  auto outcome = co_await run_on(context.passwords->thread(), work);
  co_return outcome;
}

// As costly as the comparison with a password that somebody has, so that the time tells nobody
// which names there are.
const std::string& nobodys_hash(Random& random) {
  static const std::string hash = crypto::hash_password("nobody's", random);
  return hash;
}

Task<Result<bool>> fits(Context& context, std::string_view password,
                        const std::optional<Account>& account) {
  auto compare = [&] {
    const bool known = account && account->password;
    return crypto::verify_password(
               password, known ? *account->password : nobodys_hash(context.node.random)) &&
           known;
  };
  auto outcome = co_await hashed(context, compare);
  co_return outcome;
}

Task<Result<std::string>> hash_of_password(Context& context, std::string_view password) {
  auto make = [&] { return crypto::hash_password(password, context.node.random); };
  auto outcome = co_await hashed(context, make);
  co_return outcome;
}

store::Author author_of_account(const Request& request, const Account& account) {
  store::Author author = author_of(request);
  author.actor = "user:" + account.name;
  author.actor_name.clear();
  return author;
}

// Writer thread: the session begins with the row that tells of it. A change of the account is a
// later job, and ends it.
std::string begin_session(Context& context, Connection& connection, const Request& request,
                          const Account& account, std::string_view event) {
  const UnixMillis now = context.node.clock.wall_ms();
  store::note_sign_in(connection, account.id, now);
  store::append_event(connection, context.node.log, event,
                      {{"user", account.name}, {"from", request.peer}},
                      author_of_account(request, account));
  return context.sessions->begin(principal_of(account), account.expires_at, context.node.clock,
                                 context.node.random, std::string(request.peer));
}

Result<void> check_new_password(Context& context, std::string_view password,
                                std::string_view user) {
  std::string machine;
  if (const store::Reader reader = context.node.database.read();
      const auto identity = store::read_identity(*reader))
    machine = identity->name;
  return check_password(password, user, machine);
}

void note_failure(Context& context, const Request& request, std::string_view event,
                  std::string_view name) {
  const bool is_name = store::account_name_complaint(name).empty();
  context.access_log->refused(
      context.node, event,
      {{"user", is_name ? json::value(name) : json::value()}, {"from", request.peer}},
      {"nobody", "api", request.id});
}

// Of a guess that was counted, and looked at.
void guessed_wrong(Context& context, const Request& request, std::string_view event,
                   std::string_view name) {
  const bool by_code = name == sign_in_by_code;
  context.sign_ins->failed(name, request.peer, context.node.clock.monotonic_ms());
  note_failure(context, request, event, by_code ? std::string_view() : name);
}

// Counts a guess. The log tells of one that is not even looked at, too.
Result<void> count_guess(Context& context, const Request& request, std::string_view name) {
  auto counted = context.sign_ins->try_one(name, request.peer, context.node.clock.monotonic_ms());
  if (!counted) note_failure(context, request, "sign_in_braked", name);
  return counted;
}

// Writes the password's hash into the account as `find` finds it now, and begins a session.
template <class Find>
Task<Result<Response>> set_password(Context& context, Request& request, const std::string& hash,
                                    std::string_view event, Find& find) {
  std::string secret;
  auto work = [&](Connection& connection) -> Result<Account> {
    SKERRY_TRY(Account account, find(connection));
    account.password = hash;
    account.password_at = context.node.clock.wall_ms();
    account.code_hash.reset();
    account.code_until.reset();
    store::update_account(connection, account);
    context.sessions->end_of(account.id);
    secret = begin_session(context, connection, request, account, event);
    return account;
  };
  auto account = co_await write(context, work);
  if (!account) {
    context.sessions->end(crypto::token_hash(secret));
    co_return tl::unexpected<Error>(std::move(account).error());
  }
  if (account->role == "admin") context.claimed();
  co_return session_answer(principal_of(*account), secret);
}

}  // namespace

Task<Result<Response>> sign_in(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY_VOID(check_fetch_site(request));
  SKERRY_CO_TRY(const json::object body, request.json_body());
  BodyReader reader(body, {"name", "password"});
  const std::string_view name = reader.text("name");
  const std::string_view password = reader.text("password");
  SKERRY_CO_TRY_VOID(reader.done("the sign-in"));
  SKERRY_CO_TRY_VOID(count_guess(context, request, name));
  std::optional<Account> account;
  {
    const store::Reader database = context.node.database.read();
    account = store::find_account_by_name(*database, name);
  }
  const auto right = co_await fits(context, password, account);
  if (!right) {
    context.sign_ins->take_back(name, request.peer, context.node.clock.monotonic_ms());
    co_return tl::unexpected<Error>(right.error());
  }
  if (!*right || !is_in_force(*account, context.node.clock.wall_ms())) {
    guessed_wrong(context, request, "sign_in_failed", name);
    co_return refuse_sign_in();
  }
  std::string secret;
  auto work = [&](Connection& connection) -> Result<void> {
    const auto now = store::find_account(connection, account->id);
    if (!now || now->revision != account->revision) return refuse_sign_in();
    secret = begin_session(context, connection, request, *account, "signed_in");
    return {};
  };
  auto begun = co_await write(context, work);
  if (!begun) {
    context.sign_ins->take_back(name, request.peer, context.node.clock.monotonic_ms());
    context.sessions->end(crypto::token_hash(secret));
    co_return tl::unexpected<Error>(std::move(begun).error());
  }
  context.sign_ins->succeeded(name, request.peer, context.node.clock.monotonic_ms());
  co_return session_answer(principal_of(*account), secret);
}

Result<Response> get_session(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  Response response = Response::json(200, json::value(to_json(*request.principal)));
  response.header("Cache-Control", "no-store");
  return response;
}

Task<Result<Response>> sign_out(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  const Principal& principal = *request.principal;
  if (principal.kind != Principal::Kind::user)
    co_return fail(Errc::bad_request, "a token and the socket have no session that could end");
  context.sessions->end(principal.session);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<void> {
    store::append_event(connection, context.node.log, "signed_out",
                        {{"user", principal.name}, {"from", request.peer}}, author);
    return {};
  };
  auto logged = co_await write(context, work);
  if (!logged) co_return tl::unexpected<Error>(std::move(logged).error());
  Response response = Response::empty(204);
  response.header("Set-Cookie", cookie("", "; Max-Age=0"));
  co_return response;
}

Result<Response> list_sessions(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  json::array items;
  for (const SessionFacts& session : sessions_for(context, *request.principal))
    items.push_back(to_json(session, *request.principal));
  Response response =
      Response::json(200, json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
  response.header("Cache-Control", "no-store");
  return response;
}

Task<Result<Response>> end_session(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const auto sessions = sessions_for(context, *request.principal);
  const auto found = std::ranges::find(sessions, request.param("id"),
                                       [](const SessionFacts& each) { return to_string(each.id); });
  if (found == sessions.end())
    co_return fail(Errc::not_found, "no session that goes on has this id", "skerry session list");
  if (!dry_run) context.sessions->end(found->principal->session);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<void> {
    store::append_event(connection, context.node.log, "session_ended",
                        {{"user", found->principal->name}, {"from", found->from}}, author);
    return {};
  };
  auto logged = co_await write_or_try(context, work, dry_run);
  if (!logged) co_return tl::unexpected<Error>(std::move(logged).error());
  co_return Response::json(200, json::value(to_json(*found, *request.principal)));
}

Task<Result<Response>> claim_account(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const json::object body, request.json_body());
  BodyReader reader(body, {"code", "password"});
  const std::string_view code = reader.text("code");
  const std::string_view password = reader.text("password");
  SKERRY_CO_TRY_VOID(reader.done("the claim"));
  auto response = co_await claim_by_code(context, request, code, password);
  co_return response;
}

Task<Result<Response>> claim_by_code(Context& context, Request& request, std::string_view code,
                                     std::string_view password) {
  SKERRY_CO_TRY_VOID(check_fetch_site(request));
  SKERRY_CO_TRY_VOID(count_guess(context, request, sign_in_by_code));
  const Hash digest = crypto::token_hash(code);
  auto find = [&](Connection& connection) -> Result<Account> {
    auto account = store::find_account_by_code(connection, digest);
    const UnixMillis now = context.node.clock.wall_ms();
    if (!account || now >= account->code_until || !is_in_force(*account, now)) return refuse_code();
    return std::move(*account);
  };
  Result<Account> account = fail(Errc::internal);
  {
    const store::Reader database = context.node.database.read();
    account = find(*database);
  }
  if (!account) {
    guessed_wrong(context, request, "code_refused", sign_in_by_code);
    co_return tl::unexpected<Error>(std::move(account).error());
  }
  context.sign_ins->succeeded(sign_in_by_code, request.peer, context.node.clock.monotonic_ms());
  SKERRY_CO_TRY_VOID(check_new_password(context, password, account->name));
  const auto hash = co_await hash_of_password(context, password);
  if (!hash) co_return tl::unexpected<Error>(hash.error());
  const std::string_view event = "password_chosen";
  auto response = co_await set_password(context, request, *hash, event, find);
  co_return response;
}

Task<Result<Response>> change_password(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const json::object body, request.json_body());
  BodyReader reader(body, {"current", "password"});
  const std::string_view current = reader.text("current");
  const std::string_view password = reader.text("password");
  SKERRY_CO_TRY_VOID(reader.done("the change"));
  const Principal& principal = *request.principal;
  if (principal.kind != Principal::Kind::user)
    co_return fail(Errc::forbidden, "only who has signed in has a password here",
                   "skerry user reset NAME");
  SKERRY_CO_TRY_VOID(check_new_password(context, password, principal.name));
  SKERRY_CO_TRY_VOID(count_guess(context, request, principal.name));
  std::optional<Account> account;
  {
    const store::Reader database = context.node.database.read();
    account = store::find_account(*database, principal.account);
  }
  const auto right = co_await fits(context, current, account);
  if (!right) {
    context.sign_ins->take_back(principal.name, request.peer, context.node.clock.monotonic_ms());
    co_return tl::unexpected<Error>(right.error());
  }
  if (!*right) {
    guessed_wrong(context, request, "sign_in_failed", principal.name);
    FieldError error{"/current", "wrong_password", "is not the password"};
    co_return fail(
        Error(Errc::validation_failed, "the current password is another", {}, {std::move(error)}));
  }
  context.sign_ins->succeeded(principal.name, request.peer, context.node.clock.monotonic_ms());
  const auto hash = co_await hash_of_password(context, password);
  if (!hash) co_return tl::unexpected<Error>(hash.error());
  auto find = [&](Connection& connection) -> Result<Account> {
    auto now = store::find_account(connection, account->id);
    if (!now || now->revision != account->revision) return refuse_sign_in();
    return std::move(*now);
  };
  const std::string_view event = "password_changed";
  auto response = co_await set_password(context, request, *hash, event, find);
  co_return response;
}

}  // namespace skerry::api
