// The one write path of a person, a program or an import: create, update, remove. Each call is part
// of a write job's transaction: record row, field stamps, chained log row, or nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "store/change_log.hpp"
#include "store/custom_fields.hpp"
#include "store/identity.hpp"
#include "store/record.hpp"

namespace skerry::store {

// On whose behalf, for the log.
struct Author {
  std::string actor;                  // "uid:0", "token:crm"
  std::string source;                 // api, cli, import, console
  std::string request;                // request id; may be empty
  std::string reason{};               // at most reason_characters_max; may be empty
  std::string actor_name{};           // of a user; may be empty
  std::vector<RecordId> customers{};  // whose records alone may be written; empty: everybody's
};

class RecordWriter {
 public:
  // All must outlive the writer, which lives as long as one job.
  RecordWriter(Connection& connection, ChangeLog& log, Role role, Random& random)
      : connection_(connection), log_(log), role_(role), random_(random) {}

  // From now on a change with a conflict takes the decision of that conflict back. `shares_key`: by
  // update() a record gets a key that another holds.
  void take_back(bool shares_key = false) {
    reopens_ = true;
    shares_key_ = shares_key;
  }

  // What is written from here on is one transaction: central takes all of it, or none (SYNC 4.4).
  void write_together() { together_ = true; }

  // `id`: chosen by the client, or nullopt. `complaints`: about what else the client sent; with any
  // the record is refused, with these and all that is found here. Errors: already_exists,
  // duplicate_key (without who has the key, if the author does not see him), reference_not_found
  // (so is what he does not see), validation_failed (the kind's rule, a custom field),
  // owned_by_central, limit_exceeded (the record, or the row that says what changed, is too large
  // to travel), method_not_allowed (a kind that is made by an invitation), forbidden (the record
  // would be none of the author's customers').
  Result<Record> create(const Kind& kind, std::optional<RecordId> id, FieldValues values,
                        const Author& author, std::vector<FieldError> complaints = {});

  // RFC 7396 merge patch. `revision`: the one the client saw; nullopt for callers inside this
  // process that decide on the row they just read. Errors: as create, and not_found (what the
  // author does not see is not there for him; what he sees and is none of his customers' is
  // forbidden), precondition_failed, validation_failed. A patch that changes nothing writes nothing
  // and returns the record as it is. `resolves` names the conflict that this change decides.
  Result<Record> update(const Kind& kind, const RecordId& id, const json::object& patch,
                        std::optional<std::int64_t> revision, const Author& author,
                        std::optional<RecordId> resolves = std::nullopt);

  // Errors: not_found, precondition_failed, in_use (something refers to it), owned_by_central,
  // method_not_allowed (a site). Each of the three: read_only_copy.
  Result<void> remove(const Kind& kind, const RecordId& id, std::optional<std::int64_t> revision,
                      const Author& author, std::optional<RecordId> resolves = std::nullopt);

  // What keeps the record from going even when nothing refers to it any more. Errors:
  // owned_by_central, in_use (a custom field with values; seats or an allocation that are in use).
  Result<void> check_removal(const Record& record) const;

  // Brings a deleted record back as it was when it went, with this patch (SYNC H8). Errors: as
  // update; not_found too where this machine never had the record.
  Result<Record> restore(const Kind& kind, const RecordId& id, const json::object& patch,
                         const Author& author, std::optional<RecordId> resolves);

  // What the program itself does to a record: as create and update, with fields that a client
  // cannot write, and of kinds that a client cannot make. `before` is as it is in the table.
  Result<Record> make(const Kind& kind, const RecordId& id, FieldValues values,
                      const Author& author, std::vector<FieldError> complaints = {});
  Result<Record> set(const Record& before, const FieldValues& values, const Author& author,
                     std::optional<RecordId> resolves = std::nullopt,
                     std::vector<FieldError> complaints = {});

 private:
  Result<Record> current(const Kind& kind, const RecordId& id, std::optional<std::int64_t> revision,
                         const Author& author);
  Result<void> check_values(const Record& record, const Record* before, const FieldValues& values,
                            const Author& author, std::vector<FieldError> complaints,
                            bool deciding = false);
  void check_custom(const Record& record, const Record* before, std::vector<FieldError>& errors);
  Result<void> check_custom_unique(const Record& record, const json::value& before,
                                   const Author& author);
  Result<void> check_authority(const Kind& kind) const;
  Result<void> check_reference(const Record& record, const Field& field, const RecordId& id,
                               const Author& author);
  Result<void> check_scope(const Record& record, const Field& field, const json::value& before,
                           const Author& author);
  Result<void> check_unique(const Record& record, const Field& field, std::size_t position,
                            const Author& author);
  Change new_change(const Record& record, ChangeOp op, const Author& author);
  void keep_shadow(const Record& record);
  void stamp(Record& record, const Change& change, Version version);
  void append(const Record& record, const std::string& line);

  Connection& connection_;
  ChangeLog& log_;
  Role role_;
  Random& random_;
  UnixMillis recorded_at_ = 0;  // when the change that is being written was stamped
  bool reopens_ = false;
  bool shares_key_ = false;
  bool together_ = false;
  bool continues_ = false;  // the transaction has a row already
  // The custom fields of one kind, as long as this writer writes none: nobody else does in its job.
  const Kind* custom_kind_ = nullptr;
  std::vector<CustomField> custom_fields_;
};

// Whether somebody whose access is limited to `customers` (empty: it is not) writes what is this
// customer's.
bool is_within(const std::vector<RecordId>& customers, const RecordId& customer);
// And whether he sees a record: what is theirs or stands with them, and the catalogue.
bool is_seen(const std::vector<RecordId>& customers, const Kind& kind, const Scope& scope);
bool sees(Connection& connection, const Author& author, const Kind& kind, const RecordId& id);
// Errc::forbidden unless the author may write records of this scope.
Result<void> check_within(const Author& author, const Kind& kind, const Scope& scope);

// Errc::method_not_allowed for a kind that is made by an invitation, with what to do instead.
Result<void> check_written(const Kind& kind);

// Who sees the record, from its values; of an asset, `record.scope.place` stays. Errc::
// reference_not_found when the way there leads nowhere.
Result<Scope> scope_of(Connection& connection, const Record& record);

// A reference that a record can be without: when what it names is deleted, the record stays and
// names nothing there. Any other reference goes with what it names.
bool is_mention(const Kind& kind, const Field& field);

// The kind of the record `id` among the kinds a reference field names; nullptr when there is none.
const Kind* find_referenced(Connection& connection, const Field& field, const RecordId& id);

// Errc::precondition_failed unless this is the revision that the client saw (nullopt: any).
Result<void> check_revision(const Record& record, std::optional<std::int64_t> revision);

// The unique fields that a change of these fields can make equal to another record's: themselves,
// and those that are unique within one of them.
std::vector<std::size_t> changed_keys(const Kind& kind, const std::vector<std::size_t>& fields);

// A decision writes what it leaves as it is, too: adds what `patch` names and `values` lacks, so
// that another machine's decision of the same time meets it as a concurrent write, and neither goes
// unseen.
void confirm(const Record& before, const json::object& patch, FieldValues& values);

// Whether a change of these fields can make or end a duplicate of a unique or a custom value.
bool touches_key(const Kind& kind, const FieldValues& values);

// Another live record that holds the same value of a unique field, if any.
std::optional<RecordId> find_same_key(Connection& connection, const Record& record,
                                      std::size_t field);

// A record that refers to this one, if any.
std::optional<std::string> find_referrer(Connection& connection, const Kind& kind,
                                         const RecordId& id);

}  // namespace skerry::store
