// The tokens that were used lately, in memory, so that a request costs no read of the database.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>

#include "api/http_types.hpp"
#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/mutex.hpp"

namespace skerry::api {

// Any thread.
class TokenCache {
 public:
  struct Entry {
    std::shared_ptr<const Principal> principal;
    RecordId id;
    std::optional<UnixMillis> expires_at;
    UnixMillis use_noted_at = 0;
  };

  std::optional<Entry> find(const Hash& hash) SKERRY_EXCLUDES(mutex_);
  // True for one caller in `every_ms`: that one notes the use in the database.
  bool should_note_use(const Hash& hash, UnixMillis now, std::int64_t every_ms)
      SKERRY_EXCLUDES(mutex_);

  // A token read from the database goes in only when nothing was forgotten since generation() was
  // asked, before the read: otherwise a token revoked meanwhile would come back.
  std::uint64_t generation() SKERRY_EXCLUDES(mutex_);
  void insert(const Hash& hash, Entry entry, std::uint64_t generation) SKERRY_EXCLUDES(mutex_);
  // After a token was made or revoked.
  void forget_all() SKERRY_EXCLUDES(mutex_);

 private:
  struct FirstBytes {
    std::size_t operator()(const Hash& hash) const noexcept {
      std::size_t value;
      std::memcpy(&value, hash.data(), sizeof value);
      return value;
    }
  };

  Mutex mutex_;
  std::uint64_t generation_ SKERRY_GUARDED_BY(mutex_) = 0;
  std::unordered_map<Hash, Entry, FirstBytes> entries_ SKERRY_GUARDED_BY(mutex_);
};

}  // namespace skerry::api
