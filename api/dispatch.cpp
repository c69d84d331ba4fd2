// The part of a session between the header and the answer: route, rights, handler, and the one net
// for exceptions of HTTP dispatch.
#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>
#include <new>

#include "api/handlers/author.hpp"
#include "api/handlers/record_request.hpp"
#include "api/problem.hpp"
#include "api/session.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t method_length_shown = 32;

std::optional<Method> to_method(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head:
      return Method::get;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::patch:
      return Method::patch;
    case http::verb::delete_:
      return Method::del;
    default:
      return std::nullopt;
  }
}

bool is_word(std::string_view text, std::string_view word) {
  return boost::beast::iequals({text.data(), text.size()}, {word.data(), word.size()});
}

// application/json, for a PATCH merge-patch+json, too; in UTF-8, as JSON is (RFC 8259).
bool is_json(std::string_view content_type, Method method) {
  const std::size_t end = std::min(content_type.find(';'), content_type.size());
  const std::string_view type = trim_blanks(content_type.substr(0, end));
  const bool merge = method == Method::patch && is_word(type, "application/merge-patch+json");
  if (!merge && !is_word(type, "application/json")) return false;
  const std::string_view parameter =
      trim_blanks(content_type.substr(std::min(end + 1, content_type.size())));
  return parameter.empty() || is_word(parameter, "charset=utf-8") ||
         is_word(parameter, "charset=\"utf-8\"");
}

// Routes without a token, where an activation code or the secret of a seat proves who calls: these
// are guessed at like tokens, and slowed down with them.
bool is_proven_by_secret(const Route& route) {
  return route.access == Access::open && (route.path.starts_with("/v1/activations") ||
                                          route.path.starts_with("/v1/offline-activations"));
}

Result<void> may_guess(FailedTokens& failures, const std::string& address, std::int64_t now_ms,
                       std::string detail, std::string next) {
  if (failures.may_try(address, now_ms)) return {};
  Error error(Errc::too_many_requests, std::move(detail), std::move(next));
  error.quota = failures.quota(address, now_ms);
  return fail(std::move(error));
}

bool has_foreign_coding(const http::fields& headers) {
  const auto [first, last] = headers.equal_range(http::field::content_encoding);
  return std::any_of(first, last, [](const auto& field) {
    return !field.value().empty() && !boost::beast::iequals(field.value(), "identity");
  });
}

// Of what is not the client's doing, nor over in a moment, the log tells: what is a defect, a disk,
// another machine that does not answer.
void log_failure(const Error& error, std::string_view request) {
  const ErrcInfo& entry = info(error.code);
  if (entry.http_status < 500 || entry.http_status == 503) return;
  log(entry.http_status == 500 ? Level::error : Level::warning, "request {}: {}: {}", request,
      entry.slug, error.detail);
}

}  // namespace

Result<void> Session::choose_route() {
  const auto& message = header_parser_->get();
  const Dialect& dialect = loop_.shared.options.dialect;
  const std::string_view text(message.target().data(), message.target().size());
  const bool options = message.method() == http::verb::options && !dialect.is_bare;
  request_.head_only = message.method() == http::verb::head;
  if (options && text == "*") {
    answer_options("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return {};
  }
  if (dialect.at_once) {
    if (auto reply = dialect.at_once(text)) {
      reply_ = *std::move(reply);
      answered_ = true;
      return {};
    }
  }
  const TargetLimits target_limits{limits_.target_segments_max, limits_.query_parameters_max};
  SKERRY_TRY_VOID(parse_target(text, request_.target, target_limits));
  const Router::Path* path = loop_.shared.router.find(request_);
  if (!path) return fail(Errc::not_found, "no route has this path", "GET /v1/openapi.json");
  if (options) {
    answer_options(path->allow);
    return {};
  }
  std::optional<Method> known = to_method(message.method());
  if (dialect.is_bare && request_.head_only) known.reset();
  request_.route = known ? path->routes[static_cast<std::size_t>(*known)] : nullptr;
  if (!request_.route) {
    const std::string_view method(message.method_string());
    refuse(Error(Errc::method_not_allowed,
                 fmt::format("there is no {} here; allowed: {}",
                             method.substr(0, method_length_shown), path->allow)));
    if (!dialect.is_bare) reply_.header("Allow", path->allow);
    return {};
  }
  request_.method = *known;
  if (!request_.route->repeated_query) SKERRY_TRY_VOID(request_.allow_repeated({}));
  SKERRY_TRY_VOID(authorize());
  if (request_.method != Method::get) SKERRY_TRY_VOID(check_reason(request_));
  return check_body();
}

// Who asks: by a token, else by a session's cookie, else by the socket.
Result<void> Session::identify() {
  request_.principal = peer_.local ? peer_.local : loop_.shared.anonymous;
  if (loop_.shared.options.dialect.is_bare) return {};
  SKERRY_TRY(const Proof proof, read_proof());
  if (proof.token.empty() && proof.secret.empty()) return {};
  auto found = let_in(look_up(proof, Use::counted));
  if (!proof.token.empty()) return found;
  if (found) found = check_same_site(request_);
  if (found || request_.route->access != Access::open) return found;
  // An open route takes anybody: whoever signs in again still sends the cookie of a session that
  // has ended.
  request_.principal = loop_.shared.anonymous;
  return {};
}

Result<Session::Proof> Session::read_proof() const {
  SKERRY_TRY(const std::string_view token, bearer_token(request_.header("Authorization")));
  return Proof{token, cookie_value(request_.header("Cookie"), session_cookie)};
}

Result<std::shared_ptr<const Principal>> Session::look_up(const Proof& proof, Use use) const {
  Authenticator* const authenticator = loop_.shared.authenticator;
  if (!authenticator) return fail(Errc::unauthorized, "tokens are not known here");
  return proof.token.empty() ? authenticator->find_session(proof.secret, use)
                             : authenticator->authenticate(proof.token, peer_.address);
}

Result<void> Session::let_in(Result<std::shared_ptr<const Principal>> found) {
  Shared& shared = loop_.shared;
  if (!found) {
    if (found.error().code == Errc::unauthorized) {
      // Whoever is known is not held up by what others guess from the same address.
      SKERRY_TRY_VOID(may_guess(shared.failed_tokens, peer_.address, loop_.now_ms(),
                                "too many unknown tokens from this address", "skerry token list"));
      shared.failed_tokens.failed(peer_.address, loop_.now_ms());
      found.error().quota = shared.failed_tokens.quota(peer_.address, loop_.now_ms());
    }
    return fail(std::move(found).error());
  }
  request_.principal = *std::move(found);
  return {};
}

Result<void> Session::check_rights() const {
  const Route& route = *request_.route;
  const Principal& principal = *request_.principal;
  const Access asked = access_asked(request_);
  if (!principal.may(asked)) {
    if (principal.kind == Principal::Kind::anonymous)
      return fail(Errc::unauthorized, "this route needs a token", "skerry token create");
    return fail(Errc::forbidden, fmt::format("this route needs the right \"{}\"", to_string(asked)),
                "ask an administrator for an access that has it");
  }
  const bool asks_for_right = asked != Access::open && asked != Access::any;
  if (asks_for_right && principal.is_limited() && route.reach == Reach::machine)
    return fail(Errc::forbidden,
                "this route is about the whole machine, and this access is for certain customers",
                "GET /v1/session tells which customers");
  return {};
}

// A token is revoked or expires, a session ends, and what is left may be less, while an answer goes
// on. No guess is counted: whoever asks was let in before.
Result<void> Session::check_still_allowed() const {
  const Principal& before = *request_.principal;
  if (before.kind == Principal::Kind::anonymous || before.kind == Principal::Kind::local) return {};
  SKERRY_TRY(const Proof proof, read_proof());
  SKERRY_TRY(const auto now, look_up(proof, Use::none));
  if (now->may(access_asked(request_)) && now->customers == before.customers) return {};
  return fail(Errc::forbidden, "what this access may see was changed meanwhile", "ask again");
}

Result<void> Session::authorize() {
  Result<void> allowed = identify();
  const bool unknown = !allowed && (allowed.error().code == Errc::unauthorized ||
                                    allowed.error().code == Errc::too_many_requests);
  if (allowed && is_proven_by_secret(*request_.route))
    allowed = may_guess(loop_.shared.failed_tokens, peer_.address, loop_.now_ms(),
                        "too many wrong codes or secrets from this address",
                        "come back in a second, with what is right");
  if (allowed) allowed = check_rights();
  if (allowed || !loop_.shared.authenticator) return allowed;
  if (unknown || allowed.error().code == Errc::forbidden)
    loop_.shared.authenticator->refused(request_, allowed.error());
  return allowed;
}

// What can be said of a body before it is read.
Result<void> Session::check_body() {
  const std::string_view expected = request_.header("Expect");
  if (http_1_1_ && !expected.empty() &&
      !boost::beast::iequals({expected.data(), expected.size()}, "100-continue"))
    return fail(Errc::bad_request, "the only expectation met here is 100-continue");
  const Body wanted = request_.route->body;
  if (!has_body() || wanted == Body::ignored) return {};
  // Some clients send an empty object with every POST: read_body() looks whether it is one.
  const bool json = is_json(request_.header("Content-Type"), request_.method);
  const bool may_be_empty = request_.method == Method::post && json;
  if (wanted == Body::none && !may_be_empty)
    return fail(Errc::bad_request, "this route reads no body");
  if (wanted == Body::json && !json)
    return fail(Errc::unsupported_media, "this route reads application/json, in UTF-8",
                request_.method == Method::patch ? "Content-Type: application/merge-patch+json"
                                                 : "Content-Type: application/json");
  if (has_foreign_coding(*request_.headers)) {
    refuse(Error(Errc::unsupported_media, "no content coding is read here but identity",
                 "send the body as it is, without Content-Encoding"));
    reply_.header("Accept-Encoding", "identity");  // RFC 9110 section 15.5.16
    return {};
  }
  body_bytes_max_ = wanted == Body::spool ? limits_.upload_bytes_max : limits_.body_bytes_max;
  if (request_.route->access == Access::open)
    body_bytes_max_ = std::min(body_bytes_max_, limits_.open_upload_bytes_max);
  const auto length = header_parser_->content_length();
  if (length && *length > body_bytes_max_) return fail(body_too_large(body_bytes_max_));
  return {};
}

void Session::answer_options(std::string_view allow) {
  reply_ = Response::empty(204);
  reply_.header("Allow", allow);
  answered_ = true;
}

void Session::call_now() {
  try {
    take_outcome(request_.route->handler.now(loop_.shared.router.context(), request_));
  } catch (...) {
    take_exception(std::current_exception());
  }
}

Task<void> Session::call_later() {
  std::exception_ptr failure;
  try {
    Result<Response> outcome =
        co_await request_.route->handler.later(loop_.shared.router.context(), request_);
    take_outcome(std::move(outcome));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) take_exception(std::move(failure));
}

void Session::take_outcome(Result<Response> outcome) {
  if (outcome) {
    reply_ = *std::move(outcome);
  } else {
    if (outcome.error().code == Errc::forbidden && loop_.shared.authenticator)
      loop_.shared.authenticator->refused(request_, outcome.error());
    log_failure(outcome.error(), request_.id);
    refuse(outcome.error());
  }
  constexpr unsigned forbidden_status = 403;
  if (reply_.status != forbidden_status || !is_proven_by_secret(*request_.route)) return;
  FailedTokens& failures = loop_.shared.failed_tokens;
  failures.failed(peer_.address, loop_.now_ms());
  if (!failures.may_try(peer_.address, loop_.now_ms()))
    log(Level::warning, "request {}: too many wrong codes or secrets of seats in a second from {}",
        request_.id, peer_.address);
}

void Session::finish_answer() {
  const Route* const route = request_.route;
  if (route && route->finish) route->finish(loop_.shared.router.context(), request_, reply_);
}

// The net: broken surroundings and defects end here, logged once, told without their text.
void Session::take_exception(std::exception_ptr failure) {
  Error error(Errc::internal, "the request could not be carried out; the log has its id");
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const store::StorageError& broken) {
    log(Level::critical, "request {}: {}", request_.id, broken.what());
    error.code = broken.code();
    if (broken.code() == Errc::storage_full || broken.code() == Errc::database_damaged)
      error = broken.as_error();
  } catch (const std::exception& broken) {
    log(Level::error, "request {}: {}", request_.id, broken.what());
  } catch (...) {
    log(Level::error, "request {}: an exception of an unknown type", request_.id);
  }
  refuse(error);
}

void Session::refuse(const Error& error) {
  reply_ = loop_.shared.options.dialect.refusal(error, request_.id);
  if (error.code == Errc::unauthorized) reply_.header("WWW-Authenticate", "Bearer");
  answered_ = true;
}

}  // namespace skerry::api
