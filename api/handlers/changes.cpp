#include "api/handlers/changes.hpp"

#include <charconv>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "api/work.hpp"
#include "store/audit.hpp"

namespace skerry::api {
namespace {

constexpr int feed_limit_default = 100;
constexpr int stream_batch_rows = 100;
constexpr std::int64_t wait_seconds_max = 60;

struct Change {
  std::int64_t n;
  std::string json;
};

std::vector<Change> read_feed(Context& context, std::int64_t after, int limit) {
  std::vector<Change> changes;
  const store::Reader reader = context.node.database.read();
  const store::ReadTransaction transaction(*reader);  // a row and what is said of it, of one moment
  const auto rows = store::read_log_after(*reader, after, limit);
  if (rows.empty()) return changes;
  store::AuditReader audit(*reader, context.role);
  changes.reserve(rows.size());
  for (const store::LogRow& row : rows)
    store::append_audit_json(changes.emplace_back(Change{row.n, {}}).json, audit.read(row));
  return changes;
}

Response feed_answer(const std::vector<Change>& changes, std::int64_t after) {
  std::string body = "{\"items\":[";
  for (const Change& change : changes) {
    if (&change != &changes.front()) body += ',';
    body += change.json;
  }
  body += fmt::format("],\"last\":{}}}", changes.empty() ? after : changes.back().n);
  return Response::json(200, std::move(body));
}

class ChangeStream final : public EventStream {
 public:
  ChangeStream(Context& context, Request& request, std::int64_t after)
      : context_(context), request_(request), last_(after) {}

  Task<std::optional<std::string>> next(std::chrono::milliseconds timeout) override {
    while (true) {
      const std::uint64_t seen = context_.commits.generation();
      std::string text = read_events();
      if (!text.empty()) co_return std::optional<std::string>(std::move(text));
      const Woken woken = co_await context_.commits.wait(request_.interrupt, seen, timeout);
      if (woken == Woken::interrupted) co_return std::nullopt;
      if (woken == Woken::timed_out) co_return std::optional<std::string>(std::string());
    }
  }

 private:
  std::string read_events() {
    std::string text;
    for (const Change& change : read_feed(context_, last_, stream_batch_rows)) {
      text += to_event(std::to_string(change.n), "change", change.json);
      last_ = change.n;
    }
    return text;
  }

  Context& context_;
  Request& request_;
  std::int64_t last_;
};

// Last-Event-ID, what a browser sends when it comes back, before `after`.
Result<std::int64_t> start_of(const Request& request) {
  SKERRY_TRY(const auto after, read_number(request, "after"));
  const std::string_view last = request.header("Last-Event-ID");
  if (last.empty()) return after.value_or(0);
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), n);
  if (error != std::errc() || end != last.data() + last.size() || n < 0)
    return fail(Errc::bad_request, "Last-Event-ID must be the number of a change");
  return n;
}

bool wants_events(const Request& request) {
  return request.header("Accept").find("text/event-stream") != std::string_view::npos;
}

std::optional<std::string> text_of(const Request& request, std::string_view name) {
  const auto text = request.query(name);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

Result<store::AuditQuery> read_audit_query(const Context& context, const Request& request) {
  SKERRY_TRY_VOID(request.allow_queries(
      {"kind", "record", "actor", "source", "since", "until", "limit", "cursor"}));
  store::AuditQuery query;
  query.kind = text_of(request, "kind");
  if (query.kind && !find_kind(*query.kind))
    return fail(Errc::bad_request, fmt::format("there is no kind \"{}\"", *query.kind));
  if (const auto record = request.query("record")) {
    query.record = parse_id<RecordId>(*record);
    if (!query.record) return fail(Errc::bad_request, "record must be a record id (a UUID)");
  }
  query.actor = text_of(request, "actor");
  query.source = text_of(request, "source");
  SKERRY_TRY(query.since, read_time(request, "since"));
  SKERRY_TRY(query.until, read_time(request, "until"));
  SKERRY_TRY(query.limit, read_limit(request, query.limit));
  SKERRY_TRY(const auto position, read_cursor(context, request));
  if (position) query.before_n = std::stoll(*position);  // authentic: written below
  return query;
}

}  // namespace

Task<Result<Response>> read_changes(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({"after", "limit", "wait"}));
  SKERRY_CO_TRY(const std::int64_t after, start_of(request));
  SKERRY_CO_TRY(const int limit, read_limit(request, feed_limit_default));
  SKERRY_CO_TRY(const auto wait, read_number(request, "wait"));
  if (wait && *wait > wait_seconds_max)
    co_return fail(Errc::bad_request, fmt::format("wait is at most {} seconds", wait_seconds_max));
  if (wants_events(request)) {
    Response response = Response::events(std::make_unique<ChangeStream>(context, request, after));
    response.header("Cache-Control", "no-store");
    co_return response;
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(wait.value_or(0));
  while (true) {
    const std::uint64_t seen = context.commits.generation();
    const auto changes = read_feed(context, after, limit);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (!changes.empty() || left.count() <= 0) co_return feed_answer(changes, after);
    const Woken woken = co_await context.commits.wait(request.interrupt, seen, left);
    if (woken == Woken::interrupted) co_return feed_answer({}, after);
  }
}

Result<Response> list_audit(Context& context, Request& request) {
  SKERRY_TRY(const store::AuditQuery query, read_audit_query(context, request));
  const store::Reader reader = context.node.database.read();
  const store::ReadTransaction transaction(*reader);
  const store::AuditPage page = store::list_audit(*reader, context.role, query);
  std::string items;
  for (const store::AuditRow& row : page.rows) {
    if (!items.empty()) items += ',';
    store::append_audit_json(items, row);
  }
  return list_answer(context, request, std::move(items),
                     page.before_n ? std::optional(std::to_string(*page.before_n)) : std::nullopt);
}

Task<Result<Response>> verify_audit(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  auto work = [&]() -> Result<store::LogAudit> {
    const store::Reader reader = context.node.database.read();
    return store::verify_chains(*reader, {});
  };
  const auto audit = co_await on_worker(context, work);
  if (!audit) co_return tl::unexpected<Error>(audit.error());
  co_return Response::json(200,
                           fmt::format(R"({{"rows":{},"logs":{}}})", audit->rows, audit->logs));
}

}  // namespace skerry::api
