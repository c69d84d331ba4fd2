#include "api/handlers/import_sessions.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "api/handlers/author.hpp"
#include "api/handlers/import_request.hpp"
#include "api/import_sessions.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "store/import_sessions.hpp"
#include "sync/file_handle.hpp"

namespace skerry::api {
namespace {

tl::unexpected<Error> no_session() {
  return fail(Errc::not_found, "no import has this id", "GET /v1/import-sessions");
}

Result<RecordId> id_of(const Request& request) {
  const auto id = parse_id<RecordId>(request.param("id"));
  if (!id) return no_session();
  return *id;
}

Response accepted(const json::object& session) {
  Response response = Response::json(202, json::value(session));
  response.header("Location", fmt::format("/v1/import-sessions/{}",
                                          std::string_view(session.at("id").as_string())));
  return response;
}

// What was kept of a session that is not in memory.
json::object kept_session(const store::KeptImport& kept) {
  json::object out = json::parse(kept.summary).as_object();
  out["rejects"] = nullptr;
  return out;
}

Result<std::shared_ptr<ImportSession>> make_session(Context& context, Request& request,
                                                    ImportRequest wish) {
  auto session = std::make_shared<ImportSession>();
  session->created_at = context.node.clock.wall_ms();
  session->id = new_record_id(session->created_at, context.node.random);
  session->kind = wish.kind;
  session->options = std::move(wish.options);
  session->author = author_of(request);
  session->author.source = "import";
  session->file = std::move(request.upload);
  SKERRY_TRY(sync::FileHandle rejects, sync::make_private_file(context.spool.folder()));
  session->rejects = Descriptor(rejects.release());
  return session;
}

}  // namespace

Task<Result<Response>> start_import(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(check_import_headers(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  const auto plural = request.query("kind");
  if (!plural)
    co_return fail(Errc::bad_request, "kind, what the file holds, is missing",
                   "POST /v1/import-sessions?kind=customers");
  SKERRY_CO_TRY(ImportRequest wish, read_import_request(context, request, *plural));
  if (request.upload.size == 0)
    co_return fail(Error(Errc::bad_input, "the request has no body", "send the CSV file as it",
                         {{"file", "empty_file", "the request has no body"}}));
  const auto to_save = std::move(wish.to_save);
  SKERRY_CO_TRY(const std::shared_ptr<ImportSession> session,
                make_session(context, request, std::move(wish)));
  SKERRY_CO_TRY_VOID(context.imports->add(session));
  const json::object described = session->describe();
  auto keep = [&](store::Connection& connection) -> Result<void> {
    store::keep_import(connection, {session->id, std::string(session->kind->name), "waiting",
                                    session->created_at, to_json_text(json::value(described))});
    if (to_save) store::save_mapping(connection, *to_save);
    retry.keep(connection, accepted(described));
    return {};
  };
  const auto kept = co_await write(context, keep);
  if (!kept) {
    context.imports->remove(session->id);
    co_return fail(kept.error());
  }
  asio::post(context.importer, [&context, session] { run_import_session(context, *session); });
  co_return accepted(described);
}

Result<Response> list_imports(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  json::array items;
  const store::Reader reader = context.node.database.read();
  for (const store::KeptImport& kept : store::list_imports(*reader)) {
    const auto session = context.imports->find(kept.id);
    items.push_back(session ? session->describe() : kept_session(kept));
  }
  return Response::json(200, json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Result<Response> get_import(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, id_of(request));
  if (const auto session = context.imports->find(id))
    return Response::json(200, json::value(session->describe()));
  const store::Reader reader = context.node.database.read();
  const auto kept = store::find_import(*reader, id);
  if (!kept) return no_session();
  return Response::json(200, json::value(kept_session(*kept)));
}

Result<Response> get_rejects(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, id_of(request));
  const auto session = context.imports->find(id);
  if (!session)
    return fail(Errc::not_found, "the rejected rows of this import are not here any more",
                "import the file again");
  if (!session->has_ended())
    return fail(Errc::busy, "the import has not ended", "ask again when it has");
  struct stat status {};
  if (::fstat(session->rejects.get(), &status) != 0)
    return fail(Errc::io_failed, "the rejected rows cannot be read");
  Descriptor copy(::fcntl(session->rejects.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return fail(Errc::io_failed, "the rejected rows cannot be read");
  Response response = Response::file(std::move(copy), static_cast<std::uint64_t>(status.st_size),
                                     "text/csv; charset=utf-8");
  response.header("Content-Disposition", "attachment; filename=\"rejects.csv\"");
  return response;
}

Task<Result<Response>> cancel_import(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const RecordId id, id_of(request));
  if (const auto session = context.imports->find(id)) {
    if (!session->has_ended()) session->watch.cancel.store(true, std::memory_order_relaxed);
    co_return Response::json(202, json::value(session->describe()));
  }
  std::optional<store::KeptImport> kept;
  {
    const store::Reader reader = context.node.database.read();
    kept = store::find_import(*reader, id);
  }
  if (!kept) co_return no_session();
  co_return Response::json(202, json::value(kept_session(*kept)));
}

}  // namespace skerry::api
