#include "licensing/allowance.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "store/allocations.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;
using store::id_in;
using store::Record;

std::int64_t number_or(const json::value& value, std::int64_t otherwise) {
  const std::int64_t* number = value.if_int64();
  return number ? *number : otherwise;
}

const json::value* member(const json::value& object, std::string_view key) {
  const json::object* members = object.if_object();
  return members ? members->if_contains(key) : nullptr;
}

// What is left of `all` once `taken` is taken; never below nothing.
Amount less(const Amount& all, const Amount& taken) {
  if (!all.limit) return {};
  if (!taken.limit) return {0};
  return {std::max<std::int64_t>(0, *all.limit - *taken.limit)};
}

Status status_by(UnixMillis now, const std::optional<UnixMillis>& start,
                 const std::optional<UnixMillis>& end, std::int64_t grace_seconds) {
  if (!start || now < *start) return Status::created;
  if (!end || now < *end) return Status::active;
  return now < *end + grace_seconds * 1000 ? Status::grace : Status::expired;
}

class Reader {
 public:
  Reader(Connection& connection, const store::Identity& self, UnixMillis now)
      : connection_(connection), self_(self), now_(now) {}

  std::optional<Allowance> read(const Record& entitlement) {
    Allowance made;
    made.entitlement = entitlement.id;
    if (!place(entitlement, made)) return std::nullopt;
    made.customer = id_in(entitlement.value("customer"));
    made.product = id_in(entitlement.value("product"));
    made.status = status_of(connection_, entitlement, now_);
    read_names(entitlement, made);
    read_terms(entitlement, made);
    if (const auto start = first_seat(made)) made = begun(std::move(made), *start, now_);
    read_features(entitlement, made);
    read_codes(id_in(entitlement.value("sales_order")), made);
    return made;
  }

 private:
  // How much of it is this machine's.
  bool place(const Record& entitlement, Allowance& made) {
    if (self_.role == Role::central) {
      const auto sold = Amount{number_or(entitlement.value("seats"), 0)};
      taken_ = store::counted_of(connection_, entitlement, now_);
      made.seats = less(sold, Amount{taken_.seats});
      made.overdraft = beyond(store::sold_seats(entitlement), Amount{taken_.seats}, made.seats);
      return true;
    }
    const Kind& kind = *find_kind("allocation");
    const RecordId site{self_.id.bytes};
    auto row = connection_.query(
        fmt::format("SELECT {} FROM allocation WHERE site=?1 AND +entitlement=?2 ORDER BY id",
                    store::select_columns(kind)),
        site, entitlement.id);
    if (!row.next()) return false;
    const Record allocation = store::read_record(row, kind);
    taken_ = {number_or(allocation.value("seats"), 0), {}};
    allocated_ = allocation.value("amounts");
    made.allocation = allocation.id;
    made.issue = number_or(allocation.value("issue"), 0);
    made.allocated_until = store::instant_of(allocation.value("until"));
    const bool over = made.allocated_until.value_or(0) <= now_;
    if (over) allocated_ = nullptr;
    made.seats = Amount{over ? 0 : taken_.seats};
    return true;
  }

  // What may be overdrawn once `taken` is taken of all and `given` is given before it.
  static Amount beyond(const Amount& bound, const Amount& taken, const Amount& given) {
    return less(less(bound, taken), given);
  }

  std::optional<UnixMillis> first_seat(const Allowance& made) {
    if (!made.starts_with_activation || made.starts_at) return std::nullopt;
    auto row =
        connection_.query("SELECT at FROM first_activation WHERE entitlement=?1", made.entitlement);
    return row.next() ? std::optional(row.integer(0)) : std::nullopt;
  }

  void read_names(const Record& entitlement, Allowance& made) {
    const RecordId offering = id_in(entitlement.value("offering"));
    auto row = connection_.query(
        "SELECT p.sku,e.name FROM offering o JOIN edition e ON e.id=o.edition JOIN product p ON "
        "p.id=e.product WHERE o.id=?1",
        offering);
    if (!row.next()) return;  // the catalogue has not arrived yet
    made.product_sku = row.text(0);
    made.edition = row.text(1);
  }

  void read_terms(const Record& entitlement, Allowance& made) {
    const auto is = [&](std::string_view field, std::string_view text) {
      return entitlement.value(field) == json::value(text);
    };
    made.concurrency =
        is("concurrency", "concurrent") ? Concurrency::concurrent : Concurrency::node_lock;
    made.lease_seconds = number_or(entitlement.value("lease_seconds"), lease_seconds_default);
    made.offline_lease_seconds =
        number_or(entitlement.value("offline_lease_seconds"), offline_lease_seconds_default);
    made.grace_seconds = number_or(entitlement.value("grace_seconds"), 0);
    made.starts_at = store::instant_of(entitlement.value("starts_at"));
    made.starts_with_activation = is("starts", "first_activation");
    if (const json::string* text = entitlement.value("duration").if_string())
      made.duration = parse_period(*text);
    made.expires_at = store::instant_of(entitlement.value("expires_at"));
    made.maintenance_until = store::instant_of(entitlement.value("maintenance_until"));
    if (is("usage_reset", "never")) made.usage_reset = UsageReset::never;
    if (is("usage_reset", "monthly")) made.usage_reset = UsageReset::monthly;
    made.usage_since = store::usage_since(entitlement, now_);
    made.usage_told_since = self_.role == Role::site
                                ? store::told_since(entitlement, made.usage_since)
                                : made.usage_since;
    if (const json::object* attributes = entitlement.value("attributes").if_object())
      made.attributes = *attributes;
  }

  void read_features(const Record& entitlement, Allowance& made) {
    auto rows = connection_.query("SELECT key,type FROM feature WHERE product=?1", made.product);
    while (rows.next()) {
      AllowedFeature feature{std::string(rows.text(0))};
      const json::value* value = member(entitlement.value("features"), feature.key);
      if (!value) continue;
      if (rows.text(1) == "bool")
        feature.enabled = *value == json::value(true);
      else
        count(entitlement, rows.text(1), *value, feature);
      made.features.push_back(std::move(feature));
    }
    std::sort(made.features.begin(), made.features.end(),
              [](const AllowedFeature& a, const AllowedFeature& b) { return a.key < b.key; });
  }

  void count(const Record& entitlement, std::string_view type, const json::value& value,
             AllowedFeature& feature) {
    feature.type = type == "usage_count" ? FeatureType::usage_count : FeatureType::element_pool;
    if (self_.role == Role::site) {
      const json::value* given = member(allocated_, feature.key);
      if (given) feature.amount = read_amount(*given).value_or(Amount{0});
      return;
    }
    const Amount taken = taken_.of(feature.key);
    feature.amount = less(read_amount(value).value_or(Amount{0}), taken);
    feature.overdraft = beyond(store::sold_of(entitlement, feature.key), taken, feature.amount);
  }

  void read_codes(const RecordId& order, Allowance& made) {
    auto rows = connection_.query(
        "SELECT digest FROM activation_code WHERE sales_order=?1 AND disabled_at IS NULL ORDER BY "
        "id",
        order);
    while (rows.next())
      if (const auto digest = hash_from_hex(rows.text(0))) made.code_digests.push_back(*digest);
  }

  Connection& connection_;
  const store::Identity& self_;
  UnixMillis now_;
  store::Counted taken_;
  json::value allocated_;
};

// All that `condition` selects, at most one parameter ?1.
template <class... Parameters>
std::vector<Allowance> select(Connection& connection, const store::Identity& self, UnixMillis now,
                              std::string_view condition, const Parameters&... parameters) {
  const Kind& kind = *find_kind("entitlement");
  std::vector<Record> records;
  {
    auto rows = connection.query(fmt::format("SELECT {} FROM entitlement{} ORDER BY id",
                                             store::select_columns(kind), condition),
                                 parameters...);
    while (rows.next()) records.push_back(store::read_record(rows, kind));
  }
  Reader reader(connection, self, now);
  std::vector<Allowance> made;
  for (const Record& record : records)
    if (auto allowance = reader.read(record)) made.push_back(std::move(*allowance));
  return made;
}

}  // namespace

std::string_view to_text(Status status) {
  switch (status) {
    case Status::created:
      return "created";
    case Status::active:
      return "active";
    case Status::grace:
      return "grace";
    case Status::expired:
      return "expired";
    case Status::disabled:
      return "disabled";
    case Status::customer_disabled:
      return "customer_disabled";
  }
  return {};
}

std::optional<UnixMillis> Allowance::seats_until() const {
  std::optional<UnixMillis> end = allocated_until;
  if (expires_at) {
    const UnixMillis last = *expires_at + grace_seconds * 1000;
    end = end ? std::min(*end, last) : last;
  }
  return end;
}

Allowance begun(Allowance allowance, UnixMillis start, UnixMillis now) {
  if (!allowance.starts_with_activation || allowance.starts_at) return allowance;
  allowance.starts_at = start;
  if (allowance.duration) allowance.expires_at = add_period(start, *allowance.duration);
  if (allowance.status == Status::created)
    allowance.status =
        status_by(now, allowance.starts_at, allowance.expires_at, allowance.grace_seconds);
  return allowance;
}

Status status_of(Connection& connection, const Record& entitlement, UnixMillis now) {
  if (!entitlement.value("disabled_at").is_null()) return Status::disabled;
  const RecordId customer = id_in(entitlement.value("customer"));
  auto disabled = connection.query("SELECT disabled_at FROM customer WHERE id=?1", customer);
  if (disabled.next() && !disabled.is_null(0)) return Status::customer_disabled;
  return status_by(now, store::instant_of(entitlement.value("starts_at")),
                   store::instant_of(entitlement.value("expires_at")),
                   number_or(entitlement.value("grace_seconds"), 0));
}

std::optional<Allowance> find_allowance(Connection& connection, const store::Identity& self,
                                        const RecordId& entitlement, UnixMillis now) {
  const auto record = store::find_record(connection, *find_kind("entitlement"), entitlement);
  if (!record) return std::nullopt;
  return Reader(connection, self, now).read(*record);
}

std::vector<Allowance> find_allowances(Connection& connection, const store::Identity& self,
                                       const Hash& code_digest, UnixMillis now) {
  const std::string digest = to_hex(code_digest);
  return select(connection, self, now,
                " WHERE sales_order IN (SELECT sales_order FROM activation_code WHERE digest=?1 "
                "AND disabled_at IS NULL)",
                std::string_view(digest));
}

std::vector<Allowance> find_allowances(Connection& connection, const store::Identity& self,
                                       std::span<const RecordId> customers, UnixMillis now) {
  std::vector<Allowance> made;
  for (const RecordId& customer : customers)
    for (Allowance& each : select(connection, self, now, " WHERE customer=?1", customer))
      made.push_back(std::move(each));
  std::ranges::sort(made, {}, &Allowance::entitlement);
  return made;
}

std::vector<Allowance> all_allowances(Connection& connection, const store::Identity& self,
                                      UnixMillis now) {
  return select(connection, self, now, "");
}

}  // namespace skerry::licensing
