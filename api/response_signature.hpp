// Answers that prove where they come from: HTTP Message Signatures (RFC 9421) with ed25519, over
// the status, the digest of the body (RFC 9530), and of the request its method, path and what nonce
// its client chose. Made when the request asks with Accept-Signature (RFC 9421 section 5), under
// the client's label; one of several labels for each that asks for no more than this, for no other
// algorithm and for no other key:
//
//   Accept-Signature: sig1=("@status" "content-digest" "@method";req "@path";req);nonce="c2tlcnJ5"
#pragma once

#include "api/http_types.hpp"
#include "core/clock.hpp"
#include "crypto/signing.hpp"

namespace skerry::api {

// Adds Content-Digest, Signature-Input and Signature. Does nothing for a request that does not ask,
// or asks in another way: it then gets what it would have got.
void sign_if_asked(const crypto::SigningKey& key, const Clock& clock, const Request& request,
                   Response& response);

}  // namespace skerry::api
