// The answers to requests that carried an Idempotency-Key, kept so that a retry gets the same one.
// Times are those of the RunClock (store/run_clock.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

inline constexpr std::int64_t kept_answer_ms = 7ll * 24 * 3600 * 1000;

struct KeptAnswer {
  Hash request_hash{};  // of method, path and body
  int status = 0;
  std::string headers;  // whole lines
  std::string body;
};

// An answer older than kept_answer_ms counts as gone.
std::optional<KeptAnswer> find_kept_answer(Connection& connection, std::string_view principal,
                                           std::string_view key, UnixMillis now);
// In the transaction of the request's effect. Replaces an old one.
void keep_answer(Connection& connection, std::string_view principal, std::string_view key,
                 const KeptAnswer& answer, UnixMillis now);
// When the last one was kept; 0: none is.
UnixMillis newest_kept_answer(Connection& connection);
// Removes what is too old, at most `rows_max` rows; gives how many.
std::int64_t purge_kept_answers(Connection& connection, UnixMillis now, std::int64_t rows_max);

}  // namespace skerry::store
