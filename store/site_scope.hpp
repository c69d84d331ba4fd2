// At central: which customers each site sees, and since when. The field `scope` of a site's record
// says it to people; table `site_scope` follows it, row by row, with the places of the changes in
// central's log (SYNC H13, ADR 0026).
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "store/sites.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

// How many customers may enter and leave a scope with one change.
inline constexpr std::size_t scope_changes_max = 1000;

// What is in one scope and not in the other; both are sets, not "all".
struct ScopeChange {
  std::vector<RecordId> left;
  std::vector<RecordId> entered;
};
ScopeChange scope_change(const json::value& before, const json::value& after);
// As the log keeps it: what left as the old value, what entered as the new one. To or from "all",
// the set; null in place of one that is too long for a row, which the rows before tell.
std::pair<json::value, json::value> logged_scope(const json::value& before,
                                                 const json::value& after);

// Keeps table `site_scope` in step with a site's record; called by store/record for every row it
// writes, `before` null for a new one. Other kinds: nothing.
void index_scope(Connection& connection, const Record* before, const Record& after);

// The members of a scope that is a set.
std::vector<RecordId> read_scope(Connection& connection, const Site& site);
bool in_scope(Connection& connection, const Site& site, const RecordId& customer);
// Whether the site sees records of this kind and scope.
bool in_scope(Connection& connection, const Site& site, const Kind& kind, const Scope& scope);

// A customer that the site made is in its scope from place `n` of the log on. The record of the
// site says so after show_scope(), once for all of a bundle's.
void add_to_scope(Connection& connection, const Site& site, const RecordId& customer,
                  std::int64_t n);
// Writes the customers that entered behind place `after_n` into the site's record.
Result<void> show_scope(Connection& connection, RecordWriter& writer, const Site& site,
                        std::int64_t after_n, const Author& author);

// A site's scope at one moment, as far as packing for it asks.
class ScopeView {
 public:
  ScopeView() = default;
  // `base`: where the site stands at least. `fields_from`: up to where it has every field.
  ScopeView(Connection& connection, const Site& site, std::int64_t base, std::int64_t fields_from);

  bool sees(const RecordId& customer) const;
  bool sees(const Kind& kind, const Scope& scope) const;
  // Whether it may hold what is of the customer: it sees it, or saw it behind `base`.
  bool may_hold(const RecordId& customer) const;
  bool may_hold(const Kind& kind, const Scope& scope) const;
  // Whether the site may lack fields from before `fields_from` of a record it sees by this scope:
  // a customer came into sight since.
  bool came_into_sight(const Scope& scope) const;
  bool sees_all() const { return sees_all_; }

 private:
  bool sees_all_ = false;
  std::int64_t base_ = 0;
  std::int64_t fields_from_ = 0;
  std::unordered_map<RecordId, std::int64_t> members_;  // with the place they entered at
  std::unordered_map<RecordId, std::int64_t> left_;     // behind base_
};

}  // namespace skerry::store
