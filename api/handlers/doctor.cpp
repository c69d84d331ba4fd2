#include <algorithm>
#include <fmt/format.h>

#include "api/handlers/copies.hpp"
#include "api/handlers/machine.hpp"
#include "api/handlers/machine_notes.hpp"
#include "api/handlers/trust.hpp"
#include "core/timestamp.hpp"
#include "store/accounts.hpp"
#include "store/conflicts.hpp"
#include "store/lost_ranges.hpp"
#include "store/own_epochs.hpp"
#include "store/record.hpp"
#include "store/trust.hpp"
#include "store/upstream.hpp"

namespace skerry::api {
namespace {

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

void add_copy_findings(store::Connection& connection, json::array& findings) {
  const auto upstream = store::read_upstream(connection);
  if (upstream && upstream->copy_since)
    findings.push_back(finding("error", "copy",
                               "this machine is a copy of its site, which goes on elsewhere: it "
                               "takes no writes",
                               "skerry exchange hands over what it wrote; then at central: skerry "
                               "site reauthorise, adopt or discard"));
  for (const store::Site& site : store::list_sites(connection))
    if (auto note = note_of_branches(connection, site))
      findings.push_back(
          finding("warning", "copy", std::move(note->first), std::move(note->second)));
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

// The severity is "ok" where nobody here has anything to do about it, or has seen to it.
json::object lost_finding(const store::LostRange& range, bool centrals) {
  const std::int64_t first = range.missing_from();
  if (range.told)
    return finding("ok", "lost rows",
                   fmt::format("central was put back: rows {} to {} of its life {} are lost; what "
                               "this site wrote comes back by itself",
                               first, range.last, to_string(range.epoch)));
  std::string detail = fmt::format("rows {} to {} of {} {} are lost{}", first, range.last,
                                   centrals ? "central's life" : "a site's epoch",
                                   to_string(range.epoch), centrals ? "" : ": nobody has them");
  if (range.acknowledged_at)
    return finding(
        "ok", "lost rows",
        fmt::format("{}; acknowledged at {}", detail, format_timestamp(*range.acknowledged_at)));
  return finding("warning", "lost rows", std::move(detail),
                 fmt::format("{}; then: skerry lost acknowledge",
                             centrals ? "what sites wrote comes back with their exchanges; enter "
                                        "again what people at central wrote before the restore"
                                      : "ask the people there for what they wrote before the "
                                        "restore, and enter it again"));
}

void add_lost_findings(store::Connection& connection, Role role, json::array& findings) {
  const auto own = store::read_own_epochs(connection);
  for (const store::LostRange& range : store::list_missing(connection)) {
    const bool centrals = role == Role::central &&
                          std::any_of(own.begin(), own.end(),
                                      [&](const auto& life) { return life.epoch == range.epoch; });
    findings.push_back(lost_finding(range, centrals));
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
                               untaken.newer > 0
                                   ? "install the newer version of Skerry that wrote them; they "
                                     "are taken in then"
                                   : "exchange with the site that made the missing record; it is "
                                     "taken in by itself then"));
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
  add_difference_findings(*reader, upstream, findings);
  add_lost_findings(*reader, context.role, findings);
  findings.push_back(backup_finding(*reader, context));
  findings.push_back(trust_finding(*reader, context));
  if (auto note = note_of_certificate(context))
    findings.push_back(
        finding("warning", "certificate", std::move(note->first), std::move(note->second)));
  if (!store::is_claimed(*reader))
    findings.push_back(finding("ok", "access",
                               "nobody has claimed this machine: it answers no other machine "
                               "before skerry setup"));
  for (const store::Site& site : store::list_sites(*reader))
    if (site.clock_suspect)
      findings.push_back(
          finding("warning", "clock",
                  fmt::format("the clock of site {} is off by more than five minutes", site.name),
                  "set that machine's clock; its data is taken in all the same"));
  return Response::json(200, json::object{{"findings", std::move(findings)}});
}

}  // namespace skerry::api
