// The generations of trust that this machine took on, and at central how far the sites are
// (docs/formats/trust.md). What they mean is for sync/trust_chain.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "store/change_log.hpp"
#include "store/trust_seen.hpp"

namespace skerry::store {

struct TrustGeneration {
  std::int64_t generation = 0;
  std::string text;  // JSON: what is signed, with its signatures
  UnixMillis adopted_at = 0;
};

// nullopt: no root stands behind what this machine trusts.
std::optional<TrustGeneration> newest_trust(Connection& connection);
// Those behind `generation` in their order, as long as they have at most `bytes_max` together.
std::vector<TrustGeneration> trust_after(Connection& connection, std::int64_t generation,
                                         std::size_t bytes_max);
void insert_trust(Connection& connection, ChangeLog& log, const TrustGeneration& generation);
// Of another central, that an earlier invitation brought.
void forget_trust(Connection& connection, ChangeLog& log);
// What trust_seen() is from now on, unless more is held.
void note_trust_seen(Connection& connection, ChangeLog& log, std::int64_t generation);

// At central, of the site with this number: the generation that it last said it holds.
std::int64_t trust_of_site(Connection& connection, std::int64_t site);
void note_trust_of_site(Connection& connection, std::int64_t site, std::int64_t generation);
// Active sites that have not said that they hold `generation`.
std::int64_t count_sites_behind(Connection& connection, std::int64_t generation);

// At central: the site goes on with another signing key than the one with this key id.
void note_former_key(Connection& connection, std::int64_t site, std::string_view key);
bool is_former_key(Connection& connection, std::int64_t site, std::string_view key);

// At a site: what its new keys are signed with, the oldest first, until confirmed.
void add_new_key(Connection& connection, std::string_view key, std::string_view text);
std::vector<std::string> list_new_keys(Connection& connection);
// Of all of them, confirmed or not, the last ones: central may be put back to before it knew them.
std::vector<std::string> list_last_keys(Connection& connection, std::size_t count);
// Central knows the key, and those before it.
void confirm_new_key(Connection& connection, std::string_view key);

}  // namespace skerry::store
