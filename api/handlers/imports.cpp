#include "api/handlers/imports.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/import_request.hpp"
#include "api/import_sessions.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/timestamp.hpp"

namespace skerry::api {
namespace {

// A request without a body has no file behind it.
store::ImportReport report_on_nothing(const store::ImportOptions& options) {
  store::ImportReport report;
  report.dry_run = options.dry_run;
  report.errors.push_back(
      {0, {}, "empty_file", "the request has no body; send the CSV file as it"});
  return report;
}

json::object to_json(const store::SavedMapping& mapping) {
  json::object body;
  body["name"] = mapping.name;
  body["kind"] = find_kind(mapping.kind)->plural;
  for (auto& [name, value] : store::columns_json(mapping.columns)) body[name] = std::move(value);
  body["saved_at"] = format_timestamp(mapping.saved_at);
  body["saved_by"] = mapping.saved_by;
  return body;
}

tl::unexpected<Error> no_mapping(std::string_view name) {
  return fail(Errc::not_found, fmt::format("there is no mapping {}", name), "skerry mapping list");
}

}  // namespace

Task<Result<Response>> import_csv(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(check_import_headers(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  if (request.query("kind"))
    co_return fail(Errc::bad_request, "the path names the kind already", "leave kind out");
  SKERRY_CO_TRY(ImportRequest wish, read_import_request(context, request, request.param("plural")));
  store::Author author = author_of(request);
  author.source = "import";
  store::ImportWatch watch;
  wish.options.watch = &watch;
  const ImportSessions::Guard guard(*context.imports, watch);
  auto work = [&]() -> Result<store::ImportReport> {
    if (request.upload.size == 0) return report_on_nothing(wish.options);
    const sync::Node& node = context.node;
    const store::ImportPlace place{node.database, node.log, context.role, node.random};
    return store::import_records(place, *wish.kind, request.upload.file.get(), wish.options,
                                 author);
  };
  const auto report = co_await run_on(context.importer, work);
  if (!report) co_return fail(report.error());
  if (report->cancelled)
    co_return fail(Errc::stopping, "the daemon is stopping",
                   "import the file again: what is there already is not changed");
  const bool whole = wish.options.mode == store::ImportMode::all_or_nothing;
  if (report->has_errors() && !report->dry_run && (whole || report->rejected == 0))
    co_return fail(import_refusal(*report));
  Response response = Response::json(200, import_report_json(*report));
  auto keep = [&](store::Connection& connection) -> Result<void> {
    if (wish.to_save) store::save_mapping(connection, *wish.to_save);
    retry.keep(connection, response);
    return {};
  };
  if (wish.to_save || retry.has_key()) {
    const auto kept = co_await write(context, keep);
    if (!kept) co_return fail(kept.error());
  }
  co_return response;
}

Result<Response> list_mappings(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  json::array items;
  const store::Reader reader = context.node.database.read();
  for (const store::SavedMapping& each : store::list_mappings(*reader))
    items.push_back(to_json(each));
  return Response::json(200, json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Result<Response> get_mapping(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  const auto mapping = store::find_mapping(*reader, request.param("name"));
  if (!mapping) return no_mapping(request.param("name"));
  return Response::json(200, json::value(to_json(*mapping)));
}

Task<Result<Response>> delete_mapping(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const std::string name(request.param("name"));
  auto work = [&](store::Connection& connection) -> Result<void> {
    if (!store::delete_mapping(connection, name)) return no_mapping(name);
    return {};
  };
  const auto deleted = co_await write_or_try(context, work, dry_run);
  if (!deleted) co_return fail(deleted.error());
  co_return Response::empty(204);
}

}  // namespace skerry::api
