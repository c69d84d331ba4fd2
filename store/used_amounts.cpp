// What was used of an entitlement, here and at sites: declared in allocations.hpp.
#include <algorithm>
#include <vector>

#include "core/period.hpp"
#include "core/timestamp.hpp"
#include "store/allocations.hpp"
#include "store/identity.hpp"

namespace skerry::store {
namespace {

constexpr UnixMillis hour_ms = 3'600'000;

// What this machine noted or told as used of its counts, and what it gave along to seats that are
// away.
Counted noted_use(Connection& connection, const RecordId& entitlement, UnixMillis since,
                  UnixMillis told_since) {
  const auto self = read_identity(connection);
  const std::string says =
      self && self->role == Role::site ? to_string(self->id) : std::string("central");
  Counted use;
  auto amounts = connection.query(
      "SELECT feature,sum(amount) FROM (SELECT feature,amount FROM usage_fact WHERE "
      "entitlement=?1 AND site=?2 AND what='usage' AND at>=?3 AND feature IS NOT NULL UNION ALL "
      "SELECT feature,amount FROM usage_note WHERE entitlement=?1 AND what='usage' AND at>=?3 "
      "UNION ALL SELECT e.key,e.value FROM seat s,json_each(s.allotted) e WHERE s.entitlement=?1 "
      "AND length(s.allotted)>2 AND s.granted_at>=?4) GROUP BY feature",
      entitlement, std::string_view(says), told_since, since);
  while (amounts.next()) use.amounts[std::string(amounts.text(0))] = {amounts.integer(1)};
  return use;
}

}  // namespace

UnixMillis usage_since(const Record& entitlement, UnixMillis now) {
  const UnixMillis start = instant_of(entitlement.value("starts_at")).value_or(0);
  if (start == 0 || entitlement.value("usage_reset") == json::value("never")) return 0;
  // What begins with its first seat is used before it is said to have begun: that counts on.
  const UnixMillis first =
      entitlement.value("starts") == json::value("first_activation") ? 0 : start;
  if (entitlement.value("usage_reset") != json::value("monthly")) {
    const UnixMillis renewed = instant_of(entitlement.value("renewed_at")).value_or(0);
    return renewed == 0 ? first : renewed;
  }
  if (now <= start) return first;
  constexpr UnixMillis shortest_month_ms = 28LL * 86'400'000;
  int months = static_cast<int>((now - start) / (31LL * 86'400'000));
  const int most = static_cast<int>((now - start) / shortest_month_ms) + 1;
  while (months < most && add_period(start, {months + 1, 0}) <= now) ++months;
  return months == 0 ? first : add_period(start, {months, 0});
}

UnixMillis told_since(const Record& entitlement, UnixMillis since) {
  const bool is_foreseen = entitlement.value("usage_reset") == json::value("monthly") &&
                           since > instant_of(entitlement.value("starts_at")).value_or(0);
  return is_foreseen ? since : since - since % hour_ms;
}

Counted own_counts(Connection& connection, const RecordId& entitlement, UnixMillis since,
                   UnixMillis told_since) {
  Counted use;
  std::vector<std::string> late;
  {
    auto counts = connection.query(
        "SELECT feature,used,since FROM feature_use WHERE entitlement=?1", entitlement);
    while (counts.next()) {
      if (counts.integer(2) == since)
        use.amounts[std::string(counts.text(0))] = {counts.integer(1)};
      else
        late.emplace_back(counts.text(0));
    }
  }
  if (late.empty()) return use;
  const Counted noted = noted_use(connection, entitlement, since, told_since);
  for (std::string& feature : late) use.amounts[feature] = noted.of(feature);
  return use;
}

Counted own_use(Connection& connection, const RecordId& entitlement, UnixMillis since,
                UnixMillis told_since) {
  Counted use = own_counts(connection, entitlement, since, told_since);
  std::erase_if(use.amounts, [](const auto& each) { return each.second == Amount{0}; });
  {
    auto seats = connection.query("SELECT count(*) FROM seat WHERE entitlement=?1", entitlement);
    if (seats.next()) use.seats = seats.integer(0);
  }
  auto amounts = connection.query(
      "SELECT e.key,sum(e.value) FROM seat s,json_each(s.held) e WHERE s.entitlement=?1 AND "
      "length(s.held)>2 GROUP BY 1",
      entitlement);
  while (amounts.next()) use.amounts[std::string(amounts.text(0))] = {amounts.integer(1)};
  return use;
}

UsedBySite used_at_sites(Connection& connection, const Record& entitlement, UnixMillis now) {
  const UnixMillis since = usage_since(entitlement, now);
  UsedBySite used;
  auto rows = connection.query(
      "SELECT site,feature,sum(amount) FROM usage_fact WHERE entitlement=?1 AND what='usage' AND "
      "at>=?2 AND site<>'central' AND feature IS NOT NULL GROUP BY site,feature",
      entitlement.id, told_since(entitlement, since));
  while (rows.next())
    used[std::string(rows.text(0))].amounts[std::string(rows.text(1))] = {rows.integer(2)};
  return used;
}

}  // namespace skerry::store
