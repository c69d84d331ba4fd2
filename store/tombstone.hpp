// What is left of a deleted record, so that no late bundle brings it back, and so that a person can
// (SYNC H8).
#pragma once

#include <optional>

#include "core/version.hpp"
#include "store/record.hpp"

namespace skerry::store {

struct Tombstone {
  RecordId record;
  const Kind* kind = nullptr;
  Scope scope;
  Version version;    // of the deletion; zero at a site until central confirms
  std::string doc{};  // the record as it last was; empty where this machine never had it
};

Tombstone tombstone_of(const Record& record, Version version);
// The record as it last was, if this machine ever had it.
std::optional<Record> record_of(const Tombstone& tombstone);

std::optional<Tombstone> find_tombstone(Connection& connection, const RecordId& record);
// Replaces; an empty `doc` leaves the one that is there.
void write_tombstone(Connection& connection, const Tombstone& tombstone, UnixMillis now);
void erase_tombstone(Connection& connection, const RecordId& record);

}  // namespace skerry::store
