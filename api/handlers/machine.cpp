#include "api/handlers/machine.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "api/handlers/bundle_json.hpp"
#include "api/work.hpp"
#include "core/timestamp.hpp"
#include "store/conflicts.hpp"
#include "store/derived.hpp"
#include "store/exchange_trouble.hpp"
#include "store/identity.hpp"
#include "store/record.hpp"
#include "store/upstream.hpp"
#include "sync/digest.hpp"
#include "sync/spool.hpp"
#include "sync/trust.hpp"

namespace skerry::api {
namespace {

constexpr std::uint64_t disk_reserve_bytes = 64ull << 20;  // below it the machine is not ready

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

std::uint64_t database_bytes(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const char* name : {"skerry.db", "skerry.db-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(folder / name, error);
    if (!error) bytes += size;
  }
  return bytes;
}

std::int64_t scalar(store::Connection& connection, std::string_view sql) {
  auto cursor = connection.query(sql);
  return cursor.next() ? cursor.integer(0) : 0;
}

// The own rows that central has not confirmed.
struct Pending {
  std::int64_t rows = 0;
  std::optional<UnixMillis> oldest_at;
};

Pending read_pending(store::Connection& connection, const store::LogHead& own,
                     const std::optional<store::Upstream>& upstream) {
  const std::int64_t acked = upstream ? upstream->acked : 0;
  Pending pending{own.seq - acked, std::nullopt};
  auto cursor = connection.query("SELECT recorded_at FROM change_log WHERE log=?1 AND seq=?2",
                                 own.number, acked + 1);
  if (cursor.next()) pending.oldest_at = cursor.integer(0);
  return pending;
}

// Rows that were not taken as they are: at central those of the sites, at a site its own.
struct Untaken {
  std::int64_t held = 0;
  std::int64_t rejected = 0;
};

Untaken read_untaken(store::Connection& connection, Role role) {
  if (role == Role::central)
    return {scalar(connection, "SELECT count(*) FROM held"),
            scalar(connection, "SELECT count(*) FROM ingest WHERE disposition='rejected'")};
  return {scalar(connection, "SELECT count(*) FROM row_result WHERE disposition='held'"),
          scalar(connection, "SELECT count(*) FROM row_result WHERE disposition='rejected'")};
}

std::string text_of(const Untaken& untaken) {
  return fmt::format("{} held, {} rejected", untaken.held, untaken.rejected);
}

json::value trouble_json(const std::optional<store::ExchangeTrouble>& trouble) {
  if (!trouble) return nullptr;
  return json::object{{"since", format_timestamp(trouble->since)},
                      {"latest", format_timestamp(trouble->latest)},
                      {"code", trouble->code},
                      {"detail", trouble->detail},
                      {"next", trouble->next}};
}

std::string text_of(const store::ExchangeTrouble& trouble) {
  return fmt::format("the online exchange fails since {}: {}", format_timestamp(trouble.since),
                     trouble.detail);
}

json::object log_json(const Context& context, const store::LogHead& own) {
  return {{"n", context.node.log.last_n()},
          {"epoch", to_string(own.epoch)},
          {"head", own.seq},
          {"hash", to_hex(own.hash)}};
}

// Of a site that exchanges online.
std::optional<store::ExchangeTrouble> read_trouble(store::Connection& connection,
                                                   const Context& context) {
  if (context.online.url.empty()) return std::nullopt;
  return store::read_exchange_trouble(connection);
}

void add_site_status(store::Connection& connection, const Context& context,
                     const store::LogHead& own, json::object& status, json::array& attention) {
  const auto upstream = store::read_upstream(connection);
  const Pending pending = read_pending(connection, own, upstream);
  status["pending"] = pending.rows;
  status["oldest_pending_at"] =
      pending.oldest_at ? json::value(format_timestamp(*pending.oldest_at)) : json::value();
  if (!upstream) {
    status["upstream"] = nullptr;
    attention.push_back("this site has no central yet: skerry enrol INVITATION");
    return;
  }
  const bool contact = upstream->contact_at > 0;
  const auto trouble = read_trouble(connection, context);
  const Untaken untaken = read_untaken(connection, Role::site);
  json::array sign_keys;
  if (const auto trust = sync::load_trust(connection))
    for (const auto& key : trust->signing_keys) sign_keys.push_back(json::string(key.to_text()));
  status["upstream"] =
      json::object{{"n", upstream->n},
                   {"sign_keys", std::move(sign_keys)},
                   {"acked", upstream->acked},
                   {"durable", upstream->durable},
                   {"held_rows", untaken.held},
                   {"rejected_rows", untaken.rejected},
                   {"trouble", trouble_json(trouble)},
                   {"contact_at",
                    contact ? json::value(format_timestamp(upstream->contact_at)) : json::value()}};
  if (upstream->life.ord == 0)
    attention.push_back("central's first state has not arrived: skerry exchange DIR");
  if (trouble)
    attention.push_back(json::string(fmt::format("{}: {}", text_of(*trouble), trouble->next)));
  if (untaken.held > 0)
    attention.push_back(json::string(fmt::format(
        "central holds back {} own changes: skerry audit list --source api", untaken.held)));
}

void add_central_status(store::Connection& connection, json::object& status,
                        json::array& attention) {
  status["pending"] = 0;
  const Untaken untaken = read_untaken(connection, Role::central);
  if (untaken.held > 0)
    attention.push_back(json::string(fmt::format(
        "{} changes of sites wait for a record that is not here: skerry doctor", untaken.held)));
  status["sites"] = json::object{
      {"total", scalar(connection, "SELECT count(*) FROM site")},
      {"active", scalar(connection, "SELECT count(*) FROM site WHERE status='active'")},
      {"held_rows", untaken.held},
      {"rejected_rows", untaken.rejected}};
}

// What waits longest, for a person to find it.
std::string first_held(store::Connection& connection) {
  auto cursor = connection.query(
      "SELECT s.name,h.seq,i.detail FROM held h JOIN site_epoch e ON e.number=h.epoch "
      "JOIN site s ON s.row=e.site JOIN ingest i ON i.epoch=h.epoch AND i.seq=h.seq "
      "ORDER BY i.n LIMIT 1");
  if (!cursor.next()) return {};
  return fmt::format("; the first is row {} of site {}: {}", cursor.integer(1), cursor.text(0),
                     cursor.text(2));
}

json::object finding(std::string_view severity, std::string_view subject, std::string detail,
                     std::string next = {}) {
  return {{"severity", severity}, {"subject", subject}, {"detail", detail}, {"next", next}};
}

}  // namespace

Result<Response> get_livez(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  return Response::json(200, json::object{{"live", true}});
}

Result<Response> get_readyz(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  if (free_bytes(context.data_folder) < disk_reserve_bytes)
    return fail(Errc::storage_full, "less than 64 MiB are free on the data folder's disk",
                "free some space; writes may fail");
  return Response::json(200, json::object{{"ready", true}});
}

Result<Response> get_status(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  const auto identity = store::read_identity(*reader);
  const store::LogHead own = store::read_head(*reader, "own");
  const store::WriterStats writer = context.node.database.stats();
  json::array attention;
  json::object records;
  for (const Kind& kind : all_kinds()) records[kind.name] = store::count_kind(*reader, kind);
  json::object status{
      {"role", to_text(context.role)},
      {"name", identity ? identity->name : ""},
      {"id",
       identity && !identity->id.is_zero() ? json::value(to_string(identity->id)) : json::value()},
      {"sign_key", context.node.keys.sign.verify_key().to_text()},
      {"version", context.node.app_version},
      {"schema", schema_version},
      {"sqlite", store::sqlite_version()},
      {"time", format_timestamp(context.node.clock.wall_ms())},
      {"uptime_seconds", (context.node.clock.wall_ms() - context.started_at) / 1000},
      {"records", std::move(records)},
      {"log", log_json(context, own)}};
  if (context.role == Role::site)
    add_site_status(*reader, context, own, status, attention);
  else
    add_central_status(*reader, status, attention);
  const std::int64_t conflicts = store::count_open_conflicts(*reader);
  status["conflicts_open"] = conflicts;
  if (conflicts > 0)
    attention.push_back(json::string(
        fmt::format("{} conflicts wait for a decision: skerry conflict list", conflicts)));
  status["queue"] =
      json::object{{"jobs", writer.jobs}, {"groups", writer.groups}, {"queued", writer.queued}};
  status["database_bytes"] = database_bytes(context.data_folder);
  status["free_bytes"] = free_bytes(context.data_folder);
  status["attention"] = std::move(attention);
  return Response::json(200, status);
}

Result<Response> get_doctor(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  json::array findings;
  const std::uint64_t free = free_bytes(context.data_folder);
  findings.push_back(free < disk_reserve_bytes
                         ? finding("error", "disk", fmt::format("{} bytes are free", free),
                                   "free some space on the data folder's disk")
                         : finding("ok", "disk", fmt::format("{} MiB are free", free >> 20)));
  findings.push_back(finding("ok", "sqlite",
                             fmt::format("version {}; one connection writes, so the WAL defect "
                                         "before 3.51.3 does not apply",
                                         store::sqlite_version())));
  if (const auto tables = store::check_tables(*reader); !tables)
    findings.push_back(
        finding("error", "schema", tables.error().detail, "restore a backup of this version"));
  else
    findings.push_back(finding("ok", "schema", "every table fits its kind"));
  const auto upstream = store::read_upstream(*reader);
  if (context.role == Role::site && !upstream)
    findings.push_back(
        finding("warning", "central", "this site has no central yet", "skerry enrol INVITATION"));
  if (upstream && upstream->life.ord == 0)
    findings.push_back(finding("warning", "central", "its first state has not arrived",
                               "skerry exchange DIR, here and at central"));
  if (const auto trouble = read_trouble(*reader, context))
    findings.push_back(finding("error", "exchange", text_of(*trouble), trouble->next));
  const Untaken untaken = read_untaken(*reader, context.role);
  if (untaken.held > 0)
    findings.push_back(finding("warning", "rows", text_of(untaken) + first_held(*reader),
                               "exchange with the site that made the missing record; it is taken "
                               "in by itself then"));
  else if (untaken.rejected > 0)
    findings.push_back(finding("ok", "rows", text_of(untaken) + "; skerry audit list says why"));
  if (context.role == Role::site && upstream && context.online.url.empty())
    findings.push_back(finding("ok", "exchange", "by file only: central.url is not set"));
  const std::int64_t conflicts = store::count_open_conflicts(*reader);
  findings.push_back(conflicts > 0 ? finding("warning", "conflicts",
                                             fmt::format("{} wait for a decision", conflicts),
                                             "skerry conflict list")
                                   : finding("ok", "conflicts", "none is open"));
  for (const store::Site& site : store::list_sites(*reader))
    if (site.clock_suspect)
      findings.push_back(
          finding("warning", "clock",
                  fmt::format("the clock of site {} is off by more than five minutes", site.name),
                  "set that machine's clock; its data is taken in all the same"));
  return Response::json(200, json::object{{"findings", std::move(findings)}});
}

Task<Result<Response>> get_digest(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({"site"}));
  const std::string site_text(request.query("site").value_or(""));
  auto work = [&]() -> Result<Response> {
    const store::Reader reader = context.node.database.read();
    std::optional<store::Site> site;
    if (!site_text.empty()) {
      SKERRY_TRY(site, find_site_by_text(*reader, site_text));
    }
    const sync::ScopeDigest digest = sync::digest_records(*reader, site);
    return Response::json(200, json::object{{"digest", to_hex(digest.sha256)},
                                            {"records", digest.records},
                                            {"upto", digest.upto}});
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

}  // namespace skerry::api
