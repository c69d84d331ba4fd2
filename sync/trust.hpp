// What a machine trusts of central (SYNC 4.8): the newest generation of trust that offline roots
// signed (trust_chain.hpp), or, where there is none yet, what came with the invitation, signed by
// central's own key.
#pragma once

#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/strict_json.hpp"
#include "crypto/age.hpp"
#include "crypto/signing.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::sync {

struct Trust {
  std::int64_t generation = 0;  // 0: no root stands behind it
  std::string central_name;
  std::vector<crypto::VerifyKey> signing_keys;   // any of them signs for central
  std::vector<crypto::AgeRecipient> recipients;  // bundles for central are encrypted to all
  std::vector<crypto::KeyId> revoked;
  // Of a generation: `threshold` of the roots sign it and the next one.
  std::vector<crypto::VerifyKey> roots;
  std::int64_t threshold = 0;
  UnixMillis made_at = 0;
  UnixMillis expires_at = 0;  // warns, and never refuses (H20)
};

// As an invitation has it: without the roots.
json::object to_json(const Trust& trust);
Result<Trust> read_trust(const json::object& object);

bool is_revoked(const Trust& trust, const crypto::KeyId& key);

// For the operator's comparison by another channel: over the signing keys, in order.
Hash trust_fingerprint(const Trust& trust);

// At a site, or at a central that took a generation on; Errc::not_enrolled when there is none.
Result<Trust> load_trust(store::Connection& connection);
void save_trust(store::Connection& connection, const Trust& trust);

}  // namespace skerry::sync
