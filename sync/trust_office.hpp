// What an administrator does about keys: drafts the next generation of trust, takes one on, gives a
// site new keys. On a machine whose daemon does not run: a process keeps the keys it began with.
#pragma once

#include "store/write_records.hpp"
#include "sync/node.hpp"
#include "sync/trust_file.hpp"

namespace skerry::sync {

// What this machine trusts: at a site of central; central's own word for itself.
Result<Trust> trust_of(const Node& node);

// What is to be other in the next generation.
struct TrustWish {
  std::vector<crypto::VerifyKey> add_roots{};
  std::vector<crypto::KeyId> drop_roots{};
  std::optional<std::int64_t> threshold{};
  UnixMillis expires_at = 0;
  // Central's keys from then on; those before it are revoked.
  const Keys* next = nullptr;
  std::vector<crypto::KeyId> revoke{};
};
// At central: the next generation, unsigned, behind the one that it follows. Errors:
// Errc::wrong_role, Errc::usage for a wish that makes no generation.
Result<TrustFile> draft_trust(const Node& node, const TrustWish& wish);

struct Adopted {
  Trust trust;
  std::int64_t generations = 0;  // taken on now; 0: all were known
  bool new_keys = false;         // central's keys from now on are the prepared ones
};
// Takes the generations on that are news here, all or none. At central the first one gets central's
// own signature, by which sites that trust its key accept it, and `next` are the keys that were
// prepared, if any. Errors: of walk(); Errc::missing_key when central has none of the keys that the
// last one names for it; Errc::not_enrolled.
Result<Adopted> adopt_trust(const Node& node, std::vector<SignedText> generations, const Keys* next,
                            const store::Author& author);

// At a site: `next` are its keys from now on. Errc::wrong_role; Errc::limit_exceeded when
// central has not heard of the last new_keys_max yet; Errc::bundle_gap while rows are lost that a
// bundle by the present key may bring back.
Result<void> rotate_site_keys(const Node& node, const Keys& next, const store::Author& author);

}  // namespace skerry::sync
