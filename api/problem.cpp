#include "api/problem.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/errc.hpp"

namespace skerry::api {
namespace {

constexpr std::uint32_t retry_after_seconds = 1;  // where no quota says more

std::uint32_t wait_of(const Quota& quota) {
  const std::uint32_t wait = quota.reset_seconds > 0 ? quota.reset_seconds : quota.window_seconds;
  return std::max(wait, retry_after_seconds);
}

// Structured fields (RFC 9651): RateLimit-Policy: "failed-tokens";q=10;w=1
//                               RateLimit: "failed-tokens";r=3;t=1
void add_quota(Response& response, const Quota& quota) {
  const std::string unit = quota.window_seconds > 0 ? fmt::format("w={}", quota.window_seconds)
                                                    : "qu=\"concurrent-requests\"";
  response.header("RateLimit-Policy",
                  fmt::format("\"{}\";q={};{}", quota.name, quota.requests, unit));
  response.header("RateLimit",
                  fmt::format("\"{}\";r={};t={}", quota.name, quota.remaining, wait_of(quota)));
}

// Of a request that has to be another one; who knows better said so.
std::string_view next_of(const Error& error) {
  const int status = info(error.code).http_status;
  if (!error.next.empty() || (status != 400 && status != 422)) return error.next;
  return error.errors.empty() ? see_docs : see_errors;
}

}  // namespace

Response problem(const Error& error, std::string_view request_id) {
  const ErrcInfo& entry = info(error.code);
  json::object body;
  body["type"] = std::string("/problems/").append(entry.slug);
  body["title"] = entry.title;
  body["status"] = entry.http_status;
  if (!error.detail.empty()) body["detail"] = error.detail;
  body["instance"] = request_id;
  body["code"] = entry.slug;
  if (!error.errors.empty()) {
    json::array errors;
    for (const FieldError& field : error.errors) {
      json::object item;
      item["pointer"] = field.pointer;
      item["code"] = field.code;
      item["detail"] = field.detail;
      errors.push_back(std::move(item));
    }
    body["errors"] = std::move(errors);
  }
  if (const std::string_view next = next_of(error); !next.empty()) body["next"] = next;

  Response response =
      Response::json(static_cast<unsigned>(entry.http_status), json::serialize(body));
  response.content_type = "application/problem+json";
  if (entry.http_status == 429 || entry.http_status == 503)
    response.header("Retry-After",
                    std::to_string(error.quota ? wait_of(*error.quota) : retry_after_seconds));
  if (error.quota) add_quota(response, *error.quota);
  return response;
}

}  // namespace skerry::api
