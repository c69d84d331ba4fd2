// At central: takes the rows of one bundle in, one after another. Every row gets exactly one
// disposition and one row of central's log, or is kept in quarantine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/change_log.hpp"
#include "store/quarantine.hpp"
#include "store/sites.hpp"
#include "sync/decide_row.hpp"
#include "sync/read_rows.hpp"

namespace skerry::sync {

// What a bundle did, for the report.
struct TakenCounts {
  std::int64_t rows = 0;   // new ones
  std::int64_t known = 0;  // had them already
  std::int64_t applied = 0;
  std::int64_t superseded = 0;
  std::int64_t conflicts = 0;  // conflict records made
  std::int64_t rejected = 0;
  std::int64_t held = 0;
  std::int64_t released = 0;     // held rows that could be decided now
  std::int64_t quarantined = 0;  // new ones that were only kept
  bool news = false;             // any of these, or a newer report of what the site holds
};

class RowTaker {
 public:
  // All must outlive the taker; what `epoch` says of its head and its fork follows the rows.
  RowTaker(store::Connection& connection, store::ChangeLog& log, const store::Site& site,
           store::SiteEpoch& epoch);

  // Rows arrive in order; a transaction is decided when the first row behind it is seen. The first
  // row that is not the one known in its place, and all behind it, go to quarantine.
  void take(SiteRow row);
  // Keeps the row, unless its change was taken in already.
  void keep(const SiteRow& row);
  TakenCounts finish();
  // The latest stamp of the rows that were taken; zero without any.
  HlcStamp latest() const { return latest_; }

  // An administrator takes a quarantined row in: at the end of `epoch`, with its own uid.
  void adopt(const store::QuarantinedRow& row);
  // … or refuses it for good; its bytes stay in central's log.
  void discard(const store::QuarantinedRow& row, std::string_view why);

 private:
  struct HeldRow {
    std::int64_t epoch = 0;  // number
    EpochId epoch_id;
    std::int64_t seq = 0;
    std::string line;
  };
  void line_up(SiteRow row);
  void decide_transaction();
  void decide_alone(const SiteRow& row);
  void decide_together();
  void refuse_together(const SiteRow& culprit, const Decision& decision);
  Decision decision_for(const SiteRow& row, Version version);
  std::optional<Decision> decided_before(const SiteRow& row);
  void record(const SiteRow& row, const Decision& decision);
  void hold(std::int64_t epoch, std::int64_t seq, const RecordId& record, std::string_view line);
  void count(const Decision& decision);
  void retry_held();
  void retry(std::span<const HeldRow> transaction);
  std::vector<Decision> decide_held(std::span<const HeldRow> rows,
                                    const std::vector<Change>& changes,
                                    const std::vector<Hash>& hashes);
  void release(const HeldRow& row, const Change& change, const Decision& decision);

  store::Connection& connection_;
  store::ChangeLog& log_;
  const store::Site& site_;
  store::SiteEpoch& epoch_;
  RowDecider decider_;
  std::vector<SiteRow> transaction_;
  bool forked_ = false;   // the rows are another branch
  bool any_quarantined_;  // of the site: most rows need not look
  HlcStamp latest_;
  TakenCounts counts_;
};

}  // namespace skerry::sync
