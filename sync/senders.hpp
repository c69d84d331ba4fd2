// Who may have signed a bundle, and what a bundle changes about that: generations of trust that
// come from central, new keys of a site. What a manifest says of keys vouches for itself, so it is
// heeded before the bundle's own signature is looked at, and kept with the bundle's other effects.
#pragma once

#include "store/sites.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/site_keys.hpp"

namespace skerry::sync {

// For BundleReader::open(). Errc::unknown_signer, revoked_signer; not_enrolled; what the carried
// generations or statements are refused for (trust_chain.hpp, site_keys.hpp).
using KeyResult = Result<std::optional<crypto::VerifyKey>>;
// At a site: one of central's keys, by the trust that is held here or that the bundle brings.
KeyResult find_central_key(store::Connection& connection, const Manifest& manifest,
                           const crypto::KeyId& id);
// At central: the sending site's key, or the one it goes on with.
KeyResult find_site_key(store::Connection& connection, const Manifest& manifest,
                        const crypto::KeyId& id);

// At central, of a site's bundle that no key here opens: what to do where the site holds a
// generation that central does not. Empty where that is not why.
std::string remedy_of_lost_keys(store::Connection& connection, const Manifest& manifest);

// In the transaction of a bundle that is taken in; both say what is new, for people, or nothing.
// At a site: the generations, and that central knows this site's key.
Result<std::string> take_trust(store::Connection& connection, store::ChangeLog& log,
                               const Manifest& manifest);
// At central: what the site's key signed is refused once it has another, and no statement of the
// site's own leads back to it.
Result<void> give_up_key(store::Connection& connection, const store::Site& site);
// At central: the site's new keys, as a change of its record, and which generation it holds.
Result<std::string> take_site_keys(store::Connection& connection, store::RecordWriter& writer,
                                   store::Site& site, const Manifest& manifest,
                                   const store::Author& author);

}  // namespace skerry::sync
