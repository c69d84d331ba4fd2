// An independent, naive reading of central's log: what the registers, conflict records,
// dispositions and scopes must be. Shares no code with core/merge, sync/decide_row and the store's
// writers; it keeps everything in maps and never forgets.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/change.hpp"
#include "store/conflicts.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::sim {

// Which customers a site sees; absent: all.
using Scopes = std::map<std::size_t, std::set<RecordId>>;

class Oracle {
 public:
  void replay(store::Connection& connection);
  // Throws a Violation when central is anything else.
  void compare(store::Connection& connection) const;
  // The bases that row `seq` of a site names are the versions the site held at position `seen_n`.
  void check_bases(std::size_t site, const EpochId& epoch, std::int64_t seq,
                   std::int64_t seen_n) const;

 private:
  static constexpr const char* deleted = "deleted";  // the side of a conflict without a value

  // The customers whose scope decides who sees a record; zero: nobody's.
  struct Audience {
    RecordId customer;
    RecordId place;
    bool operator==(const Audience&) const = default;
  };
  struct Written {
    std::int64_t n = 0;
    json::value value;
    std::size_t author = 0;  // 0: central
    HlcStamp effective;
  };
  // Type, record, field, the customer it is told under, the winner's value, the loser's.
  using About = std::tuple<std::string, RecordId, std::string, RecordId, std::string, std::string>;
  // What a site made, or brought back, in vain: one conflict about the record as a whole.
  struct InVain {
    RecordId conflict;
    About about;
    json::object values;  // as its author has them by now
    std::int64_t n = 0;   // of the author's last row
    std::size_t author = 0;
  };
  struct Entity {
    const Kind* kind = nullptr;
    bool alive = false;
    std::int64_t gone_n = 0;                   // where it was deleted
    std::vector<std::vector<Written>> fields;  // each field's history
    Audience last_audience;                    // when it was deleted
    std::vector<InVain> in_vain;
    const Written& now(std::size_t field) const { return fields[field].back(); }
    const json::value& value(std::string_view field) const;
  };
  using Place = std::tuple<std::size_t, EpochId, std::int64_t>;  // site, epoch, seq
  struct Row {
    Change change;
    Place place;
    std::int64_t n = 0;  // of the decision
    HlcStamp effective;
    ChangeUid uid;  // the same wherever it is issued again
    Hash hash{};
    std::size_t site() const { return std::get<0>(place); }
  };
  // What a transaction that is rejected takes back.
  struct State {
    Scopes scopes;
    std::map<RecordId, Entity> entities;
    std::map<About, int> conflicts;
    std::set<RecordId> resolved;
  };
  // What becomes of one field, and of a conflict about it.
  struct Met {
    std::optional<json::value> stands;  // nothing: the field stays as it is
    bool clash = false;
    bool lost = false;
    json::value proposal;
    json::value current;
  };

  // oracle.cpp
  void central_wrote(const Change& change, std::int64_t n);
  void site_changed(const Change& change);
  void note_parent(const json::object& members);
  Row read_row(store::Connection& connection, const json::object& members) const;
  void decide_together(const std::vector<Row>& rows);
  std::optional<std::string> decided_before(const Row& row);
  // Whether the site's row that was decided at n, or the same issued again, is of the row's epoch
  // or of what that goes on behind.
  bool is_own_past(std::int64_t n, const Row& row) const;
  // Central's version n, with the life it was given in.
  Version version_at(std::int64_t n) const;
  std::string decide(const Row& row);
  std::string created(const Row& row);
  std::string changed(const Row& row);
  std::string removed(const Row& row);
  std::string restored(const Row& row);
  std::string missing(const Row& row) const;
  std::string unplaced(const Row& row, const json::value& parent, const Entity* before);
  // The first reference of the row that names no record and decides it; mentions of what was
  // deleted become null (or what stood before) and are named in `lost`.
  std::optional<json::value> lacking(const Row& row, std::vector<json::value>& values,
                                     const Entity* before, std::set<std::size_t>& lost) const;
  void lost_mentions(const Row& row, const std::set<std::size_t>& lost);
  void edit_of_deleted(const Row& row, const Audience& audience);
  bool is_open(const InVain& made, const Entity& entity, const Row& row) const;
  bool fold(const Row& row, Entity& entity);
  void withdraw(const Row& row, const Entity& entity);
  std::string out_of_scope(const Row& row, const Audience& audience);
  void proposal(const char* type, const Row& row, const RecordId& customer,
                const std::string& winner);
  void stillborn(const Row& row, const Audience& audience);
  void begin_entity(const Change& change, std::int64_t n, std::size_t author, HlcStamp effective);
  bool is_referred_to(const RecordId& id) const;
  void conflict(const char* type, const Row& row, std::string_view field, const RecordId& customer,
                const std::string& winner, const std::string& loser);

  // oracle_fields.cpp
  Met meet(const Field& field, const Written& now, const FieldChange& change, const Row& row) const;
  void find_duplicates(const Row& row, const std::set<std::size_t>& written,
                       const json::value& custom_before);
  void find_duplicate(const Row& row, std::size_t field);
  void find_custom_duplicates(const Row& row, const json::value& before);

  // oracle_scope.cpp
  std::vector<json::value> values_of(const Entity& entity) const;
  const Entity* living(const json::value& reference) const;
  // Nothing when the way there ends at a record that is not there.
  std::optional<Audience> audience_of(const Kind& kind, const RecordId& id,
                                      const std::vector<json::value>& values) const;
  std::optional<Audience> audience_of(const RecordId& id, const Entity& entity) const;
  RecordId customer_where(const RecordId& asset) const;
  bool sees(std::size_t site, const RecordId& customer) const;
  bool sees(std::size_t site, const Kind& kind, const Audience& audience) const;
  // The one of the two under which the site learns of a conflict.
  RecordId told_under(std::size_t site, const Audience& audience) const;

  // oracle_compare.cpp
  void compare_record(store::Connection& connection, const RecordId& id,
                      const Entity& entity) const;
  void compare_conflicts(store::Connection& connection) const;
  void compare_duplicate(const store::Conflict& conflict) const;
  void compare_dispositions(store::Connection& connection) const;

  State state_;
  std::map<std::int64_t, std::int64_t> lives_;  // the first n of each life, and its ord
  struct Counted {
    std::string disposition;
    Place place;
  };
  std::map<std::pair<std::size_t, ChangeUid>, Counted> counted_;  // each change once
  bool on_own_restoration(const Row& row, std::int64_t seen_n) const;

  std::map<Place, Row> rows_;
  std::map<std::int64_t, Place> decided_at_;                     // by the place in central's log
  std::map<EpochId, std::pair<EpochId, std::int64_t>> parents_;  // behind which row of which
  std::map<Place, std::string> dispositions_;
  std::set<Place> held_;
};

// The record a reference names.
std::optional<RecordId> reference(const json::value& value);

}  // namespace skerry::sim
