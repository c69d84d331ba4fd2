// Who has signed in: in memory only, so that a restart signs everybody out and no copy of the
// database holds a session (ADR 0059).
#pragma once

#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api/auth.hpp"
#include "core/clock.hpp"
#include "core/mutex.hpp"
#include "core/random.hpp"

namespace skerry::api {

inline constexpr std::int64_t session_idle_ms = 30 * 60'000;
inline constexpr std::int64_t session_ms = 12 * 3'600'000;
inline constexpr std::size_t sessions_per_account_max = 16;  // the one idle the longest gives way

// One that has not ended, as it is told to people.
struct SessionFacts {
  RecordId id;  // opens nothing
  std::shared_ptr<const Principal> principal;
  std::string from;
  UnixMillis began_at = 0;
  UnixMillis used_at = 0;
};

// Any thread. Times are of the monotonic clock: a wall clock that jumps ends no session and extends
// none.
class Sessions {
 public:
  // `until`: the wall time at which the account ends, if it does; `from`: the peer. Gives the
  // session's secret, which is kept nowhere; principal->session is set here.
  std::string begin(Principal principal, std::optional<UnixMillis> until, const Clock& clock,
                    Random& random, std::string from = {}) SKERRY_EXCLUDES(mutex_);
  // Errc::unauthorized for a session that ended, or never was. Using it is what keeps it.
  Result<std::shared_ptr<const Principal>> find(std::string_view secret, const Clock& clock,
                                                Use use = Use::counted) SKERRY_EXCLUDES(mutex_);
  // The one used last comes first.
  std::vector<SessionFacts> list(const Clock& clock) SKERRY_EXCLUDES(mutex_);
  void end(const Hash& session) SKERRY_EXCLUDES(mutex_);
  // Every one of the account but `kept`: when it was changed.
  void end_of(const RecordId& account, const Hash& kept = {}) SKERRY_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::shared_ptr<const Principal> principal;
    RecordId id;
    std::string from;
    std::int64_t began_ms = 0;
    std::int64_t used_ms = 0;
    std::optional<UnixMillis> until;

    bool has_ended(const Clock& clock) const;
  };
  struct FirstBytes {
    std::size_t operator()(const Hash& hash) const noexcept {
      std::size_t value;
      std::memcpy(&value, hash.data(), sizeof value);
      return value;
    }
  };

  void make_room(const RecordId& account, const Clock& clock) SKERRY_REQUIRES(mutex_);

  Mutex mutex_;
  std::unordered_map<Hash, Entry, FirstBytes> entries_ SKERRY_GUARDED_BY(mutex_);
};

}  // namespace skerry::api
