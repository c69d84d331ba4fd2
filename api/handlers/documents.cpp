#include "api/handlers/documents.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include "api/docs_page.hpp"
#include "api/openapi.hpp"
#include "core/errc.hpp"
#include "sync/file_handle.hpp"

namespace skerry::api {
namespace {

// A text of a megabyte that never changes, once in memory however many read it, and however slowly:
// a file in memory, of which each answer holds the piece that it is sending.
class LargeText {
 public:
  explicit LargeText(std::string_view text)
      : size_(text.size()), file_(::memfd_create("skerry document", MFD_CLOEXEC)) {
    written_ = file_ && sync::write_all(file_.get(), as_bytes(text), "writing a document");
  }

  Result<Response> answer(std::string_view content_type) const {
    Descriptor copy(written_ ? ::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0) : -1);
    if (!copy)
      return fail(Errc::busy,
                  fmt::format("the document cannot be opened: {}", std::strerror(errno)),
                  "ask again in a moment");
    return Response::file(std::move(copy), size_, content_type);
  }

 private:
  std::size_t size_;
  Descriptor file_;
  bool written_ = false;
};

}  // namespace

Result<Response> get_openapi(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  static const LargeText document(openapi_document());
  return document.answer("application/json");
}

Result<Response> get_docs(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  static const LargeText page(docs_page(openapi_object()));
  SKERRY_TRY(Response response, page.answer("text/html; charset=utf-8"));
  response.policy = docs_security_policy();
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
