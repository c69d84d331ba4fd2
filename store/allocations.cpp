#include "store/allocations.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "store/identity.hpp"
#include "store/site_scope.hpp"
#include "store/sites.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view forced_key = "forced_reduction";  // of table meta: an entitlement

std::int64_t number_of(const json::value& value) {
  const std::int64_t* number = value.if_int64();
  return number ? *number : 0;
}

// 0 for none: before every other.
UnixMillis instant_or_zero(const json::value& value) { return instant_of(value).value_or(0); }

Counted read_counted(const json::value& seats, const json::value& amounts) {
  Counted read{number_of(seats), {}};
  if (const json::object* object = amounts.if_object())
    for (const auto& [key, value] : *object)
      if (const auto amount = read_amount(value)) read.amounts.emplace(key, *amount);
  return read;
}

bool is_more(const Amount& a, const Amount& b) {
  return b.limit && (!a.limit || *a.limit > *b.limit);
}

void put(Record& record, std::string_view field, json::value value) {
  record.values[static_cast<std::size_t>(record.kind->find_field(field))] = std::move(value);
}

bool is_confirmed(const Record& allocation) {
  const auto column = static_cast<std::size_t>(allocation.kind->find_column("confirmed"));
  return number_of(allocation.derived[column - allocation.kind->fields.size()]) >=
         number_of(allocation.value("issue"));
}

FieldError complaint(std::string_view field, std::string_view code, std::string detail) {
  return {fmt::format("/{}", field), std::string(code), std::move(detail)};
}

// With what is to be done.
void refuse(Refusal& refusal, FieldError error, std::string next) {
  std::string detail = error.detail;
  refusal.take(
      fail(Error(Errc::validation_failed, std::move(detail), std::move(next), {std::move(error)})));
}

std::string text_of(const Amount& amount) {
  return amount.limit ? std::to_string(*amount.limit) : "unlimited";
}

// The site of an allocation must be one that can hold it.
void check_site(Connection& connection, const Record& allocation, Refusal& refusal) {
  const RecordId id = id_in(allocation.value("site"));
  const auto site = find_site(connection, SiteId{id.bytes});
  if (!site) return;  // told as a reference
  if (site->status == SiteStatus::revoked)
    return refusal.take(complaint("site", "revoked", "is revoked: nothing reaches it any more"));
  const RecordId entitlement = id_in(allocation.value("entitlement"));
  auto scope = connection.query("SELECT customer FROM entitlement WHERE id=?1", entitlement);
  if (scope.next() && !site->sees_all && !in_scope(connection, *site, scope.id<RecordId>(0)))
    refusal.take(
        complaint("site", "out_of_scope", "does not see the customer; widen its scope first"));
}

// Of the site of an allocation, which is no more among the others.
Counted take_site(UsedBySite& used, const Record& allocation) {
  auto found = used.extract(to_string(id_in(allocation.value("site"))));
  return found ? std::move(found.mapped()) : Counted{};
}

// Of all allocations but `except`, and what sites `used` beyond theirs.
Counted sum_of(Connection& connection, const RecordId& entitlement, UsedBySite used,
               const RecordId& except, UnixMillis now) {
  const Kind& kind = *find_kind("allocation");
  Counted sum;
  auto rows = connection.query(
      fmt::format("SELECT {} FROM allocation WHERE entitlement=?1", select_columns(kind)),
      entitlement);
  while (rows.next()) {
    const Record record = read_record(rows, kind);
    if (record.id == except) continue;
    Counted taken = take_site(used, record);
    taken.cover(counted(record, now));
    sum.add(taken);
  }
  for (const auto& [site, beyond] : used) sum.add(beyond);
  return sum;
}

// Who has no more than `before` is not asked whether that fits: what was used may be told late.
void check_amount(const Record& entitlement, const std::string& key, const Amount& before,
                  const Amount& wanted, const Counted& others, Refusal& refusal) {
  const json::object* features = entitlement.value("features").if_object();
  const json::value* sold = features ? features->if_contains(key) : nullptr;
  const std::string field = fmt::format("amounts/{}", key);
  if (!sold || !read_amount(*sold))
    return refusal.take(
        complaint(field, "not_counted", "is no counted feature of the entitlement"));
  const Amount bound = sold_of(entitlement, key);
  const Amount taken = others.of(key);
  Counted sum{0, {{key, wanted}}};
  sum.add(Counted{0, {{key, taken}}});
  if (is_more(wanted, before) && is_more(sum.of(key), bound))
    refusal.take(complaint(field, "oversold",
                           fmt::format("{} and {} elsewhere are more than {}", text_of(wanted),
                                       text_of(taken), text_of(bound))));
}

}  // namespace

std::optional<UnixMillis> instant_of(const json::value& value) {
  const json::string* text = value.if_string();
  return text ? parse_timestamp(*text) : std::nullopt;
}

RecordId id_in(const json::value& value) {
  const json::string* text = value.if_string();
  return text ? parse_id<RecordId>(*text).value_or(RecordId{}) : RecordId{};
}

void Counted::cover(const Counted& other) {
  seats = std::max(seats, other.seats);
  for (const auto& [key, amount] : other.amounts) {
    const auto [mine, is_new] = amounts.emplace(key, amount);
    if (!is_new && is_more(amount, mine->second)) mine->second = amount;
  }
}

void Counted::add(const Counted& other) {
  seats += other.seats;
  for (const auto& [key, amount] : other.amounts) {
    const auto [mine, is_new] = amounts.emplace(key, amount);
    if (is_new) continue;
    if (!mine->second.limit || !amount.limit)
      mine->second = Amount{};
    else
      *mine->second.limit += *amount.limit;
  }
}

void Counted::take(const Counted& other) {
  seats = std::max<std::int64_t>(0, seats - other.seats);
  for (auto& [key, amount] : amounts) {
    const Amount taken = other.of(key);
    if (!taken.limit)
      amount = Amount{0};
    else if (amount.limit)
      amount = Amount{std::max<std::int64_t>(0, *amount.limit - *taken.limit)};
  }
  std::erase_if(amounts, [](const auto& each) { return each.second == Amount{0}; });
}

Amount Counted::of(std::string_view key) const {
  const auto found = amounts.find(key);
  return found == amounts.end() ? Amount{0} : found->second;
}

Counted present(const Record& allocation) {
  return read_counted(allocation.value("seats"), allocation.value("amounts"));
}

json::value amounts_json(const Counted& of) {
  json::object object;
  for (const auto& [key, amount] : of.amounts) object[key] = to_json(amount);
  if (object.empty()) return nullptr;
  return object;
}

bool covers(const Counted& all, const Counted& part) {
  if (part.seats > all.seats) return false;
  return std::none_of(part.amounts.begin(), part.amounts.end(),
                      [&](const auto& each) { return is_more(each.second, all.of(each.first)); });
}

Counted counted(const Record& allocation, UnixMillis now) {
  Counted sum;
  if (now < instant_or_zero(allocation.value("until"))) sum = present(allocation);
  if (!is_confirmed(allocation) && now < instant_or_zero(allocation.value("held_until")))
    sum.cover(read_counted(allocation.value("held_seats"), allocation.value("held_amounts")));
  return sum;
}

Counted counted_of(Connection& connection, const Record& entitlement, UnixMillis now) {
  return sum_of(connection, entitlement.id, used_at_sites(connection, entitlement, now), RecordId{},
                now);
}

Amount sold_seats(const Record& entitlement) {
  const std::int64_t* seats = entitlement.value("seats").if_int64();
  const auto overdraft = parse_overdraft(entitlement.value("overdraft"));
  return overdraft.value_or(Overdraft{}).above(Amount{seats ? *seats : 0});
}

Amount sold_of(const Record& entitlement, std::string_view feature) {
  const auto member = [&](std::string_view field) -> json::value {
    const json::object* object = entitlement.value(field).if_object();
    const json::value* value = object ? object->if_contains(feature) : nullptr;
    return value ? *value : json::value();
  };
  const auto overdraft = parse_overdraft(member("feature_overdraft"));
  return overdraft.value_or(Overdraft{}).above(read_amount(member("features")).value_or(Amount{0}));
}

void hold_until_confirmed(const Record& before, Record& after, UnixMillis now) {
  const bool same = before.value("seats") == after.value("seats") &&
                    before.value("amounts") == after.value("amounts") &&
                    before.value("until") == after.value("until");
  if (same) return;
  put(after, "issue", number_of(before.value("issue")) + 1);
  Counted most = counted(before, now);
  UnixMillis until =
      now < instant_or_zero(before.value("until")) ? instant_or_zero(before.value("until")) : 0;
  if (!is_confirmed(before)) until = std::max(until, instant_or_zero(before.value("held_until")));
  Counted covered = present(after);
  covered.cover(most);
  const bool is_less =
      !(covered == present(after)) || instant_or_zero(after.value("until")) < until;
  const bool holds = is_less && !(most == Counted{}) && now < until;
  put(after, "held_seats", holds ? json::value(most.seats) : json::value());
  put(after, "held_amounts", holds ? amounts_json(most) : json::value());
  put(after, "held_until", holds ? json::value(format_timestamp(until)) : json::value());
}

void dispute(const Record& before, Record& after, const Counted& left, UnixMillis now) {
  Counted lost = counted(before, now);
  lost.take(left);
  UnixMillis until = 0;
  for (const std::string_view field : {"until", "held_until"})
    until = std::max(until, instant_or_zero(before.value(field)));
  if (const UnixMillis known = instant_or_zero(before.value("disputed_until")); now < known) {
    lost.cover(read_counted(before.value("disputed_seats"), before.value("disputed_amounts")));
    until = std::max(until, known);
  }
  put(after, "seats", left.seats);
  put(after, "amounts", amounts_json(left));
  put(after, "issue", number_of(before.value("issue")) + 1);
  for (const std::string_view field : {"held_seats", "held_amounts", "held_until"})
    put(after, field, nullptr);
  put(after, "disputed_seats", lost.seats);
  put(after, "disputed_amounts", amounts_json(lost));
  put(after, "disputed_until", json::value(format_timestamp(until)));
}

void check_allocation_fits(Connection& connection, const Record& allocation, const Record* before,
                           UnixMillis now, Refusal& refusal) {
  const UnixMillis until = instant_or_zero(allocation.value("until"));
  const bool gives = !before || !covers(present(*before), present(allocation)) ||
                     instant_or_zero(before->value("until")) < until;
  if (gives) check_site(connection, allocation, refusal);
  if (!before && until <= now)
    refuse(refusal,
           complaint("until", "in_the_past",
                     fmt::format("is past: it is {} here", format_timestamp(now))),
           "give an end that is still to come");
  const RecordId id = id_in(allocation.value("entitlement"));
  const auto entitlement = find_record(connection, *find_kind("entitlement"), id);
  if (!entitlement) return;
  UsedBySite used = used_at_sites(connection, *entitlement, now);
  Counted had = take_site(used, allocation);
  Counted wanted = counted(allocation, now);
  const Counted given = wanted;
  wanted.cover(had);
  if (before) had.cover(counted(*before, now));
  Counted others = sum_of(connection, id, std::move(used), allocation.id, now);
  others.add(own_use(connection, id, usage_since(*entitlement, now)));
  const Amount bound = sold_seats(*entitlement);
  if (bound.limit && wanted.seats + others.seats > *bound.limit)
    refusal.take(complaint("seats", "oversold",
                           fmt::format("{} and {} elsewhere are more than the {} sold",
                                       wanted.seats, others.seats, *bound.limit)));
  for (const auto& [key, amount] : given.amounts)
    check_amount(*entitlement, key, had.of(key), wanted.of(key), others, refusal);
}

void check_allocations_fit(Connection& connection, const Record& entitlement, const Record& before,
                           UnixMillis now, Refusal& refusal) {
  Counted taken = counted_of(connection, entitlement, now);
  if (read_meta(connection, forced_key) != to_string(entitlement.id))
    taken.add(own_use(connection, entitlement.id, usage_since(entitlement, now)));
  const Amount seats = sold_seats(entitlement);
  if (seats.limit && taken.seats > *seats.limit)
    refuse(
        refusal,
        complaint("seats", "in_use", fmt::format("{} are with sites or in use here", taken.seats)),
        fmt::format("take seats back first, by a PATCH of an allocation or by releasing some "
                    "here; or POST /v1/entitlements/{}:reduce with a Skerry-Reason",
                    to_string(entitlement.id)));
  for (const auto& [key, amount] : taken.amounts)
    if (const Amount sold = sold_of(entitlement, key);
        is_more(amount, sold) && is_more(sold_of(before, key), sold))
      refuse(refusal,
             complaint(fmt::format("features/{}", key), "in_use",
                       fmt::format("{} are with sites, in use here or used", text_of(amount))),
             "take amounts back first, by a PATCH of an allocation or by returning some here; what "
             "was used comes back with a reset of usage");
}

ForcedReduction::ForcedReduction(Connection& connection, const RecordId& entitlement)
    : connection_(connection) {
  const std::string id = to_string(entitlement);
  write_meta(connection_, forced_key, id);
}

ForcedReduction::~ForcedReduction() {
  connection_.execute("DELETE FROM meta WHERE key=?1", forced_key);
}

Result<void> check_unallocated(Connection& connection, const Record& record, UnixMillis now) {
  if (record.kind->name == "entitlement" && own_use(connection, record.id, 0).seats > 0)
    return fail(Errc::in_use, "seats of it are in use here",
                "release them, or disable the entitlement and wait until their leases have ended");
  if (record.kind->name != "allocation" || counted(record, now) == Counted{}) return {};
  return fail(
      Errc::in_use, "the site may use what is allocated",
      "set its seats and amounts to 0 and wait for the site's receipt, or wait for its end");
}

void update_confirmed(Connection& connection, const RecordId& allocation) {
  bool at_central = false;
  std::int64_t site = 0;
  std::int64_t issue = 0;
  Counted given;
  {
    auto holder = connection.query(
        "SELECT s.row,a.issue,a.seats,coalesce(a.amounts,'null') FROM allocation a LEFT JOIN site "
        "s ON s.id=a.site WHERE a.id=?1",
        allocation);
    if (!holder.next()) return;
    at_central = !holder.is_null(0);
    if (at_central) site = holder.integer(0);
    issue = holder.integer(1);
    given = read_counted(holder.integer(2), json::parse(holder.text(3)));
  }
  std::int64_t confirmed = 0;
  {
    auto receipts = connection.query(
        "SELECT issue,in_use,stamps,coalesce(amounts,'null') FROM allocation_receipt WHERE "
        "allocation=?1",
        allocation);
    while (receipts.next()) {
      const auto stamps = Stamps::parse(receipts.text(2));
      if (at_central && (!stamps || stamps->every().site != site)) continue;
      const Counted in_use = read_counted(receipts.integer(1), json::parse(receipts.text(3)));
      const bool too_many = receipts.integer(0) == issue && !covers(given, in_use);
      if (receipts.integer(0) <= issue && !too_many)
        confirmed = std::max(confirmed, receipts.integer(0));
    }
  }
  connection.execute("UPDATE allocation SET confirmed=?2 WHERE id=?1", allocation, confirmed);
}

}  // namespace skerry::store
