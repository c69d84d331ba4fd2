// Licence files that Relay's protocol hands out: the rows (table `relay_licence`), which of them
// are in which pool, and what the seat desk takes each for: an entitlement to its seats until it
// ends.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.hpp"
#include "licensing/seat_desk.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::licensing {

inline constexpr std::string_view relay_product = "keygen-relay";  // in tokens and lists of pools
inline constexpr std::int64_t relay_seats_max = 1'000'000;
inline constexpr std::size_t relay_pool_characters_max = 255;
inline constexpr std::size_t relay_fingerprint_characters_max = 1024;

enum class RelayStrategy : std::uint8_t { fifo, lifo, rand };

struct RelayLicence {
  RecordId id;
  std::string licence;  // Keygen's id
  std::string pool;     // empty: the one without a name
  std::string file;
  std::string key;
  std::int64_t seats = 1;
  std::optional<UnixMillis> expires_at;
  UnixMillis added_at = 0;
};

// Errc::already_exists for a licence that is there.
Result<void> insert_relay_licence(store::Connection& connection, const RelayLicence& licence);
std::optional<RelayLicence> find_relay_licence(store::Connection& connection, const RecordId& id);
// By Keygen's id: what was removed.
std::optional<RelayLicence> remove_relay_licence(store::Connection& connection,
                                                 std::string_view licence);
// In the order in which they came; without a pool those of every one.
std::vector<RelayLicence> list_relay_licences(store::Connection& connection,
                                              const std::optional<std::string>& pool);

// Which licences are in which pool, in memory. Any thread.
class RelayShelf {
 public:
  using Licences = std::shared_ptr<const std::vector<RecordId>>;
  // In the order in which they came; null for a pool that has a name and was never filled.
  Licences pool(const std::string& name) const SKERRY_EXCLUDES(mutex_);
  // Those of every pool.
  std::vector<RecordId> all() const SKERRY_EXCLUDES(mutex_);
  // After a commit that changed the rows. Of several, the last one has them as they are.
  void load(store::Database& database) SKERRY_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::map<std::string, Licences> pools_ SKERRY_GUARDED_BY(mutex_);
};

// How long a machine has a licence that says nothing.
struct RelayLease {
  std::int64_t ttl_seconds = 60;
  bool heartbeats = true;  // without them a seat is its machine's until it is given back
};

// The catalogue, and beside it the licences of Relay's protocol.
class RelayAllowances final : public AllowanceSource {
 public:
  // `catalogue` outlives this.
  RelayAllowances(AllowanceSource& catalogue, RelayLease lease)
      : catalogue_(catalogue), lease_(lease) {}
  std::vector<Allowance> by_code(store::Connection& connection, const Hash& digest,
                                 UnixMillis now) override;
  std::vector<Allowance> by_customers(store::Connection& connection,
                                      std::span<const RecordId> customers, UnixMillis now) override;
  std::optional<Allowance> by_id(store::Connection& connection, const RecordId& entitlement,
                                 UnixMillis now) override;

 private:
  AllowanceSource& catalogue_;
  const RelayLease lease_;
};

}  // namespace skerry::licensing
