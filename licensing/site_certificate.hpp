// Central's word that a key is a site's: what leads from a lease token that a site signed to
// central's key, which an application may have been delivered with (docs/formats/lease-token.md).
// A JSON Web Signature as the token itself, in the token's header.
#pragma once

#include <string>
#include <string_view>

#include "core/ids.hpp"
#include "core/strict_json.hpp"
#include "crypto/signing.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::licensing {

inline constexpr std::string_view site_certificate_type = "skerry-site+jwt";

// The same for the same keys and site, at any time.
std::string site_certificate(const crypto::SigningKey& central, const SiteId& site,
                             const crypto::VerifyKey& key);

struct CertifiedSite {
  SiteId site;
  crypto::VerifyKey key;
};
// Errc::bad_signature for what `central` did not sign, and for any other text.
Result<CertifiedSite> verify_site_certificate(const crypto::VerifyKey& central,
                                              std::string_view certificate);

// The claims of a lease token that `trusted` signed, or a site whose certificate by it stands in
// the token's header and whose id is its issuer: the key of the machine that gave the seat, or
// central's. Errc::bad_signature.
Result<json::object> verify_lease_token_of(const crypto::VerifyKey& trusted,
                                           std::string_view token);

// At a site: keeps what came with a bundle, if it is this site's for the key it has now.
void keep_site_certificate(store::Connection& connection, const crypto::VerifyKey& central,
                           std::string_view certificate);
// The one for the key that this site has now; empty without one.
std::string read_site_certificate(store::Connection& connection);

}  // namespace skerry::licensing
