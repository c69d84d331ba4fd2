#include "store/site_scope.hpp"

#include <algorithm>
#include <iterator>

#include "core/check.hpp"

namespace skerry::store {
namespace {

const json::value& scope_value(const Record& site) { return site.value("scope"); }

bool is_all(const json::value& scope) { return !scope.is_array(); }

RecordId id_of(const json::value& element) {
  return parse_id<RecordId>(element.as_string()).value_or(RecordId{});
}

json::array to_json(const std::vector<RecordId>& customers) {
  json::array ids;
  for (const RecordId& customer : customers) ids.push_back(json::string(to_string(customer)));
  return ids;
}

// Those of the sorted set `from` that are not in the sorted set `in`.
std::vector<RecordId> missing(const json::array& from, const json::array& in) {
  std::vector<RecordId> ids;
  auto other = in.begin();
  for (const json::value& each : from) {
    while (other != in.end() && other->as_string() < each.as_string()) ++other;
    if (other == in.end() || *other != each) ids.push_back(id_of(each));
  }
  return ids;
}

void enter(Connection& connection, std::int64_t site, const RecordId& customer, std::int64_t n) {
  connection.execute(
      "INSERT INTO site_scope(site,customer,member,version) VALUES(?1,?2,1,?3) "
      "ON CONFLICT(site,customer) DO UPDATE SET member=1,version=excluded.version WHERE member=0",
      site, customer, n);
}

// To or from "all": what a site holds does not follow customer by customer, it gets the whole state
// once more, and older memberships say nothing.
void reset(Connection& connection, const Record& site) {
  connection.execute("DELETE FROM site_scope WHERE site=?1", site.row);
  connection.execute("UPDATE site SET scope_reset=?2 WHERE row=?1", site.row, site.version);
  if (is_all(scope_value(site))) return;
  for (const json::value& each : scope_value(site).get_array())
    enter(connection, site.row, id_of(each), site.version);
}

}  // namespace

ScopeChange scope_change(const json::value& before, const json::value& after) {
  SKERRY_CHECK(!is_all(before) && !is_all(after));
  return {missing(before.get_array(), after.get_array()),
          missing(after.get_array(), before.get_array())};
}

std::pair<json::value, json::value> logged_scope(const json::value& before,
                                                 const json::value& after) {
  const auto short_enough = [](const json::value& scope) {
    return is_all(scope) || scope.get_array().size() <= scope_changes_max ? scope : json::value();
  };
  if (is_all(before) || is_all(after)) return {short_enough(before), short_enough(after)};
  const ScopeChange change = scope_change(before, after);
  return {to_json(change.left), to_json(change.entered)};
}

void index_scope(Connection& connection, const Record* before, const Record& after) {
  if (after.kind->name != "site") return;
  const json::value& now = scope_value(after);
  if (before && scope_value(*before) == now) return;
  if (!before || is_all(scope_value(*before)) || is_all(now)) return reset(connection, after);
  const ScopeChange change = scope_change(scope_value(*before), now);
  for (const RecordId& customer : change.entered)
    enter(connection, after.row, customer, after.version);
  for (const RecordId& customer : change.left)
    connection.execute(
        "UPDATE site_scope SET member=0,version=?3 WHERE site=?1 AND customer=?2 AND member=1",
        after.row, customer, after.version);
}

std::vector<RecordId> read_scope(Connection& connection, const Site& site) {
  std::vector<RecordId> customers;
  Cursor cursor = connection.query(
      "SELECT customer FROM site_scope WHERE site=?1 AND member=1 ORDER BY customer", site.number);
  while (cursor.next()) customers.push_back(cursor.id<RecordId>(0));
  return customers;
}

bool in_scope(Connection& connection, const Site& site, const RecordId& customer) {
  if (site.sees_all) return true;
  return connection
      .query("SELECT 1 FROM site_scope WHERE site=?1 AND customer=?2 AND member=1", site.number,
             customer)
      .next();
}

bool in_scope(Connection& connection, const Site& site, const Kind& kind, const Scope& scope) {
  if (kind.scope == ScopePath::nowhere) return false;
  if (kind.scope == ScopePath::everywhere || in_scope(connection, site, scope.customer))
    return true;
  return !scope.place.is_zero() && in_scope(connection, site, scope.place);
}

void add_to_scope(Connection& connection, const Site& site, const RecordId& customer,
                  std::int64_t n) {
  enter(connection, site.number, customer, n);
}

Result<void> show_scope(Connection& connection, RecordWriter& writer, const Site& site,
                        std::int64_t after_n, const Author& author) {
  std::vector<RecordId> entered;
  {
    // Still there: one that was made and deleted again needs nothing but its tombstone sent.
    Cursor cursor = connection.query(
        "SELECT customer FROM site_scope WHERE site=?1 AND version>?2 AND member=1 AND "
        "EXISTS (SELECT 1 FROM customer WHERE id=site_scope.customer)",
        site.number, after_n);
    while (cursor.next()) entered.push_back(cursor.id<RecordId>(0));
  }
  const Kind& kind = *find_kind("site");
  const auto field = static_cast<std::size_t>(kind.find_field("scope"));
  for (std::size_t from = 0; from < entered.size(); from += scope_changes_max) {
    const auto record = find_record(connection, kind, site.record_id());
    SKERRY_CHECK(record.has_value());
    json::array ids = record->values[field].as_array();
    const std::size_t upto = std::min(entered.size(), from + scope_changes_max);
    for (std::size_t i = from; i < upto; ++i) ids.push_back(json::string(to_string(entered[i])));
    std::sort(ids.begin(), ids.end(),
              [](const auto& a, const auto& b) { return a.as_string() < b.as_string(); });
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    SKERRY_TRY_VOID(writer.set(*record, {{field, std::move(ids)}}, author));
  }
  return {};
}

ScopeView::ScopeView(Connection& connection, const Site& site, std::int64_t base,
                     std::int64_t fields_from)
    : sees_all_(site.sees_all), base_(base), fields_from_(fields_from) {
  Cursor cursor =
      connection.query("SELECT customer,member,version FROM site_scope WHERE site=?1", site.number);
  while (cursor.next()) {
    const RecordId customer = cursor.id<RecordId>(0);
    const std::int64_t version = cursor.integer(2);
    if (cursor.integer(1) != 0)
      members_.emplace(customer, version);
    else if (version > base_)
      left_.emplace(customer, version);
  }
}

bool ScopeView::sees(const RecordId& customer) const {
  return sees_all_ || members_.contains(customer);
}

bool ScopeView::sees(const Kind& kind, const Scope& scope) const {
  if (kind.scope == ScopePath::nowhere) return false;
  return kind.scope == ScopePath::everywhere || sees(scope.customer) ||
         members_.contains(scope.place);
}

bool ScopeView::may_hold(const RecordId& customer) const {
  return sees(customer) || left_.contains(customer);
}

bool ScopeView::may_hold(const Kind& kind, const Scope& scope) const {
  return sees(kind, scope) || (kind.scope != ScopePath::nowhere &&
                               (left_.contains(scope.customer) || left_.contains(scope.place)));
}

bool ScopeView::came_into_sight(const Scope& scope) const {
  const auto entered = [&](const RecordId& customer) {
    const auto member = members_.find(customer);
    return member != members_.end() && member->second > fields_from_;
  };
  return entered(scope.customer) || entered(scope.place);
}

}  // namespace skerry::store
