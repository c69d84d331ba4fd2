// At central: what one row of a site does to the records (SYNC 4.4). The record, the conflict
// records and the decision's place in central's log belong to one transaction.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/change.hpp"
#include "store/conflicts.hpp"
#include "store/log_subject.hpp"
#include "store/sites.hpp"
#include "store/tombstone.hpp"
#include "store/write_records.hpp"
#include "sync/branch.hpp"

namespace skerry::sync {

struct Decision {
  Disposition disposition = Disposition::applied;
  std::string detail;                             // why, for people; empty for `applied`
  int conflicts = 0;                              // conflict records made
  std::optional<store::LogSubject> subject = {};  // of the record that was changed
};

class RowDecider {
 public:
  // All must outlive the decider; `site` is the author of the rows.
  RowDecider(store::Connection& connection, const store::Site& site, UnixMillis received_at)
      : connection_(connection), site_(site), received_at_(received_at) {}

  // Of a row of the site's epoch with this number. `row_hash` names the row in conflict records;
  // `version` is the one its decision will have in central's log. On `rejected`, `held` and
  // `conflict` no record was changed.
  Decision decide(std::int64_t epoch, const Change& change, const Hash& row_hash, Version version);

 private:
  struct Row {
    const Change& change;
    const Hash& hash;
    HlcStamp effective;
    Version version;
  };
  Decision decide_row(const Row& row);
  Decision create(const Row& row);
  Decision set(const Row& row);
  Decision remove(const Row& row);
  Decision restore(const Row& row);
  Decision insert(const Row& row, store::Record record);
  Decision in_use(const Row& row, const store::Record& record, const std::string& referrer);
  Decision id_taken(const Row& row, const store::Record& holder);
  Decision set_fields(const Row& row, const store::Record& before);
  Decision absent(const Row& row);
  std::optional<Decision> check_references(const Row& row, store::Record& record,
                                           const store::Record* before);
  Decision lacking(const Row& row, const store::Record* before, const Field& field,
                   const json::value& named);
  Decision after_delete(const Row& row, const store::Tombstone& tombstone,
                        const store::Record* before = nullptr);
  Decision edit_of_gone(const Row& row, const store::Tombstone& tombstone);
  std::vector<store::Conflict> standing_proposals(const Row& row,
                                                  const store::Tombstone& tombstone);
  void withdraw_proposals(const Row& row, const store::Tombstone& tombstone);
  store::Record proposed_by(const Row& row, const store::Tombstone& named);
  Decision note_lost_mentions(const Row& row, const store::Record& record);
  bool scope_allows(const Row& row, const store::Scope& scope);
  void keep_proposal(const Row& row, store::ConflictType type, const RecordId& customer,
                     const json::object& winner);
  RecordId customer_seen(const store::Scope& scope);
  void note_duplicate_keys(const Row& row, const store::Record& before,
                           const store::Record& record);
  void resolve_conflict(const Row& row, const Decision& decision);
  void reopen_conflict(const Row& row, const Decision& decision, store::Conflict conflict);
  void note_change(const Row& row, store::Conflict& conflict);
  void write_conflict(const Row& row, store::ConflictType type, const RecordId& customer,
                      std::string_view field, json::object winner, json::object loser);
  json::object describe_proposal(const Row& row, const FieldChange* field) const;
  json::object describe_record(const Row& row, json::object values = {}) const;
  json::object describe_current(const json::value& value, const store::FieldStamp& stamp);
  json::object describe_deletion(Version version);
  json::object describe_holder(const RecordId& record, const Kind& kind, std::size_t field,
                               const json::value& value);
  json::object author_at(Version version);
  SiteId author_of(const store::FieldStamp& stamp);
  bool follows_own(const store::FieldStamp& stamp, const std::optional<Version>& base);

  store::Connection& connection_;
  const store::Site& site_;
  UnixMillis received_at_;
  std::map<std::int64_t, Branch> branches_;  // by the number of the epoch
  // Of the row that is being decided.
  Branch* branch_ = nullptr;
  int conflicts_ = 0;
  std::vector<const FieldChange*> lost_mentions_;  // of what is gone
};

}  // namespace skerry::sync
