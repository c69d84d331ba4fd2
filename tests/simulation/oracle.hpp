// An independent, naive reading of central's log: what the registers, conflict records and
// dispositions must be. Shares no code with core/merge, sync/decide_row and the store's writers; it
// keeps everything in maps and never forgets.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/change.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::sim {

// Which customers a site sees; absent: all.
using Scopes = std::map<std::size_t, std::set<RecordId>>;

class Oracle {
 public:
  void replay(store::Connection& connection);
  // Throws a Violation when central is anything else.
  void compare(store::Connection& connection) const;
  // The base that row `seq` of a site names is the version the site held at position `seen_n`.
  void check_bases(std::size_t site, std::int64_t seq, std::int64_t seen_n) const;

 private:
  struct Written {
    std::int64_t n = 0;
    json::value value;
    std::size_t author = 0;  // 0: central
    HlcStamp effective;
  };
  struct Entity {
    const Kind* kind = nullptr;
    bool alive = false;
    std::vector<std::vector<Written>> fields;  // each field's history
    const Written& now(std::size_t field) const { return fields[field].back(); }
  };
  struct Row {
    Change change;
    std::size_t site = 0;
    std::int64_t seq = 0;
  };
  using Place = std::pair<std::size_t, std::int64_t>;  // site, seq

  void central_wrote(const Change& change, std::int64_t n);
  void site_changed(const Change& change);
  std::string decide(const Row& row, std::int64_t n, UnixMillis received);
  std::string created(const Row& row, std::int64_t n, HlcStamp effective);
  std::string changed(const Row& row, std::int64_t n, HlcStamp effective);
  std::string removed(const Row& row, std::int64_t n);
  std::string missing(const Row& row) const;
  bool follows_the_gone(const Kind& kind, const std::vector<json::value>& values) const;
  std::string late_edit(const Row& row);
  std::string out_of_scope(const Row& row);
  void begin_entity(const Change& change, std::int64_t n, std::size_t author, HlcStamp effective);
  void find_duplicates(const Row& row);
  bool refers_to(const Entity& entity, const RecordId& id) const;
  std::optional<RecordId> customer_of(const Kind& kind, const RecordId& id,
                                      const std::vector<json::value>& values) const;
  std::vector<json::value> values_of(const Entity& entity) const;
  bool sees(std::size_t site, const RecordId& customer) const;
  void conflict(const char* type, const RecordId& record, std::string_view field);

  Scopes scopes_;
  std::map<RecordId, Entity> entities_;
  std::map<Place, Row> rows_;
  std::map<Place, std::string> dispositions_;
  std::set<Place> held_;
  std::map<std::tuple<std::string, RecordId, std::string>, int> conflicts_;
};

}  // namespace skerry::sim
