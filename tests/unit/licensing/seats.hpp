// Allowances and ids as the tests of seats have them.
#pragma once

#include <string_view>

#include "crypto/sha256.hpp"
#include "licensing/allowance.hpp"
#include "licensing/seat.hpp"

namespace skerry::licensing {

inline RecordId id_of(std::uint8_t number) {
  RecordId id;
  id.bytes.fill(number);
  return id;
}

inline constexpr std::uint8_t entitlement_number = 200;
inline constexpr std::uint8_t product_number = 210;
inline constexpr std::int64_t lease_ms = 600'000;

inline Hash code_of(std::string_view text) { return crypto::sha256(as_bytes(text)); }

// `seats` seats of ten minutes, an hour offline.
inline Allowance allowance_of(std::int64_t seats) {
  Allowance allowance;
  allowance.entitlement = id_of(entitlement_number);
  allowance.product = id_of(product_number);
  allowance.product_sku = "PRESS";
  allowance.edition = "Standard";
  allowance.status = Status::active;
  allowance.concurrency = Concurrency::concurrent;
  allowance.seats = {seats};
  allowance.lease_seconds = lease_ms / 1000;
  allowance.offline_lease_seconds = 3600;
  allowance.features = {{"cores", FeatureType::element_pool, false, {8}, {0}},
                        {"export", FeatureType::boolean, true, {0}, {0}},
                        {"prints", FeatureType::usage_count, false, {100}, {10}}};
  allowance.code_digests = {code_of("CODE")};
  return allowance;
}

inline Seat seat_of(std::uint8_t number, std::string_view machine, UnixMillis until) {
  Seat seat;
  seat.id = id_of(number);
  seat.entitlement = id_of(entitlement_number);
  seat.machine = machine;
  seat.until = until;
  return seat;
}

}  // namespace skerry::licensing
