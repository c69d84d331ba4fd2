#include "api/handlers/exports.hpp"

#include <fmt/format.h>

#include "api/handlers/record_query.hpp"
#include "api/handlers/record_request.hpp"
#include "api/work.hpp"
#include "store/export_records.hpp"
#include "sync/file_handle.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::uint64_t file_bytes_max = 64ULL * 1024 * 1024 * 1024;

// Takes `format` out of the query, which is then that of a list.
Result<store::ExportFormat> take_format(Request& request) {
  const auto name = request.query("format");
  const auto format = name ? store::parse_export_format(*name) : store::ExportFormat::csv;
  if (!format) return fail(Errc::bad_request, "format is csv or ndjson");
  std::erase_if(request.target.query, [](const auto& each) { return each.name == "format"; });
  for (const std::string_view name_of_page : {"limit", "cursor", "count"})
    if (request.query(name_of_page))
      return fail(Errc::bad_request,
                  fmt::format("an export has no {}: it holds all records", name_of_page));
  return *format;
}

std::string_view content_type(store::ExportFormat format) {
  return format == store::ExportFormat::csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
}

Result<RecordQuery> read_query(Context& context, const Request& request, const Kind& kind) {
  const store::Reader reader = context.node.database.read();
  return read_record_query(*reader, request, kind);
}

// On the worker: an export of many records takes seconds.
Result<SpooledBody> make_file(Context& context, const RecordQuery& query,
                              store::ExportFormat format) {
  SKERRY_TRY(sync::FileHandle file, sync::make_private_file(context.spool.folder()));
  sync::FileSink out(file.fd(), file_bytes_max);
  const store::Reader reader = context.node.database.read();
  store::RecordExport lines(*reader, query.list, format);
  std::string piece = lines.begin();
  while (!context.imports->stopping() && lines.next(piece)) {
    if (piece.size() < piece_bytes) continue;
    SKERRY_TRY_VOID(out.write(as_bytes(piece)));
    piece.clear();
  }
  if (context.imports->stopping()) return fail(Errc::stopping, "the daemon is stopping");
  SKERRY_TRY_VOID(out.write(as_bytes(piece)));
  return SpooledBody{Descriptor(file.release()), out.bytes(), {}};
}

}  // namespace

Task<Result<Response>> export_records(Context& context, Request& request) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  SKERRY_CO_TRY(const store::ExportFormat format, take_format(request));
  SKERRY_CO_TRY(const RecordQuery query, read_query(context, request, *kind));
  auto work = [&]() -> Result<SpooledBody> { return make_file(context, query, format); };
  auto made = co_await on_worker(context, work);
  if (!made) co_return fail(made.error());
  Response response = Response::file(std::move(made->file), made->size, content_type(format));
  response.header("Content-Disposition",
                  fmt::format("attachment; filename=\"{}.{}\"", kind->plural,
                              format == store::ExportFormat::csv ? "csv" : "ndjson"));
  response.header("Cache-Control", "no-store");
  co_return response;
}

}  // namespace skerry::api
