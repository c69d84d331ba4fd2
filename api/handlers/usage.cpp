#include "api/handlers/usage.hpp"

#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "api/work.hpp"
#include "core/period.hpp"
#include "core/timestamp.hpp"
#include "licensing/seat_desk.hpp"
#include "licensing/usage_report.hpp"
#include "sync/file_handle.hpp"

namespace skerry::api {
namespace {

using licensing::ReportBy;
using licensing::ReportFormat;
using licensing::ReportQuery;

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::uint64_t file_bytes_max = 64ULL * 1024 * 1024 * 1024;

// The calendar month of UTC in which `now` lies.
UnixMillis month_of(UnixMillis now) {
  return *parse_timestamp(format_timestamp(now).substr(0, 7) + "-01T00:00:00Z");
}

Result<ReportQuery> read_query(const Context& context, const Request& request) {
  ReportQuery query;
  if (const auto text = request.query("customer")) {
    query.customer = parse_id<RecordId>(*text);
    if (!query.customer) return fail(Errc::bad_request, "customer is the id of a customer");
  }
  SKERRY_TRY(const auto since, read_time(request, "since"));
  SKERRY_TRY(const auto until, read_time(request, "until"));
  query.since = since.value_or(month_of(until ? *until - 1 : context.node.clock.wall_ms()));
  query.until = until.value_or(add_period(month_of(query.since), {1, 0}));
  if (query.until <= query.since)
    return fail(Errc::bad_request, "until is not later than since",
                "since is the first moment of the period, until the first behind it");
  const auto by = licensing::parse_report_by(request.query("by").value_or("month"));
  if (!by) return fail(Errc::bad_request, "by is total, month, day or hour");
  query.by = *by;
  return query;
}

std::string_view content_type(ReportFormat format) {
  switch (format) {
    case ReportFormat::csv:
      return "text/csv; charset=utf-8";
    case ReportFormat::ndjson:
      return "application/x-ndjson";
    default:
      return "application/json";
  }
}

// Of one moment, line by line: `open` makes what has the lines, of a connection.
template <class Open>
Result<SpooledBody> spool_lines(Context& context, const Open& open) {
  SKERRY_TRY(sync::FileHandle file, sync::make_private_file(context.spool.folder()));
  sync::FileSink out(file.fd(), file_bytes_max);
  const store::Reader reader = context.node.database.read();
  auto lines = open(*reader);
  std::string piece;
  if constexpr (requires { lines.begin(); }) piece = lines.begin();
  while (lines.next(piece)) {
    if (piece.size() < piece_bytes) continue;
    if (context.imports->stopping()) return fail(Errc::stopping, "the daemon is stopping");
    SKERRY_TRY_VOID(out.write(as_bytes(piece)));
    piece.clear();
  }
  if constexpr (requires { lines.end(); }) piece += lines.end();
  SKERRY_TRY_VOID(out.write(as_bytes(piece)));
  return SpooledBody{Descriptor(file.release()), out.bytes(), {}};
}

Response file_answer(SpooledBody made, ReportFormat format, std::string_view name) {
  Response response = Response::file(std::move(made.file), made.size, content_type(format));
  if (format != ReportFormat::json)
    response.header("Content-Disposition",
                    fmt::format("attachment; filename=\"{}.{}\"", name,
                                format == ReportFormat::csv ? "csv" : "ndjson"));
  response.header("Cache-Control", "no-store");
  return response;
}

}  // namespace

Result<std::size_t> write_usage(const Context& context) {
  std::size_t facts = 0;
  if (!context.seats) return facts;
  auto work = [&](store::Connection& connection) -> Result<licensing::UsageFacts::Written> {
    context.seats->upkeep(connection);
    SKERRY_TRY_VOID(context.seats->confirm_freed(connection));
    return context.seats->write_facts(connection, true);
  };
  for (bool more = true; more;) {
    auto written = context.node.database.write(work);
    if (!written) context.seats->commit_failed();
    SKERRY_TRY_VOID(written);
    facts += written->facts;
    more = written->more;
  }
  return facts;
}

Task<Result<Response>> close_usage(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  auto work = [&] { return write_usage(context); };
  auto written = co_await on_worker(context, work);
  if (!written) co_return fail(written.error());
  co_return Response::json(200, json::object{{"facts", *written}});
}

Task<Result<Response>> get_outgoing_usage(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  if (context.role != Role::site)
    co_return fail(Errc::wrong_role, "central sends no facts to anybody", "ask at a site");
  auto work = [&]() -> Result<SpooledBody> {
    return spool_lines(context, [](store::Connection& connection) {
      return licensing::OutgoingUsage(connection);
    });
  };
  auto made = co_await on_worker(context, work);
  if (!made) co_return fail(made.error());
  co_return file_answer(*std::move(made), ReportFormat::ndjson, "outgoing_usage");
}

Task<Result<Response>> get_usage_report(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({"customer", "since", "until", "by", "format"}));
  SKERRY_CO_TRY(const ReportQuery query, read_query(context, request));
  const auto format = licensing::parse_report_format(request.query("format").value_or("json"));
  if (!format) co_return fail(Errc::bad_request, "format is json, csv or ndjson");
  auto work = [&]() -> Result<SpooledBody> {
    return spool_lines(context, [&](store::Connection& connection) {
      return licensing::UsageReport(connection, query, *format);
    });
  };
  auto made = co_await on_worker(context, work);
  if (!made) co_return fail(made.error());
  co_return file_answer(*std::move(made), *format, "usage");
}

}  // namespace skerry::api
