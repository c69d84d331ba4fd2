// A site's keys are replaced by its own word: new ones, signed by the old signing key and by the
// new one. The last statements ride in every manifest, for central may be put back to before it
// knew a key; so the old key is destroyed at once, and nobody has to be there at the same time
// (docs/formats/trust.md).
#pragma once

#include <functional>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "sync/node.hpp"
#include "sync/signed_text.hpp"

namespace skerry::sync {

inline constexpr std::size_t new_keys_max = 8;  // in a manifest, and that central knows none of

struct SiteKeys {
  crypto::VerifyKey sign;
  crypto::AgeRecipient age;
};

SignedText next_site_keys(const SiteId& site, const Keys& old, const Keys& next,
                          UnixMillis made_at);

// Where `carried` leads from the keys that are held; a statement that does not go on from those, or
// leads to one that is `given_up`, is passed over: a site that was put back to before it had other
// keys was admitted with those it has. Errc::corrupt_bundle, unsupported_version, bad_signature.
using IsGivenUp = std::function<bool(const crypto::KeyId&)>;
Result<SiteKeys> follow_site_keys(const SiteId& site, SiteKeys held,
                                  const std::vector<SignedText>& carried,
                                  const IsGivenUp& given_up);

}  // namespace skerry::sync
