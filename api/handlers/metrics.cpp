#include "api/handlers/metrics.hpp"

#include <fmt/format.h>

#include "api/handlers/machine_notes.hpp"
#include "licensing/seat_desk.hpp"
#include "store/backups.hpp"
#include "store/conflicts.hpp"
#include "store/own_epochs.hpp"
#include "store/upstream.hpp"
#include "sync/trust.hpp"

namespace skerry::api {
namespace {

// Lines of one metric stand together, behind what it is.
class Exposition {
 public:
  // A name in base units; `type` is gauge or counter. What follows is of this metric.
  void metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  template <class Number>
  void value(Number number) {
    fmt::format_to(std::back_inserter(text_), "{} {}\n", name_, number);
  }
  template <class Number>
  void value(std::string_view label, std::string_view of, Number number) {
    fmt::format_to(std::back_inserter(text_), "{}{{{}=\"{}\"}} {}\n", name_, label, escaped(of),
                   number);
  }
  // Of a histogram, whose samples have names of their own.
  template <class Number>
  void sample(std::string_view suffix, Number number) {
    fmt::format_to(std::back_inserter(text_), "{}{} {}\n", name_, suffix, number);
  }
  template <class Number>
  void sample(std::string_view suffix, std::string_view label, std::string_view of, Number number) {
    fmt::format_to(std::back_inserter(text_), "{}{}{{{}=\"{}\"}} {}\n", name_, suffix, label,
                   escaped(of), number);
  }
  template <class Number>
  void gauge(std::string_view name, std::string_view help, Number number) {
    metric(name, "gauge", help);
    value(number);
  }
  std::string take() { return std::move(text_); }

 private:
  static std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }

  std::string_view name_;
  std::string text_;
};

double seconds(UnixMillis at) { return static_cast<double>(at) / 1000; }

std::int64_t database_bytes(store::Connection& connection) {
  return scalar(connection,
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
}

void add_machine(Exposition& out, const Context& context, store::Connection& connection) {
  out.metric("skerry_build_info", "gauge", "Always 1; the labels say what runs here.");
  out.value("version", context.node.app_version, 1);
  out.gauge("skerry_central", "1 at central, 0 at a site.", context.role == Role::central ? 1 : 0);
  out.gauge("skerry_start_time_seconds", "When the daemon started.", seconds(context.started_at));
  out.gauge("skerry_free_bytes", "Free on the disk of the data folder.",
            free_bytes(context.data_folder));
  out.gauge("skerry_database_bytes", "Size of the database, without its write-ahead log.",
            database_bytes(connection));
  const ServerStats server = context.server_stats();
  out.metric("skerry_http_requests_total", "counter", "Answers: a 4xx, a 5xx, or any other.");
  out.value("class", "client_error", server.client_errors);
  out.value("class", "server_error", server.server_errors);
  out.value("class", "success", server.requests - server.client_errors - server.server_errors);
  out.gauge("skerry_http_connections", "Open connections.", server.connections);
}

void add_writer(Exposition& out, const store::WriterStats& writer) {
  out.gauge("skerry_writer_queue_jobs", "Writes that wait for the disk.", writer.queued);
  out.metric("skerry_writer_jobs_total", "counter", "Writes that were done, refused ones too.");
  out.value(writer.jobs);
  out.metric("skerry_writer_commits_total", "counter", "Transactions that they shared.");
  out.value(writer.groups);
  out.metric("skerry_commit_seconds", "histogram", "How long commits took, with their fsync.");
  for (std::size_t i = 0; i < writer.commits.within.size(); ++i)
    out.sample("_bucket", "le", fmt::format("{}", store::CommitTimes::bounds[i]),
               writer.commits.within[i]);
  out.sample("_bucket", "le", "+Inf", writer.commits.count);
  out.sample("_sum", writer.commits.seconds);
  out.sample("_count", writer.commits.count);
  out.gauge("skerry_wal_pages", "Pages in the write-ahead log.", writer.wal_pages);
}

// Of peers that were never heard of there is no time.
void add_exchange(Exposition& out, store::Connection& connection, Role role) {
  out.metric("skerry_last_exchange_timestamp_seconds", "gauge",
             "When a bundle of the peer was last taken in.");
  if (role == Role::site) {
    const auto upstream = store::read_upstream(connection);
    if (upstream && upstream->contact_at > 0)
      out.value("peer", "central", seconds(upstream->contact_at));
    return;
  }
  const auto sites = store::list_sites(connection);
  for (const store::Site& site : sites)
    if (site.contact_at && site.status == store::SiteStatus::active)
      out.value("peer", to_string(site.id), seconds(*site.contact_at));
  out.metric("skerry_clock_suspect", "gauge", "1 where the clock of an active site is wrong.");
  for (const store::Site& site : sites)
    if (site.status == store::SiteStatus::active)
      out.value("peer", to_string(site.id), site.clock_suspect ? 1 : 0);
}

// Without a root there is nothing that expires.
void add_trust(Exposition& out, store::Connection& connection) {
  const auto trust = sync::load_trust(connection);
  if (!trust || trust->generation == 0) return;
  out.gauge("skerry_trust_generation", "The generation of trust in force.", trust->generation);
  out.gauge("skerry_trust_expires_timestamp_seconds", "When it expires, which only warns.",
            seconds(trust->expires_at));
}

void add_seats(Exposition& out, const std::vector<licensing::PoolState>& pools) {
  const auto each = [&](auto number) {
    for (const licensing::PoolState& pool : pools)
      if (const auto value = number(pool))
        out.value("entitlement", to_string(pool.entitlement), *value);
  };
  using Pool = licensing::PoolState;
  using Number = std::optional<std::int64_t>;
  out.metric("skerry_seats_in_use", "gauge", "Seats that are out.");
  each([](const Pool& pool) { return Number(pool.numbers.in_use); });
  out.metric("skerry_seats_limit", "gauge", "Seats there are; none where there is no limit.");
  each([](const Pool& pool) { return pool.allowance ? pool.numbers.limit.limit : Number(); });
  out.metric("skerry_seat_denials_total", "counter",
             "Claims refused for want of a seat or feature.");
  each([](const Pool& pool) { return Number(pool.counts.denials); });
  out.metric("skerry_seat_clones_total", "counter", "Calls by machines that go on as another.");
  each([](const Pool& pool) { return Number(pool.counts.clones); });
}

}  // namespace

Result<Response> get_metrics(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  const Untaken untaken = read_untaken(*reader, context.role);
  Exposition out;
  add_machine(out, context, *reader);
  out.gauge("skerry_log_position", "Number of the last change of this machine's log.",
            context.node.log.last_n());
  out.gauge("skerry_conflicts_open", "Conflicts that wait for a decision.",
            store::count_open_conflicts(*reader));
  out.gauge("skerry_rows_held", "Changes that wait for what they name, or for an update.",
            untaken.held);
  out.gauge("skerry_rows_rejected", "Changes that were refused.", untaken.rejected);
  out.gauge("skerry_rows_quarantined", "Changes of copies that were only kept.",
            scalar(*reader, "SELECT count(*) FROM quarantine"));
  out.gauge("skerry_rows_pending", "Own changes that central has not confirmed.",
            context.role == Role::site ? store::count_pending(*reader).rows : 0);
  add_exchange(out, *reader, context.role);
  add_trust(out, *reader);
  add_seats(out, context.seats->pools());
  out.metric("skerry_last_good_backup_timestamp_seconds", "gauge",
             "When the newest backup was made that was found whole.");
  if (const auto backup = store::last_good_backup(*reader, context.node.clock.wall_ms()))
    out.value(seconds(backup->created_at));
  add_writer(out, context.node.database.stats());
  Response response = Response::text(200, out.take());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

}  // namespace skerry::api
