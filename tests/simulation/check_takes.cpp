// What one bundle may do to a site (SYNC 4.3, 4.5), whatever becomes of it later.
#include <fmt/format.h>

#include "store/own_epochs.hpp"
#include "store/shadow.hpp"
#include "sync/rebase.hpp"
#include "tests/simulation/checks.hpp"

namespace skerry::sim {
namespace {

using store::Connection;

// The versions of each record that central has as well, in the order of its fields.
std::map<RecordId, std::vector<Version>> versions_of_central(Connection& connection) {
  std::map<RecordId, std::vector<Version>> versions;
  for (const Kind& kind : all_kinds()) {
    for (store::Record& record : records_of(connection, kind)) {
      if (auto central = store::find_shadow(connection, kind, record.id)) record = *central;
      if (!record.stamps.at_central()) continue;
      std::vector<Version>& each = versions[record.id];
      for (const Field& field : kind.fields) each.push_back(record.stamps.of(field.name).version);
    }
  }
  return versions;
}

// Of the epoch that was written when another life of central began.
void check_acknowledged(const Stand& before, const Stand& now, const std::string& who,
                        const InAir& bundle) {
  const EpochId& epoch = before.epochs.back().epoch;
  const auto found = bundle.acked.find(epoch);
  const std::int64_t has = found == bundle.acked.end() ? 0 : found->second;
  for (const store::OwnEpoch& own : now.epochs)
    if (own.epoch == epoch && own.acked > has)
      throw Violation("H4", fmt::format("{} takes {} rows for central's, whose new life has {}",
                                        who, own.acked, has));
}

void check_versions(const Stand& before, const Stand& now, const std::string& who) {
  for (const auto& [id, versions] : now.versions) {
    const auto earlier = before.versions.find(id);
    if (earlier == before.versions.end()) continue;
    for (std::size_t i = 0; i < versions.size(); ++i)
      if (versions[i] < earlier->second[i])
        throw Violation("H14",
                        fmt::format("{} went back from version {} to {} of a field of {}", who,
                                    earlier->second[i].n, versions[i].n, to_string(id)));
  }
}

}  // namespace

Stand stand_of(Machine& site, bool with_versions) {
  return site.read([&](Connection& connection) {
    return Stand{*store::read_upstream(connection), store::read_own_epochs(connection),
                 with_versions ? versions_of_central(connection) : decltype(Stand::versions){}};
  });
}

void check_taken(const Stand& before, const Stand& now, const std::string& who, const InAir& bundle,
                 const History& history) {
  const bool moved =
      now.upstream.life != before.upstream.life || now.upstream.n != before.upstream.n;
  if (moved && now.upstream.copy_since)
    throw Violation("H3", fmt::format("{} is a copy, and took {} in", who, bundle.name));
  if (now.upstream.life != before.upstream.life) {
    if (now.upstream.life.ord < before.upstream.life.ord)
      throw Violation("H18", fmt::format("{} went back to an ended life of central", who));
    if (before.upstream.life.ord > 0 && !bundle.is_snapshot)
      throw Violation("4.5", fmt::format("{} went to another life of central by {}, which is no "
                                         "snapshot",
                                         who, bundle.name));
    return check_acknowledged(before, now, who, bundle);
  }
  if (before.upstream.n > 0 &&
      !history.leads(before.upstream.hash, before.upstream.n, now.upstream.hash))
    throw Violation("H5", fmt::format("{} stood at {} of another history than that of {}", who,
                                      before.upstream.n, bundle.name));
  check_versions(before, now, who);
}

void check_replayed(Machine& site, const std::set<RecordId>& but) {
  std::string differs;
  auto work = [&](Connection& connection) -> Result<void> {
    sync::Rebase rebase(connection, *site.log, false, {});
    for (const store::OwnEpoch& epoch : store::read_own_epochs(connection))
      for (const auto& [kind, id] :
           store::records_changed(connection, epoch.log, epoch.acked, epoch.end))
        if (kind->authority != Authority::central && !but.contains(id) && rebase.settle(*kind, id))
          differs = fmt::format("{} {}", kind->name, to_string(id));
    return fail(Errc::bad_input, "only looked", "");  // takes back what was written
  };
  static_cast<void>(site.write(work));
  if (!differs.empty())
    throw Violation("4.3",
                    fmt::format("{} does not show what waits there of {}", site.name(), differs));
}

}  // namespace skerry::sim
