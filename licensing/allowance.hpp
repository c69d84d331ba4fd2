// What an entitlement allows this machine: all that whoever grants seats needs to know of it, and
// nothing of who holds any. Plain data, read anew after each change of the records.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/kinds/amounts.hpp"
#include "core/period.hpp"
#include "store/identity.hpp"
#include "store/record.hpp"

namespace skerry::licensing {

// In the order in which one follows another; the last two end at once when they are taken back.
enum class Status : std::uint8_t { created, active, grace, expired, disabled, customer_disabled };
std::string_view to_text(Status status);

enum class FeatureType : std::uint8_t { boolean, usage_count, element_pool };
enum class Concurrency : std::uint8_t { node_lock, concurrent };
enum class UsageReset : std::uint8_t { on_renewal, never, monthly };

struct AllowedFeature {
  std::string key;
  FeatureType type = FeatureType::boolean;
  bool enabled = false;  // of a boolean
  Amount amount{0};      // of the others: what this machine may give
  Amount overdraft{0};   // beyond it
};

struct Allowance {
  RecordId entitlement;
  RecordId customer;
  RecordId product;
  std::string product_sku;
  std::string edition;  // its name
  Status status = Status::created;
  Amount seats{0};      // what this machine may give
  Amount overdraft{0};  // beyond it; at a site none: what is allocated holds it
  Concurrency concurrency = Concurrency::node_lock;
  std::int64_t lease_seconds = 0;
  std::int64_t offline_lease_seconds = 0;
  std::int64_t grace_seconds = 0;
  std::optional<UnixMillis> starts_at;  // nullopt: not yet
  bool starts_with_activation = false;  // and then `duration` runs from the first one
  std::optional<Period> duration;       // nullopt: for good
  std::optional<UnixMillis> expires_at;
  std::optional<UnixMillis> maintenance_until;
  UsageReset usage_reset = UsageReset::on_renewal;
  UnixMillis usage_since = 0;       // what was used before it does not count any more
  UnixMillis usage_told_since = 0;  // store::told_since(); at central the same
  // At a site: the allocation it goes by, that allocation's issue and its end.
  std::optional<RecordId> allocation;
  std::int64_t issue = 0;
  std::optional<UnixMillis> allocated_until;
  std::vector<AllowedFeature> features;  // in the order of their keys
  json::object attributes;
  std::vector<Hash> code_digests;  // of the activation codes of its order that are not disabled

  // The last instant at which a seat may be held: the expiry with its grace, and the end of the
  // allocation; nullopt: none.
  std::optional<UnixMillis> seats_until() const;
};

// Timers of a product that says none.
inline constexpr std::int64_t lease_seconds_default = 24 * 3600;
inline constexpr std::int64_t offline_lease_seconds_default = 30 * 24 * 3600;

// What an entitlement's status is at `now`. Of a record of the kind entitlement.
Status status_of(store::Connection& connection, const store::Record& entitlement, UnixMillis now);

// As it is at `now`, its first seat here given at `start`: an entitlement that begins with its
// first activation has begun then, though its record says so only once central has heard of the
// seat.
Allowance begun(Allowance allowance, UnixMillis start, UnixMillis now);

// What `self` may give of an entitlement at `now`: at central what no site holds, at a site what is
// allocated to it. nullopt when there is no such entitlement, and at a site when nothing of it was
// ever allocated to it.
std::optional<Allowance> find_allowance(store::Connection& connection, const store::Identity& self,
                                        const RecordId& entitlement, UnixMillis now);
// Those that an activation code opens, by digest_of() the code (licensing/activation_codes.hpp), in
// the order of their ids.
std::vector<Allowance> find_allowances(store::Connection& connection, const store::Identity& self,
                                       const Hash& code_digest, UnixMillis now);
// Those of these customers, in the order of their ids.
std::vector<Allowance> find_allowances(store::Connection& connection, const store::Identity& self,
                                       std::span<const RecordId> customers, UnixMillis now);
// Every one.
std::vector<Allowance> all_allowances(store::Connection& connection, const store::Identity& self,
                                      UnixMillis now);

}  // namespace skerry::licensing
