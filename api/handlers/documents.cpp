#include "api/handlers/documents.hpp"

#include "api/docs_page.hpp"
#include "api/openapi.hpp"
#include "core/errc.hpp"

namespace skerry::api {

Result<Response> get_openapi(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  return Response::json(200, openapi_document());
}

Result<Response> get_docs(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  static const std::string page = docs_page(openapi_object());
  Response response = Response::text(200, page);
  response.content_type = "text/html; charset=utf-8";
  response.header("Content-Security-Policy", docs_security_policy());
  response.header("X-Content-Type-Options", "nosniff");
  response.header("Referrer-Policy", "no-referrer");
  return response;
}

Result<Response> get_problem_page(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const ErrcInfo* entry = find_errc(request.param("code"));
  if (!entry) return fail(Errc::not_found, "no error has this code");
  return Response::json(200, json::object{{"code", entry->slug},
                                          {"title", entry->title},
                                          {"status", entry->http_status},
                                          {"exit_code", static_cast<int>(entry->exit)}});
}

}  // namespace skerry::api
