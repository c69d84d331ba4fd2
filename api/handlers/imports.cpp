#include "api/handlers/imports.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "store/import_records.hpp"

namespace skerry::api {
namespace {

Result<const Kind*> kind_of(const Request& request) {
  const std::string_view plural = request.param("plural");
  const Kind* kind = find_kind_by_plural(plural);
  if (!kind) return fail(Errc::not_found, fmt::format("there is no kind of record {}", plural));
  return kind;
}

Result<store::ImportOptions> options_of(const Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"map", "dry_run"}));
  store::ImportOptions options;
  for (const QueryParameter& query : request.queries()) {
    if (query.name == "dry_run") {
      if (query.value != "true" && query.value != "false")
        return fail(Errc::bad_request, "dry_run is true or false");
      options.dry_run = query.value == "true";
      continue;
    }
    const std::size_t equals = query.value.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == query.value.size())
      return fail(Errc::bad_request, fmt::format("map={} is not a mapping", query.value),
                  "write map=field=Header, for example map=name=Company");
    options.mapping.push_back({query.value.substr(0, equals), query.value.substr(equals + 1)});
  }
  return options;
}

// "row 7, column Name", as far as it is known.
std::string place_of(const store::TableError& error) {
  if (error.row == 0) return "file";
  if (error.column.empty()) return fmt::format("row {}", error.row);
  return fmt::format("row {}, column {}", error.row, error.column);
}

Error refusal(const store::ImportReport& report) {
  const auto count = static_cast<std::int64_t>(report.errors.size()) + report.errors_left_out;
  std::string detail = fmt::format("the file has {} {}; nothing was written", count,
                                   count == 1 ? "error" : "errors");
  if (report.errors_left_out > 0)
    detail += fmt::format("; the first {} are listed", report.errors.size());
  std::vector<FieldError> errors;
  for (const store::TableError& error : report.errors)
    errors.push_back({place_of(error), error.code, error.detail});
  return Error(Errc::bad_input, std::move(detail), "correct the file and import it again",
               std::move(errors));
}

// A request without a body has no file behind it.
store::ImportReport report_on_nothing(const store::ImportOptions& options) {
  store::ImportReport report;
  report.dry_run = options.dry_run;
  report.errors.push_back(
      {0, {}, "empty_file", "the request has no body; send the CSV file as it"});
  return report;
}

json::object report_json(const store::ImportReport& report) {
  json::array errors;
  for (const store::TableError& error : report.errors) {
    json::object item;
    item["row"] = error.row;
    item["column"] = error.column;
    item["code"] = error.code;
    item["detail"] = error.detail;
    errors.push_back(std::move(item));
  }
  json::object body;
  body["rows"] = report.rows;
  body["created"] = report.created;
  body["updated"] = report.updated;
  body["unchanged"] = report.unchanged;
  body["dry_run"] = report.dry_run;
  body["errors"] = std::move(errors);
  body["errors_left_out"] = report.errors_left_out;
  body["ignored_columns"] =
      json::array(report.ignored_columns.begin(), report.ignored_columns.end());
  return body;
}

}  // namespace

Task<Result<Response>> import_csv(Context& context, Request& request) {
  const auto kind = kind_of(request);
  if (!kind) co_return fail(kind.error());
  const auto options = options_of(request);
  if (!options) co_return fail(options.error());
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  store::Author author = author_of(request);
  author.source = "import";
  auto work = [&]() -> Result<store::ImportReport> {
    if (request.upload.size == 0) return report_on_nothing(*options);
    const sync::Node& node = context.node;
    const store::ImportPlace place{node.database, node.log, context.role, node.random};
    return store::import_records(place, **kind, request.upload.file.get(), *options, author);
  };
  const auto report = co_await on_worker(context, work);
  if (!report) co_return fail(report.error());
  if (!report->errors.empty() && !report->dry_run) co_return fail(refusal(*report));
  Response response = Response::json(200, report_json(*report));
  const auto kept = co_await retry.keep_now(context, response);
  if (!kept) co_return fail(kept.error());
  co_return response;
}

}  // namespace skerry::api
