// What stands in the way of the online exchange, for status and doctor: kept over restarts, and
// gone with the first exchange that succeeds.
#pragma once

#include <optional>
#include <string>

#include "core/result.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct ExchangeTrouble {
  UnixMillis since = 0;   // of the first failure since an exchange succeeded
  UnixMillis latest = 0;  // of the last one
  std::string code;       // slug
  std::string detail;
  std::string next;
};

std::optional<ExchangeTrouble> read_exchange_trouble(Connection& connection);
void note_exchange_failed(Connection& connection, const Error& error, UnixMillis now);
void note_exchange_done(Connection& connection);

}  // namespace skerry::store
