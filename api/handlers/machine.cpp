#include "api/handlers/machine.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "api/handlers/bundle_json.hpp"
#include "api/handlers/copies.hpp"
#include "api/handlers/machine_notes.hpp"
#include "api/handlers/trust.hpp"
#include "api/work.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "store/conflicts.hpp"
#include "store/derived.hpp"
#include "store/exchange_trouble.hpp"
#include "store/identity.hpp"
#include "store/lost_ranges.hpp"
#include "store/migrations.hpp"
#include "store/own_epochs.hpp"
#include "store/prune_log.hpp"
#include "store/quarantine.hpp"
#include "store/record.hpp"
#include "store/upstream.hpp"
#include "sync/digest.hpp"
#include "sync/engine.hpp"
#include "sync/trust.hpp"

namespace skerry::api {
namespace {

std::uint64_t database_bytes(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const char* name : {"skerry.db", "skerry.db-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(folder / name, error);
    if (!error) bytes += size;
  }
  return bytes;
}

json::value trouble_json(const std::optional<store::ExchangeTrouble>& trouble) {
  if (!trouble) return nullptr;
  return json::object{{"since", format_timestamp(trouble->since)},
                      {"latest", format_timestamp(trouble->latest)},
                      {"code", trouble->code},
                      {"detail", trouble->detail},
                      {"next", trouble->next}};
}

json::object log_json(const Context& context, store::Connection& connection,
                      const store::LogHead& own) {
  const store::LogBegin begin = store::read_log_begin(connection);
  return {{"n", context.node.log.last_n()}, {"pruned", begin.n}, {"pruned_own", begin.own_rows},
          {"epoch", to_string(own.epoch)},  {"head", own.seq},   {"hash", to_hex(own.hash)}};
}

json::value compared_json(const store::Upstream& upstream) {
  if (upstream.compared == 0) return nullptr;
  return json::object{{"n", upstream.compared}, {"same", !upstream.differs}};
}

json::value attention_of(const std::pair<std::string, std::string>& note) {
  return json::string(fmt::format("{}: {}", note.first, note.second));
}

// Why the log goes on in a new epoch, for the banner.
std::string_view describe_why(std::string_view reason) {
  constexpr std::pair<std::string_view, std::string_view> reasons[] = {
      {sync::why::behind_anchor, "the database is older than the anchor, as after a restore"},
      {sync::why::no_anchor, "the anchor was gone, as after a restore or a copy"},
      {sync::why::restored, "the machine was put back from a backup"},
      {sync::why::moved, "the database was moved to another machine"},
      {sync::why::behind_peer,
       "central knew more of this log than this machine, as after a restore"},
      {sync::why::fork, "central has another branch of this log, as of a copy"},
      {sync::why::rows_gone, "central needs rows that are not kept here any more"},
      {sync::why::authorised, "central's administrator let this copy go on as the site"},
  };
  for (const auto& [code, text] : reasons)
    if (code == reason) return text;
  return reason;
}

// A new epoch, a lost range, a copy: what may have changed what people see.
void add_epoch_status(store::Connection& connection, const store::OwnEpoch& own,
                      const std::optional<store::Upstream>& upstream, json::object& status,
                      json::array& attention) {
  status["renewed"] = nullptr;
  if (!own.why.empty())
    status["renewed"] = json::object{{"why", own.why}, {"at", format_timestamp(own.started_at)}};
  status["copy_since"] = upstream && upstream->copy_since
                             ? json::value(format_timestamp(*upstream->copy_since))
                             : json::value();
  if (upstream && upstream->copy_since)
    attention.push_back(json::string(fmt::format(
        "this is a copy of the site, which goes on elsewhere: read only; skerry exchange hands "
        "over what it wrote, and at central: {}",
        store::copy_remedy(shell_word(store::read_identity(connection)->name)))));
  // Until central has heard of it.
  if (own.why.empty() || own.acked > 0) return;
  attention.push_back(json::string(
      fmt::format("a new epoch began, {}: what central has comes back with the next exchange",
                  describe_why(own.why))));
  for (const store::LostRange& range : store::list_missing(connection))
    if (!range.told)
      attention.push_back(json::string(
          fmt::format("rows {} to {} of this site's epoch {} are not here; central may have them",
                      range.missing_from(), range.last, to_string(range.epoch).substr(0, 8))));
}

void add_site_status(store::Connection& connection, const Context& context, json::object& status,
                     json::array& attention) {
  const auto upstream = store::read_upstream(connection);
  const store::OwnEpoch own = store::read_own_epochs(connection).back();
  const store::PendingRows pending = store::count_pending(connection);
  add_epoch_status(connection, own, upstream, status, attention);
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
                   {"acked", own.acked},
                   {"durable", own.durable},
                   {"compared", compared_json(*upstream)},
                   {"held_rows", untaken.held},
                   {"rejected_rows", untaken.rejected},
                   {"trouble", trouble_json(trouble)},
                   {"contact_at",
                    contact ? json::value(format_timestamp(upstream->contact_at)) : json::value()}};
  if (upstream->life.ord == 0)
    attention.push_back("central's first state has not arrived: skerry exchange DIR");
  if (trouble)
    attention.push_back(json::string(fmt::format("{}: {}", text_of(*trouble), trouble->next)));
  if (const auto note = note_of_difference(upstream)) attention.push_back(attention_of(*note));
  if (untaken.held > 0)
    attention.push_back(json::string(
        fmt::format("central holds back {} own changes: skerry doctor", untaken.held)));
}

// A life that began because central had lost memory, until every site has its state.
void add_life_status(store::Connection& connection, json::object& status, json::array& attention) {
  const store::OwnEpoch life = store::read_own_epochs(connection).back();
  status["renewed"] = nullptr;
  if (life.why.empty()) return;
  status["renewed"] = json::object{{"why", life.why}, {"at", format_timestamp(life.started_at)}};
  const std::int64_t ord = store::read_head(connection, "own").ord;
  const auto sites = store::list_sites(connection);
  const auto waiting = std::count_if(sites.begin(), sites.end(), [&](const store::Site& site) {
    return site.status == store::SiteStatus::active && site.down.at.ord != ord;
  });
  if (waiting > 0)
    attention.push_back(json::string(fmt::format(
        "central was put back and began a new life; {} active sites have not said that they hold "
        "its state: exchange with them, and what they wrote since comes back",
        waiting)));
}

void add_central_status(store::Connection& connection, UnixMillis now, json::object& status,
                        json::array& attention) {
  status["pending"] = 0;
  add_life_status(connection, status, attention);
  if (const auto note = note_of_disputes(connection, now)) attention.push_back(attention_of(*note));
  for (const store::Site& site : store::list_sites(connection)) {
    if (const auto note = note_of_branches(connection, site))
      attention.push_back(attention_of(*note));
    if (const auto note = note_of_authorisation(site)) attention.push_back(attention_of(*note));
    if (const auto note = note_of_difference(site)) attention.push_back(attention_of(*note));
  }
  const Untaken untaken = read_untaken(connection, Role::central);
  if (untaken.newer > 0)
    attention.push_back(json::string(fmt::format(
        "{} changes of sites were written by a newer version of Skerry: install it here",
        untaken.newer)));
  if (untaken.held > untaken.newer)
    attention.push_back(json::string(
        fmt::format("{} changes of sites wait for a record that is not here: skerry doctor",
                    untaken.held - untaken.newer)));
  status["sites"] = json::object{
      {"total", scalar(connection, "SELECT count(*) FROM site")},
      {"active", scalar(connection, "SELECT count(*) FROM site WHERE status='active'")},
      {"held_rows", untaken.held},
      {"rejected_rows", untaken.rejected},
      {"quarantined_rows", scalar(connection, "SELECT count(*) FROM quarantine")}};
}

void add_backup_status(store::Connection& connection, const Context& context, json::object& status,
                       json::array& attention) {
  const UnixMillis now = context.node.clock.wall_ms();
  const BackupHealth health = backup_health(connection, context.backup, now);
  json::object backup{{"arranged", !context.backup.recipient.empty()}, {"last_good_at", nullptr}};
  if (health.good) {
    backup["last_good_at"] = format_timestamp(health.good->created_at);
    backup["age_seconds"] = (now - health.good->created_at) / 1000;
    backup["file"] = health.good->file;
  }
  status["backup"] = std::move(backup);
  if (!health.complaint.empty())
    attention.push_back(json::string(fmt::format("{}: {}", health.complaint, health.next)));
}

// ?verbose, which is for whoever may read.
Result<bool> asks_for_more(const Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"verbose"}));
  if (!request.query("verbose")) return false;
  const Principal& asking = *request.principal;
  if (asking.may(Access::read) && !asking.is_limited()) return true;
  if (asking.kind == Principal::Kind::anonymous)
    return fail(Errc::unauthorized, "how the machine is doing is told to readers only",
                "ask without verbose, or with a token: skerry token create");
  return fail(Errc::forbidden, "how the machine is doing is told to who may read all of it",
              "ask without verbose");
}

}  // namespace

Result<Response> get_livez(Context& context, Request& request) {
  SKERRY_TRY(const bool verbose, asks_for_more(request));
  json::object live{{"live", true}};
  if (verbose) {
    const ServerStats server = context.server_stats();
    live["version"] = context.node.app_version;
    live["uptime_seconds"] = (context.node.clock.wall_ms() - context.started_at) / 1000;
    live["connections"] = server.connections;
    live["requests"] = server.requests;
  }
  return Response::json(200, live);
}

Result<Response> get_readyz(Context& context, Request& request) {
  SKERRY_TRY(const bool verbose, asks_for_more(request));
  const std::uint64_t free = free_bytes(context.data_folder);
  if (free < disk_reserve_bytes)
    return fail(Errc::storage_full, "less than 64 MiB are free on the data folder's disk",
                "free some space; writes may fail");
  json::object ready{{"ready", true}};
  if (verbose) {
    const store::WriterStats writer = context.node.database.stats();
    ready["schema"] = schema_version;
    ready["queued_writes"] = writer.queued;
    ready["checkpoint_failures"] = writer.checkpoint_failures;
    ready["free_bytes"] = free;
    ready["reserve_bytes"] = disk_reserve_bytes;
  }
  return Response::json(200, ready);
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
      {"migration", store::all_migrations().size()},
      {"sqlite", store::sqlite_version()},
      {"time", format_timestamp(context.node.clock.wall_ms())},
      {"uptime_seconds", (context.node.clock.wall_ms() - context.started_at) / 1000},
      {"records", std::move(records)},
      {"log", log_json(context, *reader, own)}};
  if (context.role == Role::site)
    add_site_status(*reader, context, status, attention);
  else
    add_central_status(*reader, context.node.clock.wall_ms(), status, attention);
  status["lost_ranges"] = lost_json(store::list_missing(*reader));
  add_backup_status(*reader, context, status, attention);
  const std::int64_t conflicts = store::count_open_conflicts(*reader);
  status["conflicts_open"] = conflicts;
  if (conflicts > 0)
    attention.push_back(json::string(
        fmt::format("{} conflicts wait for a decision: skerry conflict list", conflicts)));
  if (const auto note = note_of_trust(*reader, context))
    attention.push_back(json::string(fmt::format("{}: {}", note->first, note->second)));
  if (const auto note = note_of_certificate(context)) attention.push_back(attention_of(*note));
  status["queue"] =
      json::object{{"jobs", writer.jobs}, {"groups", writer.groups}, {"queued", writer.queued}};
  status["database_bytes"] = database_bytes(context.data_folder);
  const std::uint64_t free = free_bytes(context.data_folder);
  status["free_bytes"] = free;
  if (const auto note = note_of_disk(free)) attention.push_back(attention_of(*note));
  status["attention"] = std::move(attention);
  return Response::json(200, status);
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
