// The rows behind the index: tables `seat`, `feature_use`, `seat_policy`, `seat_count`,
// `first_activation` and `clock_jump`. Writer thread, but for what only reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/strict_json.hpp"
#include "licensing/lease_clock.hpp"
#include "licensing/seat_index.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::licensing {

// What happened to seats of one entitlement since it came here.
struct SeatCounts {
  std::int64_t denials = 0;     // for want of a seat or of a feature
  std::int64_t clones = 0;      // calls that were not the one that follows
  std::int64_t overdrafts = 0;  // seats given beyond those sold
  std::int64_t high_water = 0;  // most seats at once
  bool operator==(const SeatCounts&) const = default;
};

void write_seat(store::Connection& connection, const Seat& seat);
void delete_seat(store::Connection& connection, const RecordId& id);
std::vector<Seat> load_seats(store::Connection& connection);
struct FeatureUse {
  RecordId entitlement;
  std::string feature;
  SeatIndex::Used used;
};
void write_used(store::Connection& connection, const FeatureUse& use);
std::vector<FeatureUse> load_used(store::Connection& connection);

// When the first seat was given of an entitlement that begins with that.
std::map<RecordId, UnixMillis> load_starts(store::Connection& connection);
void write_start(store::Connection& connection, const RecordId& entitlement, UnixMillis at);

std::map<RecordId, SeatCounts> load_counts(store::Connection& connection);
void write_counts(store::Connection& connection, const RecordId& entitlement,
                  const SeatCounts& counts);

std::map<RecordId, SeatPolicy> load_policies(store::Connection& connection);
void write_policy(store::Connection& connection, const RecordId& entitlement,
                  const SeatPolicy& policy);
json::object to_json(const SeatPolicy& policy);
// Errc::validation_failed with every complaint.
Result<SeatPolicy> read_policy(const json::object& object);

// At most jumps_kept are kept; the oldest go.
inline constexpr std::int64_t jumps_kept = 100;
struct KeptJump {
  UnixMillis noticed_at = 0;  // by the lease clock
  ClockJump jump;
};
void write_jump(store::Connection& connection, const KeptJump& jump);
std::vector<KeptJump> list_jumps(store::Connection& connection);  // the newest first

UnixMillis load_floor(store::Connection& connection);  // 0: none
void write_floor(store::Connection& connection, UnixMillis floor);

}  // namespace skerry::licensing
