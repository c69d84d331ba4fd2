// Where assets stand: computed from their moves, whatever the order in which these were entered
// or arrived (RECORDS "move", ADR 0016).
//
// A move that arrived puts its asset to its destination at arrived_at; one that was shipped and has
// not arrived puts it in transit at shipped_at; any other is planned. The latest of these events is
// where the asset is. Of events at one time, being in transit comes after an arrival, then the
// greater id of the move.
#pragma once

#include <vector>

#include "store/record.hpp"

namespace skerry::store {

enum class MoveState { planned, in_transit, arrived };
std::string_view to_text(MoveState state);

// One move in the history of its asset.
struct MoveEvent {
  MoveState state = MoveState::planned;
  UnixMillis at = 0;  // of a planned move: when it is expected, or was recorded
  RecordId move;
  std::optional<RecordId> from;
  RecordId to;
};

// Every move of the asset, the earliest first; planned ones behind all others.
std::vector<MoveEvent> asset_history(Connection& connection, const RecordId& asset);

// Whether the asset stands at a location that is known.
bool stands_somewhere(const Record& asset);

// Computes where the asset is; writes it, and at central (n > 0) who sees it from now on.
void update_place(Connection& connection, const RecordId& asset, std::int64_t n, UnixMillis now);
// The same for the assets at a location whose customer changed.
void update_places_at(Connection& connection, const RecordId& location, std::int64_t n,
                      UnixMillis now);

}  // namespace skerry::store
