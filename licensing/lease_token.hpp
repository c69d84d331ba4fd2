// The lease as an application verifies it without the network: a JSON Web Signature (RFC 7515,
// compact) with EdDSA over Ed25519 (RFC 8037). docs/formats/lease-token.md is the contract.
#pragma once

#include <string>
#include <string_view>

#include "crypto/signing.hpp"
#include "licensing/allowance.hpp"
#include "licensing/seat.hpp"

namespace skerry::licensing {

inline constexpr std::string_view lease_token_type = "skerry-lease+jwt";

// Of one machine. What all its tokens begin with is made once. Immutable: any thread.
class LeaseSigner {
 public:
  // `issuer`: the id of the site, or "central". `certificate`: of this site's key by central
  // (site_certificate.hpp), or empty.
  LeaseSigner(crypto::SigningKey key, std::string issuer, std::string_view certificate = {});

  // `now`: of the lease clock; the token's instants are whole seconds, the end rounded down.
  std::string token(const Seat& seat, const Allowance& allowance, UnixMillis now) const;

 private:
  crypto::SigningKey key_;
  std::string issuer_;
  std::string header_part_;
};

// The claims of a token that `key` signed; Errc::bad_signature for any other text. Whether the
// lease has ended is the caller's question.
Result<json::object> verify_lease_token(const crypto::VerifyKey& key, std::string_view token);

// What the allowance gives a seat, in tokens and answers: {"export": {"type": "bool", "enabled":
// true}, "prints": {"type": "usage_count", "amount": 500}}; amount null: unlimited.
json::object features_json(const Allowance& allowance);

}  // namespace skerry::licensing
