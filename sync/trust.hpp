// What a site trusts of central: the trust document that came with its invitation (SYNC 4.8).
// Version 1 is signed by central's own key; a threshold of offline roots will sign later versions.
#pragma once

#include <string>
#include <vector>

#include "core/strict_json.hpp"
#include "crypto/age.hpp"
#include "crypto/signing.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::sync {

struct Trust {
  std::int64_t version = 1;
  std::string central_name;
  std::vector<crypto::VerifyKey> signing_keys;   // any of them signs for central
  std::vector<crypto::AgeRecipient> recipients;  // bundles for central are encrypted to all
  std::vector<crypto::KeyId> revoked;
};

json::object to_json(const Trust& trust);
Result<Trust> read_trust(const json::object& object);

// For the operator's comparison by another channel: over the signing keys, in order.
Hash trust_fingerprint(const Trust& trust);

// As kept in the database; Errc::not_enrolled when there is none.
Result<Trust> load_trust(store::Connection& connection);
void save_trust(store::Connection& connection, const Trust& trust);

}  // namespace skerry::sync
