#include "sync/copies.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/text.hpp"
#include "store/log_event.hpp"
#include "sync/new_life.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {
namespace {

using store::Connection;
using store::Site;
using store::SiteEpoch;

constexpr std::string_view discard_event = "copy_discarded";

Result<Site> site_of(Connection& connection, const SiteId& id) {
  auto site = store::find_site(connection, id);
  if (!site) return fail(Errc::not_found, "there is no such site", "skerry site list");
  return std::move(*site);
}

bool is_named(const SiteEpoch& epoch, std::string_view text) {
  return to_string(epoch.epoch).starts_with(text);
}

Result<SiteEpoch> find_copy(Connection& connection, const Site& site, std::string_view text) {
  std::optional<SiteEpoch> latest;
  for (const SiteEpoch& epoch : store::list_epochs(connection, site, acks_max))
    if (epoch.copy_at && is_named(epoch, text) && (!latest || *epoch.copy_at > *latest->copy_at))
      latest = epoch;
  if (latest) return *latest;
  return fail(Errc::not_found,
              text.empty() ? fmt::format("no copy of site {} was heard of", site.name)
                           : fmt::format("no copy of site {} writes an epoch {}", site.name, text),
              "skerry site copies " + shell_word(site.name));
}

json::object facts_of(const SettledCopy& settled, std::int64_t rows) {
  json::object facts{{"site", to_string(settled.site.id)}, {"rows", rows}};
  if (!settled.epoch.is_zero()) facts["epoch"] = to_string(settled.epoch);
  if (!settled.withdrawn.is_zero()) facts["withdrawn"] = to_string(settled.withdrawn);
  return facts;
}

// Whether there was anything to say.
bool believe(Connection& connection, store::ChangeLog& log, const Site& site,
             const store::Author& author) {
  if (!tellers_of_lives(connection).contains(site.id)) return false;
  note_believed(connection, log, site.id, author);
  return true;
}

// What is decided of a copy's rows, and that nobody waits for word of it any more.
class RowSettling {
 public:
  // `withdraws`: also that a copy was to go on as the site.
  RowSettling(const Node& node, Connection& connection, Site site, bool withdraws)
      : node_(node), connection_(connection), withdraws_(withdraws) {
    settled_.site = std::move(site);
  }

  Result<void> find(std::string_view text) {
    for (const SiteEpoch& epoch : store::list_epochs(connection_, settled_.site, acks_max)) {
      if (!is_named(epoch, text)) continue;
      auto rows = store::list_quarantined(connection_, settled_.site, epoch.number);
      if (rows.empty() && !epoch.copy_at && !is_withdrawn(epoch)) continue;
      if (!text.empty()) settled_.epoch = epoch.epoch;
      std::move(rows.begin(), rows.end(), std::back_inserter(rows_));
      epochs_.push_back(epoch);
    }
    std::sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.epoch, a.seq) < std::pair(b.epoch, b.seq);
    });
    if (!epochs_.empty()) return {};
    return fail(Errc::not_found,
                fmt::format("there is no copy of site {}, and none of its rows are in quarantine",
                            settled_.site.name),
                "skerry site copies " + shell_word(settled_.site.name));
  }

  // The copy that was to go on as the site, if it is among them.
  void withdraw_authorisation() {
    const auto found = std::find_if(epochs_.begin(), epochs_.end(),
                                    [this](const SiteEpoch& each) { return is_withdrawn(each); });
    if (found == epochs_.end()) return;
    settled_.withdrawn = found->epoch;
    settled_.site.expected.reset();
    store::note_site(connection_, settled_.site);
  }

  // They stand in an epoch of their own: in the one they were written for, others have their
  // places.
  template <class Settle>
  SettledCopy settle(std::string_view event, const store::Author& author, Settle one) {
    for (SiteEpoch epoch : epochs_) {
      epoch.copy_at.reset();
      store::update_epoch(connection_, epoch);
    }
    store::append_event(connection_, node_.log, event, facts_of(settled_, std::ssize(rows_)),
                        author);
    if (rows_.empty()) return std::move(settled_);
    SiteEpoch own = store::insert_epoch(connection_, settled_.site, new_id<EpochId>(node_.random));
    own.fenced = true;
    RowTaker taker(connection_, node_.log, settled_.site, own);
    for (const store::QuarantinedRow& row : rows_) one(taker, row);
    settled_.counts = taker.finish();
    store::update_epoch(connection_, own);
    return std::move(settled_);
  }

 private:
  bool is_withdrawn(const SiteEpoch& epoch) const {
    return withdraws_ && settled_.site.expected == epoch.epoch;
  }

  const Node& node_;
  Connection& connection_;
  const bool withdraws_;
  SettledCopy settled_;
  std::vector<SiteEpoch> epochs_;
  std::vector<store::QuarantinedRow> rows_;
};

template <class Settle>
Result<SettledCopy> settle_rows(const Node& node, const SiteId& id, std::string_view epoch,
                                std::string_view event, const store::Author& author,
                                Settle settle) {
  SKERRY_TRY_VOID(require_role(node, Role::central));
  auto work = [&](Connection& connection) -> Result<SettledCopy> {
    SKERRY_TRY(Site site, site_of(connection, id));
    RowSettling settling(node, connection, std::move(site), event == discard_event);
    SKERRY_TRY_VOID(settling.find(epoch));
    settling.withdraw_authorisation();
    return settling.settle(event, author, settle);
  };
  return write_or_try(node, work);
}

}  // namespace

Result<SettledCopy> reauthorise_copy(const Node& node, const SiteId& id, std::string_view epoch,
                                     const store::Author& author) {
  SKERRY_TRY_VOID(require_role(node, Role::central));
  auto work = [&](Connection& connection) -> Result<SettledCopy> {
    SKERRY_TRY(Site site, site_of(connection, id));
    // Before any copy that was heard of: what asks for it names no epoch.
    if (epoch.empty() && believe(connection, node.log, site, author))
      return SettledCopy{std::move(site), {}, {}};
    SKERRY_TRY(const SiteEpoch copy, find_copy(connection, site, epoch));
    site.expected = copy.epoch;
    store::note_site(connection, site);
    const std::int64_t rows = store::count_quarantined(connection, site, copy.number);
    SettledCopy settled{std::move(site), copy.epoch, {}};
    store::append_event(connection, node.log, "copy_authorised", facts_of(settled, rows), author);
    return settled;
  };
  return write_or_try(node, work);
}

Result<SettledCopy> adopt_rows(const Node& node, const SiteId& id, std::string_view epoch,
                               const store::Author& author) {
  return settle_rows(node, id, epoch, "copy_adopted", author,
                     [](RowTaker& taker, const auto& row) { taker.adopt(row); });
}

Result<SettledCopy> discard_rows(const Node& node, const SiteId& id, std::string_view epoch,
                                 const store::Author& author) {
  return settle_rows(node, id, epoch, discard_event, author,
                     [](RowTaker& taker, const auto& row) { taker.discard(row, "discarded"); });
}

}  // namespace skerry::sync
