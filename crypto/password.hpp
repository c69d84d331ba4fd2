// scrypt (RFC 7914) for secrets a person chose.
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/random.hpp"
#include "crypto/secret.hpp"

namespace skerry::crypto {

struct ScryptCost {
  std::uint64_t n = 1 << 17;  // OWASP: N=2^17, r=8, p=1
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};

SecretBytes scrypt(std::string_view secret, ByteView salt, ScryptCost cost, std::size_t size);

// "$scrypt$n=17,r=8,p=1$<salt base64url>$<hash base64url>"
std::string hash_password(std::string_view password, Random& random, ScryptCost cost = {});
// False for a wrong password and for a hash that is not of the form above.
bool verify_password(std::string_view password, std::string_view hash);

}  // namespace skerry::crypto
