#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <tuple>
#include <vector>

#include "api/handlers/copies.hpp"
#include "api/handlers/machine.hpp"
#include "api/handlers/machine_notes.hpp"
#include "api/handlers/trust.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "licensing/seat_desk.hpp"
#include "store/accounts.hpp"
#include "store/conflicts.hpp"
#include "store/identity.hpp"
#include "store/lost_ranges.hpp"
#include "store/own_epochs.hpp"
#include "store/record.hpp"
#include "store/trust.hpp"
#include "store/upstream.hpp"
#include "sync/new_life.hpp"

namespace skerry::api {
namespace {

// What waits longest, for a person to find it.
std::string first_held(store::Connection& connection, Role role) {
  if (role == Role::site) {
    auto own = connection.query(
        "SELECT seq,detail FROM row_result WHERE disposition='held' ORDER BY log,seq LIMIT 1");
    if (!own.next()) return {};
    return fmt::format("; the first is row {}: {}", own.integer(0), own.text(1));
  }
  auto cursor = connection.query(
      "SELECT s.name,h.seq,i.detail FROM held h JOIN site_epoch e ON e.number=h.epoch "
      "JOIN site s ON s.row=e.site JOIN ingest i ON i.epoch=h.epoch AND i.seq=h.seq "
      "ORDER BY i.n LIMIT 1");
  if (!cursor.next()) return {};
  return fmt::format("; the first is row {} of site {}: {}", cursor.integer(1), cursor.text(0),
                     cursor.text(2));
}

std::string remedy_of_held(const Untaken& untaken, Role role) {
  if (role == Role::site)
    return "nothing here: central takes them in by itself once what they wait for is there; at "
           "central, skerry doctor says how";
  if (untaken.newer > 0)
    return "install the newer version of Skerry that wrote them; they are taken in then";
  return "exchange with the site that made the missing record; it is taken in by itself then. "
         "Where that is lost: make it again here under its id";
}

json::object finding(std::string_view severity, std::string_view subject, std::string detail,
                     std::string next = {}) {
  return {{"severity", severity}, {"subject", subject}, {"detail", detail}, {"next", next}};
}

void add_copy_findings(store::Connection& connection, json::array& findings) {
  const auto upstream = store::read_upstream(connection);
  if (upstream && upstream->copy_since)
    findings.push_back(
        finding("error", "copy",
                "this machine is a copy of its site, which goes on elsewhere: it "
                "takes no writes",
                "skerry exchange hands over what it wrote; then at central: " +
                    store::copy_remedy(shell_word(store::read_identity(connection)->name))));
  for (const store::Site& site : store::list_sites(connection)) {
    if (auto note = note_of_branches(connection, site))
      findings.push_back(
          finding("warning", "copy", std::move(note->first), std::move(note->second)));
    if (auto note = note_of_authorisation(site))
      findings.push_back(
          finding("warning", "copy", std::move(note->first), std::move(note->second)));
  }
}

// A life that central began by a site's word alone.
void add_life_findings(store::Connection& connection, json::array& findings) {
  const auto tellers = sync::tellers_of_lives(connection);
  for (const store::Site& site : store::list_sites(connection)) {
    const auto told = tellers.find(site.id);
    if (told == tellers.end() || site.status != store::SiteStatus::active) continue;
    findings.push_back(finding(
        "warning", "life",
        fmt::format("central began a new life at {}: site {} said that it knew more of central "
                    "than central itself. The site is not believed again",
                    format_timestamp(told->second), site.name),
        sync::remedy_of_teller(site.name)));
  }
}

void add_difference_findings(store::Connection& connection,
                             const std::optional<store::Upstream>& upstream,
                             json::array& findings) {
  if (auto note = note_of_difference(upstream))
    findings.push_back(finding("error", "digest", std::move(note->first), std::move(note->second)));
  for (const store::Site& site : store::list_sites(connection))
    if (auto note = note_of_difference(site))
      findings.push_back(finding(site.comparison.is_alarm() ? "error" : "warning", "digest",
                                 std::move(note->first), std::move(note->second)));
}

// What restores of this machine saved of an epoch's rows, in the order to take it in.
std::vector<std::filesystem::path> saved_bundles(const std::filesystem::path& data,
                                                 const EpochId& epoch) {
  namespace fs = std::filesystem;
  const std::string of_epoch = fmt::format("-{}-", to_string(epoch).substr(0, 8));
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const fs::directory_entry& folder : fs::directory_iterator(data, ignored)) {
    if (!folder.path().filename().string().starts_with("before-restore-")) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(folder.path(), ignored)) {
      const std::string name = file.path().filename().string();
      if (name.ends_with(".skb") && name.find(of_epoch) != std::string::npos)
        files.push_back(file.path());
    }
  }
  // Of one folder, the pieces of a log by their rows.
  const auto order = [](const fs::path& file) {
    return std::tuple(file.parent_path(), file.native().size(), file);
  };
  std::sort(files.begin(), files.end(),
            [&](const fs::path& a, const fs::path& b) { return order(a) < order(b); });
  return files;
}

// How such a bundle comes back, with a semicolon behind it; empty where there is none.
std::string saved_step(const std::vector<std::filesystem::path>& saved,
                       const std::filesystem::path& data) {
  if (saved.empty()) return {};
  const std::string file = shell_word(saved.front().string());
  const bool for_central = saved.front().filename().string().starts_with("u-");
  return fmt::format(
      "{}{}; ",
      for_central ? "at central: skerry bundle import " + file
                  : fmt::format("with the daemon stopped: skerry backup reapply {} --data {}", file,
                                shell_word(data.string())),
      saved.size() > 1 ? ", then what lies beside it, in order" : "");
}

// Whose rows are lost, for whoever reads it.
struct LostRows {
  store::LostRange range;
  bool own = false;      // of this machine's log
  bool unheard = false;  // at a site: central has not said yet what it has
};

std::string say_lost(const LostRows& lost, Role role) {
  const store::LostRange& range = lost.range;
  const std::string rows = fmt::format("rows {} to {} of {} {}", range.missing_from(), range.last,
                                       !lost.own               ? "a site's epoch"
                                       : role == Role::central ? "central's life"
                                                               : "this site's epoch",
                                       to_string(range.epoch));
  if (lost.unheard) return rows + " are not here; central may have them";
  if (lost.own && role == Role::central) return rows + " are lost";
  return rows + " are lost: neither the site nor central has them";
}

// From what costs nobody anything to what only people can do.
std::string way_back(const LostRows& lost, Role role, const std::filesystem::path& data) {
  const std::string saved = lost.own ? saved_step(saved_bundles(data, lost.range.epoch), data) : "";
  if (role == Role::central && lost.own)
    return fmt::format(
        "exchange with the sites, which send again what they wrote; {}only then "
        "enter again what is missing still of what people at central wrote before "
        "the restore; then: skerry lost acknowledge",
        saved);
  if (!lost.own)
    return "where that site's restore saved it (before-restore-… in its data folder): skerry "
           "bundle import FILE; only then ask the people there for what they wrote before the "
           "restore, to enter it again; then: skerry lost acknowledge";
  return fmt::format(
      "{}{}only then ask the people here for what is missing still of what they "
      "wrote before the restore, and enter it again; then: skerry lost acknowledge",
      lost.unheard ? "skerry exchange, there and back; " : "", saved);
}

// The severity is "ok" where nobody here has anything to do about it, or has seen to it.
json::object lost_finding(const LostRows& lost, const Context& context) {
  const store::LostRange& range = lost.range;
  if (range.told)
    return finding("ok", "lost rows",
                   fmt::format("central was put back: rows {} to {} of its life {} are lost; what "
                               "this site wrote comes back by itself",
                               range.missing_from(), range.last, to_string(range.epoch)));
  std::string detail = say_lost(lost, context.role);
  if (range.acknowledged_at)
    return finding(
        "ok", "lost rows",
        fmt::format("{}; acknowledged at {}", detail, format_timestamp(*range.acknowledged_at)));
  return finding("warning", "lost rows", std::move(detail),
                 way_back(lost, context.role, context.data_folder));
}

void add_lost_findings(store::Connection& connection, const Context& context,
                       json::array& findings) {
  const auto own = store::read_own_epochs(connection);
  const bool site = context.role == Role::site;
  const bool unheard =
      site && store::read_upstream(connection) && !own.back().why.empty() && own.back().acked == 0;
  for (const store::LostRange& range : store::list_missing(connection)) {
    const bool of_own_log = site || std::any_of(own.begin(), own.end(), [&](const auto& epoch) {
                              return epoch.epoch == range.epoch;
                            });
    findings.push_back(lost_finding({range, of_own_log, unheard}, context));
  }
}

json::object trust_finding(store::Connection& connection, const Context& context) {
  if (auto note = note_of_trust(connection, context))
    return finding("warning", "trust", std::move(note->first), std::move(note->second));
  const auto newest = store::newest_trust(connection);
  if (!newest) return finding("ok", "trust", "no offline root: central's own key is all there is");
  const bool central = context.role == Role::central;
  const std::int64_t behind =
      central ? store::count_sites_behind(connection, newest->generation) : 0;
  return finding("ok", "trust",
                 fmt::format("generation {} is in force{}", newest->generation,
                             behind > 0 ? fmt::format("; {} active sites have not said that they "
                                                      "hold it",
                                                      behind)
                                        : ""));
}

// Leases run on a clock that nobody sets within a run; the next start takes the machine's.
void add_clock_findings(const licensing::ClockState& clock, json::array& findings) {
  constexpr std::int64_t apart_ms_max = 300'000;
  const std::int64_t ahead = clock.wall - clock.floor;
  if (std::abs(ahead) <= apart_ms_max) return;
  findings.push_back(finding(
      "warning", "clock",
      fmt::format("this machine's clock says {}, and its leases run by {}",
                  format_timestamp(clock.wall), format_timestamp(clock.floor)),
      ahead > 0 ? "set the clock if it is wrong, or restart the daemon, which takes it for true"
                : "set the clock if it is behind; if it was ahead at a start, licences that end "
                  "meanwhile have ended: renew them at central"));
}

json::object backup_finding(store::Connection& connection, const Context& context) {
  const BackupHealth health =
      backup_health(connection, context.backup, context.node.clock.wall_ms());
  if (!health.complaint.empty()) return finding("warning", "backup", health.complaint, health.next);
  if (!health.good)
    return finding("ok", "backup", "none is arranged: skerry backup key FILE makes a recovery key");
  return finding(
      "ok", "backup",
      fmt::format("the last good one is of {}", format_timestamp(health.good->created_at)));
}

}  // namespace

Result<Response> get_doctor(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  json::array findings;
  const std::uint64_t free = free_bytes(context.data_folder);
  const auto disk = note_of_disk(free);
  findings.push_back(disk ? finding("error", "disk", disk->first, disk->second)
                          : finding("ok", "disk", fmt::format("{} MiB are free", free >> 20)));
  findings.push_back(finding("ok", "sqlite",
                             fmt::format("version {}; one connection writes, so the WAL defect "
                                         "before 3.51.3 does not apply",
                                         store::sqlite_version())));
  if (const auto tables = store::check_tables(*reader); !tables)
    findings.push_back(finding("error", "schema", tables.error().detail, tables.error().next));
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
    findings.push_back(finding("warning", "rows",
                               text_of(untaken) + first_held(*reader, context.role),
                               remedy_of_held(untaken, context.role)));
  else if (untaken.rejected > 0)
    findings.push_back(finding("ok", "rows", text_of(untaken) + "; skerry audit list says why"));
  if (context.role == Role::site && upstream && context.online.url.empty())
    findings.push_back(finding("ok", "exchange", "by file only: central.url is not set"));
  const std::int64_t conflicts = store::count_open_conflicts(*reader);
  findings.push_back(conflicts > 0 ? finding("warning", "conflicts",
                                             fmt::format("{} wait for a decision", conflicts),
                                             "skerry conflict list")
                                   : finding("ok", "conflicts", "none is open"));
  if (const auto note = note_of_disputes(*reader, context.node.clock.wall_ms()))
    findings.push_back(finding("warning", "allocations", note->first, note->second));
  add_copy_findings(*reader, findings);
  add_life_findings(*reader, findings);
  add_difference_findings(*reader, upstream, findings);
  add_lost_findings(*reader, context, findings);
  findings.push_back(backup_finding(*reader, context));
  findings.push_back(trust_finding(*reader, context));
  if (auto note = note_of_certificate(context))
    findings.push_back(
        finding("warning", "certificate", std::move(note->first), std::move(note->second)));
  if (!store::is_claimed(*reader))
    findings.push_back(finding("ok", "access",
                               "nobody has claimed this machine: it answers no other machine "
                               "before skerry setup"));
  else if (!context.plain_for_others.empty())
    findings.push_back(finding("warning", "access",
                               fmt::format("{} takes plain HTTP from other machines: passwords and "
                                           "tokens can be read on the way",
                                           context.plain_for_others),
                               "set listen.tls_address, and listen.address to 127.0.0.1:7070"));
  add_clock_findings(context.seats->clock(), findings);
  for (const store::Site& site : store::list_sites(*reader))
    if (site.clock_suspect)
      findings.push_back(
          finding("warning", "clock",
                  fmt::format("the clock of site {} is off by more than five minutes", site.name),
                  "set that machine's clock; its data is taken in all the same"));
  return Response::json(200, json::object{{"findings", std::move(findings)}});
}

}  // namespace skerry::api
