// What is left of a deleted record, so that no late bundle brings it back (SYNC H8).
#pragma once

#include <optional>

#include "core/version.hpp"
#include "store/record.hpp"

namespace skerry::store {

struct Tombstone {
  RecordId record;
  const Kind* kind = nullptr;
  Scope scope;
  Version version;  // of the deletion; zero at a site until central confirms
};

std::optional<Tombstone> find_tombstone(Connection& connection, const RecordId& record);
void write_tombstone(Connection& connection, const Tombstone& tombstone, UnixMillis now);
void erase_tombstone(Connection& connection, const RecordId& record);

}  // namespace skerry::store
