#include "sync/branch.hpp"

#include <algorithm>
#include <limits>

#include "core/json_member.hpp"
#include "store/quarantine.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

std::optional<json::object> parsed_line(store::Connection& connection, std::int64_t n) {
  const auto text = store::line_at(connection, n);
  auto line = text ? parse_json_object(*text, {.fractions = true}) : Result<json::object>();
  if (!text || !line) return std::nullopt;
  return std::move(*line);
}

bool Branch::holds(Version version) {
  follow_back();
  if (single_ || is_of_this_transaction(version.n)) return true;
  const auto place = place_of(version.n);
  if (!place) return false;
  if (is_on(*place)) return true;
  const auto row = store::find_ingested(connection_, place->epoch, place->seq);
  if (!row) return false;
  const ChangeUid uid = row->uid ? *row->uid : store::uid_of_hash(row->hash);
  auto again = connection_.query(
      "SELECT epoch,seq FROM ingest WHERE coalesce(uid,substr(hash,1,16))=?1", uid);
  while (again.next())
    if (is_on({again.integer(0), again.integer(1)})) return true;
  return false;
}

// A row of the transaction that is being decided has no place in the log yet.
bool Branch::is_of_this_transaction(std::int64_t n) {
  return !connection_.query("SELECT 1 FROM change_log WHERE n>=?1 LIMIT 1", n).next();
}

// Which row of the site was decided at that place of central's log.
std::optional<Branch::Place> Branch::place_of(std::int64_t n) {
  const auto line = parsed_line(connection_, n);
  if (!line) return std::nullopt;
  const auto epoch = epoch_number(member_of(*line, "ep"));
  const std::int64_t* seq = member_of(*line, "seq").if_int64();
  if (!epoch || !seq) return std::nullopt;
  return Place{*epoch, *seq};
}

std::optional<std::int64_t> Branch::epoch_number(const json::value& id) {
  const json::string* text = id.if_string();
  const auto named = text ? parse_id<EpochId>(*text) : std::nullopt;
  if (!named) return std::nullopt;
  const auto epoch = store::find_epoch(connection_, *named);
  if (!epoch) return std::nullopt;
  return epoch->number;
}

// An epoch's first row tells where it goes on: it stands in central's log, as every row does.
void Branch::follow_back() {
  if (known_) return;
  known_ = true;
  single_ = store::list_epochs(connection_, site_, 2).size() < 2;
  if (single_) return;
  past_.push_back({epoch_, std::numeric_limits<std::int64_t>::max()});
  while (past_.size() < acks_max) {
    const auto parent = parent_of(past_.back().epoch);
    if (!parent) return;
    past_.push_back(*parent);
  }
}

std::optional<Branch::Place> Branch::parent_of(std::int64_t epoch) {
  const auto first = store::find_ingested(connection_, epoch, 1);
  const auto line = first ? parsed_line(connection_, first->n) : std::nullopt;
  if (!line) return std::nullopt;
  const json::value& row = member_of(*line, "row");
  const json::value& facts = member_of(row, "f");
  if (member_of(row, "ev") != "new_epoch") return std::nullopt;
  const auto parent = epoch_number(member_of(facts, "parent"));
  const std::int64_t* behind = member_of(facts, "behind").if_int64();
  if (!parent || !behind) return std::nullopt;
  return Place{*parent, *behind};
}

bool Branch::is_on(const Place& row) const {
  return std::any_of(past_.begin(), past_.end(), [&](const Place& last) {
    return last.epoch == row.epoch && row.seq <= last.seq;
  });
}

}  // namespace skerry::sync
