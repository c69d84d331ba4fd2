#include "store/run_clock.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "store/idempotency.hpp"
#include "store/identity.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view run_time_key = "run_time";

// What was kept by it since the last keep(), before a crash, does not lie ahead of it either.
UnixMillis last_known(Database& database) {
  const Reader reader = database.read();
  const std::string text = read_meta(*reader, run_time_key).value_or("0");
  UnixMillis kept = 0;
  std::from_chars(text.data(), text.data() + text.size(), kept);
  return std::max(kept, newest_kept_answer(*reader));
}

}  // namespace

RunClock::RunClock(Database& database, const Clock& clock)
    : clock_(clock), start_(last_known(database)), started_at_(clock.monotonic_ms()) {}

void RunClock::keep(Connection& connection) const {
  write_meta(connection, run_time_key, std::to_string(now()));
}

}  // namespace skerry::store
