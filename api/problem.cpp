#include "api/problem.hpp"

#include "core/errc.hpp"

namespace skerry::api {

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
  if (!error.next.empty()) body["next"] = error.next;

  Response response =
      Response::json(static_cast<unsigned>(entry.http_status), json::serialize(body));
  response.content_type = "application/problem+json";
  if (entry.http_status == 429 || entry.http_status == 503) response.header("Retry-After", "1");
  return response;
}

}  // namespace skerry::api
