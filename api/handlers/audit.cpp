#include "api/handlers/audit.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "api/handlers/record_request.hpp"
#include "api/work.hpp"
#include "core/text.hpp"
#include "store/audit.hpp"
#include "store/audit_export.hpp"
#include "store/sites.hpp"

namespace skerry::api {
namespace {

constexpr std::array<std::string_view, 5> sources{"api", "console", "cli", "import", "sync"};
constexpr std::array<std::string_view, 7> operations{"new",     "set",    "del",  "undel",
                                                     "release", "decide", "event"};
constexpr std::size_t search_bytes_max = 200;

std::optional<std::string> text_of(const Request& request, std::string_view name) {
  const auto text = request.query(name);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

template <class Names>
Result<std::optional<std::string>> one_of(const Request& request, std::string_view name,
                                          const Names& names) {
  auto text = text_of(request, name);
  if (text && std::find(names.begin(), names.end(), *text) == names.end())
    return fail(Errc::bad_request,
                fmt::format("{} must be one of {}", name, fmt::join(names, ", ")));
  return text;
}

Result<std::vector<std::string>> read_words(const Request& request) {
  const auto text = request.query("q");
  if (!text) return std::vector<std::string>{};
  if (text->size() > search_bytes_max || !is_utf8(*text))
    return fail(Errc::bad_request,
                fmt::format("q must be text of at most {} bytes in UTF-8", search_bytes_max));
  SKERRY_TRY_VOID(words_in(*text));
  return store::search_words(*text);
}

Error never_was(const Kind& kind) {
  return Error(Errc::not_found, fmt::format("no {} ever had this id", kind.name),
               "GET /v1/audit lists what was written");
}

// What rows of the log are of, at central.
bool is_site_name(const Context& context, std::string_view name) {
  if (name == "central" || parse_id<SiteId>(name)) return true;
  const store::Reader reader = context.node.database.read();
  const auto sites = store::list_sites(*reader);
  return std::any_of(sites.begin(), sites.end(),
                     [&](const store::Site& site) { return site.name == name; });
}

// What every view of the log reads from its query.
Result<store::AuditFilter> read_filter(const Context& context, const Request& request) {
  store::AuditFilter filter;
  filter.kind = text_of(request, "kind");
  if (filter.kind && !find_kind(*filter.kind))
    return fail(Errc::bad_request, fmt::format("there is no kind \"{}\"", *filter.kind));
  if (const auto record = request.query("record")) {
    filter.record = parse_id<RecordId>(*record);
    if (!filter.record) return fail(Errc::bad_request, "record must be a record id (a UUID)");
  }
  filter.actor = text_of(request, "actor");
  if (filter.actor && filter.actor->empty())  // else: rows of actors without a name
    return fail(Errc::bad_request, "actor must not be empty");
  SKERRY_TRY(filter.source, one_of(request, "source", sources));
  SKERRY_TRY(filter.op, one_of(request, "op", operations));
  filter.site = text_of(request, "site");
  if (filter.site && context.role == Role::site)
    return fail(Errc::bad_request,
                "site is a filter of central's log; all of this one is the site's",
                "source=sync shows what came from central");
  if (filter.site && !request.principal->is_limited() && !is_site_name(context, *filter.site))
    return fail(Errc::bad_request, fmt::format("there is no site \"{}\"", *filter.site),
                "skerry site list; central itself is called central");
  SKERRY_TRY(filter.since, read_time(request, "since"));
  SKERRY_TRY(filter.until, read_time(request, "until"));
  if (filter.since && filter.until && *filter.since > *filter.until)
    return fail(Error(Errc::bad_request, "since is after until: nothing lies between", {},
                      {{"/since", "out_of_range", "must not be after until"}}));
  SKERRY_TRY(filter.words, read_words(request));
  filter.customers = request.principal->customers;
  return filter;
}

Result<store::AuditPage> read_page(Context& context, const Request& request,
                                   store::AuditFilter filter) {
  store::AuditQuery query{std::move(filter), {}, 50};
  SKERRY_TRY(query.limit, read_limit(request, query.limit));
  SKERRY_TRY(const auto position, read_cursor(context, request));
  if (position) query.before_n = std::stoll(*position);  // authentic: written below
  const store::Reader reader = context.node.database.read();
  return store::list_audit(*reader, context.role, query);
}

Response page_answer(const Context& context, const Request& request, const store::AuditPage& page) {
  std::string items;
  for (const store::AuditRow& row : page.rows) {
    if (!items.empty()) items += ',';
    store::append_audit_json(items, row);
  }
  return list_answer(context, request, std::move(items),
                     page.before_n ? std::optional(std::to_string(*page.before_n)) : std::nullopt,
                     fmt::format(",\"pruned\":{}", page.pruned));
}

class ExportStream final : public BodyStream {
 public:
  ExportStream(Context& context, store::AuditExport made)
      : context_(context), export_(std::move(made)) {}

  Task<std::optional<std::string>> next() override {
    std::string piece;
    const store::Reader reader = context_.node.database.read();
    if (!export_.append(*reader, piece)) co_return std::nullopt;
    co_return std::optional<std::string>(std::move(piece));
  }

 private:
  Context& context_;
  store::AuditExport export_;
};

// The filters as they were asked for, for the head of the file.
json::object shown_filter(const Request& request) {
  json::object shown;
  for (const QueryParameter& parameter : request.queries())
    if (parameter.name != "format") shown[parameter.name] = parameter.value;
  return shown;
}

}  // namespace

Result<Response> list_audit(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"kind", "record", "actor", "source", "op", "site", "since",
                                         "until", "q", "limit", "cursor"}));
  SKERRY_TRY(store::AuditFilter filter, read_filter(context, request));
  SKERRY_TRY(const store::AuditPage page, read_page(context, request, std::move(filter)));
  return page_answer(context, request, page);
}

Result<Response> list_record_audit(Context& context, Request& request) {
  SKERRY_TRY(const Kind* const kind, kind_of(request));
  SKERRY_TRY_VOID(request.allow_queries(
      {"actor", "source", "op", "site", "since", "until", "q", "limit", "cursor"}));
  SKERRY_TRY(store::AuditFilter filter, read_filter(context, request));
  filter.kind = kind->name;
  filter.record = parse_id<RecordId>(request.param("id"));
  const bool known = filter.record && [&] {
    const store::Reader reader = context.node.database.read();
    // Of a record that is there, all that was written of it may have been pruned.
    return store::has_history(*reader, *kind, *filter.record) ||
           store::find_record(*reader, *kind, *filter.record);
  }();
  if (!known) return fail(never_was(*kind));
  const RecordId record = *filter.record;
  SKERRY_TRY(const store::AuditPage page, read_page(context, request, std::move(filter)));
  if (page.rows.empty() && !page.before_n) {
    const store::Reader reader = context.node.database.read();
    if (!check_seen(*reader, request, *kind, record)) return fail(never_was(*kind));
  }
  return page_answer(context, request, page);
}

Result<Response> export_audit(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries(
      {"format", "kind", "record", "actor", "source", "op", "site", "since", "until", "q"}));
  constexpr std::array<std::string_view, 2> formats{"ndjson", "csv"};
  SKERRY_TRY(const auto format, one_of(request, "format", formats));
  SKERRY_TRY(store::AuditFilter filter, read_filter(context, request));
  const bool csv = format && *format == "csv";
  const store::Reader reader = context.node.database.read();
  store::AuditExport made(*reader, csv ? store::ExportFormat::csv : store::ExportFormat::ndjson,
                          std::move(filter), shown_filter(request), context.node.keys.sign,
                          context.node.clock.wall_ms());
  Response response = Response::stream(std::make_unique<ExportStream>(context, std::move(made)),
                                       csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
  response.header("Content-Disposition",
                  fmt::format("attachment; filename=\"audit.{}\"", csv ? "csv" : "ndjson"));
  return response;
}

Task<Result<Response>> verify_audit(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  auto work = [&]() -> Result<store::LogAudit> {
    const store::Reader reader = context.node.database.read();
    return store::verify_chains(*reader, {});
  };
  const auto audit = co_await on_worker(context, work);
  if (!audit) co_return tl::unexpected<Error>(audit.error());
  co_return Response::json(200, fmt::format(R"({{"rows":{},"logs":{},"pruned":{}}})", audit->rows,
                                            audit->logs, audit->pruned));
}

}  // namespace skerry::api
