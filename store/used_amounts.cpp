// What was used of an entitlement, here and at sites: declared in allocations.hpp.
#include "core/period.hpp"
#include "core/timestamp.hpp"
#include "store/allocations.hpp"

namespace skerry::store {
namespace {

constexpr UnixMillis hour_ms = 3'600'000;

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

Counted own_use(Connection& connection, const RecordId& entitlement, UnixMillis since) {
  Counted use;
  {
    auto seats = connection.query("SELECT count(*) FROM seat WHERE entitlement=?1", entitlement);
    if (seats.next()) use.seats = seats.integer(0);
  }
  auto amounts = connection.query(
      "SELECT e.key,sum(e.value) FROM seat s,json_each(s.held) e WHERE s.entitlement=?1 AND "
      "length(s.held)>2 GROUP BY 1 UNION ALL "
      "SELECT feature,used FROM feature_use WHERE entitlement=?1 AND since>=?2 AND used>0",
      entitlement, since);
  while (amounts.next()) use.amounts[std::string(amounts.text(0))] = {amounts.integer(1)};
  return use;
}

UsedBySite used_at_sites(Connection& connection, const Record& entitlement, UnixMillis now) {
  const UnixMillis since = usage_since(entitlement, now);
  UsedBySite used;
  auto rows = connection.query(
      "SELECT site,feature,sum(amount) FROM usage_fact WHERE entitlement=?1 AND what='usage' AND "
      "at>=?2 AND site<>'central' AND feature IS NOT NULL GROUP BY site,feature",
      entitlement.id, since - since % hour_ms);
  while (rows.next())
    used[std::string(rows.text(0))].amounts[std::string(rows.text(1))] = {rows.integer(2)};
  return used;
}

}  // namespace skerry::store
