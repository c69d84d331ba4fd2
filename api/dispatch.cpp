// The part of a session between the header and the answer: route, rights, handler, and the one net
// for exceptions of HTTP dispatch.
#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>
#include <new>

#include "api/handlers/author.hpp"
#include "api/problem.hpp"
#include "api/session.hpp"
#include "core/log.hpp"
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

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  const auto trimmed = type.substr(0, type.find_last_not_of(" \t") + 1);
  const boost::beast::string_view media(trimmed.data(), trimmed.size());
  constexpr std::size_t prefix = 12;  // "application/"
  if (boost::beast::iequals(media, "application/json")) return true;
  return media.size() > prefix + 5 &&
         boost::beast::iequals(media.substr(0, prefix), "application/") &&
         boost::beast::iequals(media.substr(media.size() - 5), "+json");
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

}  // namespace

Result<void> Session::choose_route() {
  const auto& message = header_parser_->get();
  const std::string_view text(message.target().data(), message.target().size());
  const bool options = message.method() == http::verb::options;
  head_only_ = message.method() == http::verb::head;
  if (options && text == "*") {
    answer_options("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    return {};
  }
  const TargetLimits target_limits{limits_.target_segments_max, limits_.query_parameters_max};
  SKERRY_TRY_VOID(parse_target(text, request_.target, target_limits));
  const Router::Path* path = loop_.shared.router.find(request_);
  if (!path) return fail(Errc::not_found, "no route has this path", "GET /v1/openapi.json");
  if (options) {
    answer_options(path->allow);
    return {};
  }
  const std::optional<Method> known = to_method(message.method());
  request_.route = known ? path->routes[static_cast<std::size_t>(*known)] : nullptr;
  if (!request_.route) {
    const std::string_view method(message.method_string());
    refuse(Error(Errc::method_not_allowed,
                 fmt::format("there is no {} here; allowed: {}",
                             method.substr(0, method_length_shown), path->allow)));
    reply_.header("Allow", path->allow);
    return {};
  }
  request_.method = *known;
  if (!request_.route->repeated_query) SKERRY_TRY_VOID(request_.allow_repeated({}));
  SKERRY_TRY_VOID(authorize());
  if (request_.method != Method::get) SKERRY_TRY_VOID(check_reason(request_));
  return check_body();
}

Result<void> Session::authorize() {
  Shared& shared = loop_.shared;
  SKERRY_TRY(const std::string_view token, bearer_token(request_.header("Authorization")));
  if (token.empty()) {
    request_.principal = peer_.local ? peer_.local : shared.anonymous;
  } else {
    SKERRY_TRY_VOID(may_guess(shared.failed_tokens, peer_.address, loop_.now_ms(),
                              "too many unknown tokens from this address", "skerry token list"));
    Result<std::shared_ptr<const Principal>> found =
        shared.authenticator ? shared.authenticator->authenticate(token, peer_.address)
                             : fail(Errc::unauthorized, "tokens are not known here");
    if (!found) {
      if (found.error().code == Errc::unauthorized) {
        shared.failed_tokens.failed(peer_.address, loop_.now_ms());
        found.error().quota = shared.failed_tokens.quota(peer_.address, loop_.now_ms());
      }
      return fail(std::move(found).error());
    }
    request_.principal = *std::move(found);
  }
  if (is_proven_by_secret(*request_.route))
    SKERRY_TRY_VOID(may_guess(shared.failed_tokens, peer_.address, loop_.now_ms(),
                              "too many wrong codes or secrets from this address",
                              "come back in a second, with what is right"));
  const Access access = request_.route->access;
  if (request_.principal->may(access)) return {};
  if (request_.principal->kind == Principal::Kind::anonymous)
    return fail(Errc::unauthorized, "this route needs a token", "skerry token create");
  return fail(Errc::forbidden, fmt::format("this route needs the right \"{}\"", to_string(access)));
}

// What can be said of a body before it is read.
Result<void> Session::check_body() {
  const std::string_view expected = request_.header("Expect");
  if (http_1_1_ && !expected.empty() &&
      !boost::beast::iequals({expected.data(), expected.size()}, "100-continue"))
    return fail(Errc::bad_request, "the only expectation met here is 100-continue");
  if (!has_body()) return {};
  const Body wanted = request_.route->body;
  if (wanted == Body::none) return fail(Errc::bad_request, "this route reads no body");
  if (wanted == Body::json && !is_json(request_.header("Content-Type")))
    return fail(Errc::unsupported_media, "this route reads application/json",
                "Content-Type: application/json");
  if (has_foreign_coding(*request_.headers)) {
    refuse(Error(Errc::unsupported_media, "no content coding is read here but identity",
                 "send the body as it is, without Content-Encoding"));
    reply_.header("Accept-Encoding", "identity");  // RFC 9110 section 15.5.16
    return {};
  }
  body_bytes_max_ = wanted == Body::spool ? limits_.upload_bytes_max : limits_.body_bytes_max;
  const auto length = header_parser_->content_length();
  if (length && *length > body_bytes_max_)
    return fail(Errc::payload_too_large, fmt::format("the body is over {} bytes", body_bytes_max_));
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
  if (!outcome)
    refuse(outcome.error());
  else
    reply_ = *std::move(outcome);
  constexpr unsigned forbidden_status = 403;
  if (reply_.status != forbidden_status || !is_proven_by_secret(*request_.route)) return;
  FailedTokens& failures = loop_.shared.failed_tokens;
  failures.failed(peer_.address, loop_.now_ms());
  if (!failures.may_try(peer_.address, loop_.now_ms()))
    log(Level::warning, "{}: too many wrong codes or secrets of seats in a second", peer_.address);
}

// The net: broken surroundings and defects end here, logged once, told without their text.
void Session::take_exception(std::exception_ptr failure) {
  Error error(Errc::internal, "the request could not be carried out; the log has its id");
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const store::StorageError& broken) {
    log(Level::critical, "request {}: {}", request_.id, broken.what());
    error.code = broken.code();
    if (broken.code() == Errc::storage_full) error.detail = "the disk of the data folder is full";
  } catch (const std::exception& broken) {
    log(Level::error, "request {}: {}", request_.id, broken.what());
  } catch (...) {
    log(Level::error, "request {}: an exception of an unknown type", request_.id);
  }
  refuse(error);
}

void Session::refuse(const Error& error) {
  reply_ = loop_.shared.options.refusal(error, request_.id);
  if (error.code == Errc::unauthorized) reply_.header("WWW-Authenticate", "Bearer");
  answered_ = true;
}

}  // namespace skerry::api
