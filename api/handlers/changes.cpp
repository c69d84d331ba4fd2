#include "api/handlers/changes.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "api/handlers/list_request.hpp"
#include "store/audit.hpp"
#include "store/change_feed.hpp"

namespace skerry::api {
namespace {

constexpr int feed_limit_default = 100;
constexpr int stream_batch_rows = 100;
constexpr std::int64_t wait_seconds_max = 60;
constexpr int reads_per_answer_max = 5;  // of rows that the filters pass over

struct Feed {
  struct Change {
    std::string id;
    std::string json;
  };
  std::vector<Change> changes;
  store::FeedPosition last;
  bool at_end = false;
};

// "17-9f3ac04d5e6b7081": what a client keeps of a place in the feed.
std::string to_id(const store::FeedPosition& position) {
  return position.at.empty() ? std::to_string(position.n)
                             : fmt::format("{}-{}", position.n, position.at);
}

Feed read(Context& context, const store::FeedQuery& query) {
  Feed feed;
  const store::Reader reader = context.node.database.read();
  const store::FeedPage page = store::read_feed(*reader, query);
  feed.last = page.last;
  feed.at_end = page.at_end;
  if (page.rows.empty()) return feed;
  store::AuditReader audit(*reader, context.role, query.customers);
  feed.changes.reserve(page.rows.size());
  for (const store::LogRow& row : page.rows) {
    Feed::Change& change = feed.changes.emplace_back();
    change.id = to_id(store::position_of(row));
    store::append_audit_json(change.json, audit.read(row));
  }
  return feed;
}

Response feed_answer(const Feed& feed) {
  std::string body = "{\"items\":[";
  for (const Feed::Change& change : feed.changes) {
    if (&change != &feed.changes.front()) body += ',';
    body += change.json;
  }
  const store::FeedPosition& last = feed.last;
  const std::string at = last.at.empty() ? "null" : '"' + last.at + '"';
  body += fmt::format("],\"last\":{},\"at\":{}}}", last.n, at);
  return Response::json(200, std::move(body));
}

class ChangeStream final : public EventStream {
 public:
  ChangeStream(Context& context, Request& request, store::FeedQuery query)
      : context_(context), request_(request), query_(std::move(query)) {}

  Task<std::optional<std::string>> next(std::chrono::milliseconds timeout) override {
    while (request_.still_allowed()) {
      const std::uint64_t seen = context_.commits.generation();
      std::string text = read_events();
      if (!text.empty()) co_return std::optional<std::string>(std::move(text));
      const Woken woken = co_await context_.commits.wait(request_.interrupt, seen, timeout);
      if (woken == Woken::interrupted) co_return std::nullopt;
      if (woken == Woken::timed_out) co_return std::optional<std::string>(std::string());
    }
    co_return std::nullopt;
  }

 private:
  // An event without data moves the client's position over rows that its filters pass over: it
  // dispatches nothing (HTML, "server-sent events", 9.2.6).
  std::string read_events() {
    const Feed feed = read(context_, query_);
    std::string text;
    for (const Feed::Change& change : feed.changes)
      text += to_event(change.id, "change", change.json);
    const std::string last = to_id(feed.last);
    const bool passed_over = feed.changes.empty() || feed.changes.back().id != last;
    if (feed.last.n > query_.after && passed_over) text += fmt::format("id: {}\n\n", last);
    query_.after = feed.last.n;
    return text;
  }

  Context& context_;
  Request& request_;
  store::FeedQuery query_;
};

std::optional<std::int64_t> parse_n(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n < 0) return std::nullopt;
  return n;
}

// Last-Event-ID, what a browser sends when it comes back, before `after` and `at`.
Result<store::FeedPosition> start_of(const Request& request) {
  SKERRY_TRY(const auto after, read_number(request, "after"));
  store::FeedPosition position{after.value_or(0), std::string(request.query("at").value_or(""))};
  if (position.at.find_first_not_of("0123456789abcdef") != std::string::npos)
    return fail(Errc::bad_request, "at must be what an answer gave beside its last");
  const std::string_view last = request.header("Last-Event-ID");
  if (last.empty()) return position;
  const std::size_t dash = std::min(last.find('-'), last.size());
  const auto n = parse_n(last.substr(0, dash));
  if (!n) return fail(Errc::bad_request, "Last-Event-ID must be the id of an event of this feed");
  return store::FeedPosition{*n, std::string(last.substr(std::min(dash + 1, last.size())))};
}

Result<store::FeedQuery> read_feed_query(const Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"after", "at", "limit", "wait", "kind", "customer"}));
  SKERRY_TRY_VOID(request.allow_repeated({"kind"}));
  store::FeedQuery query;
  for (const QueryParameter& parameter : request.queries()) {
    if (parameter.name != "kind") continue;
    if (!find_kind(parameter.value))
      return fail(Errc::bad_request, fmt::format("there is no kind \"{}\"", parameter.value));
    query.kinds.push_back(parameter.value);
  }
  if (const auto customer = request.query("customer")) {
    query.customer = parse_id<RecordId>(*customer);
    if (!query.customer)
      return fail(Errc::bad_request, "customer must be the id of a customer (a UUID)");
  }
  query.customers = request.principal->customers;
  SKERRY_TRY(query.limit, read_limit(request, feed_limit_default));
  return query;
}

}  // namespace

Task<Result<Response>> read_changes(Context& context, Request& request) {
  SKERRY_CO_TRY(store::FeedQuery query, read_feed_query(request));
  SKERRY_CO_TRY(const store::FeedPosition start, start_of(request));
  SKERRY_CO_TRY(const auto wait, read_number(request, "wait"));
  if (wait && *wait > wait_seconds_max)
    co_return fail(Errc::bad_request, fmt::format("wait is at most {} seconds", wait_seconds_max));
  {
    const store::Reader reader = context.node.database.read();
    SKERRY_CO_TRY_VOID(store::check_position(*reader, start));
  }
  query.after = start.n;
  if (request.prefers_to_json("text/event-stream")) {
    query.limit = stream_batch_rows;
    Response response =
        Response::events(std::make_unique<ChangeStream>(context, request, std::move(query)));
    response.header("Cache-Control", "no-store");
    co_return response;
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(wait.value_or(0));
  store::FeedPosition last = start;
  for (int reads = 1;; ++reads) {
    const std::uint64_t seen = context.commits.generation();
    Feed feed = read(context, query);
    if (feed.last.n == last.n) feed.last.at = last.at;
    last = feed.last;
    query.after = last.n;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (!feed.changes.empty()) co_return feed_answer(feed);
    if (feed.at_end ? left.count() <= 0 : reads >= reads_per_answer_max)
      co_return feed_answer(feed);
    if (!feed.at_end) continue;
    const Woken woken = co_await context.commits.wait(request.interrupt, seen, left);
    if (woken == Woken::interrupted) co_return feed_answer(feed);
    SKERRY_CO_TRY_VOID(request.still_allowed());
  }
}

}  // namespace skerry::api
