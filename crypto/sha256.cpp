#include "crypto/sha256.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <utility>

#include "core/check.hpp"

namespace skerry::crypto {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  SKERRY_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() { EVP_MD_CTX_free(context_); }
Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
Sha256& Sha256::operator=(Sha256&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

void Sha256::update(ByteView bytes) {
  SKERRY_CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
}

Hash Sha256::finish() {
  Hash hash;
  SKERRY_CHECK(EVP_DigestFinal_ex(context_, hash.data(), nullptr) == 1);
  SKERRY_CHECK(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
  return hash;
}

Hash sha256(ByteView bytes) {
  Hash hash;
  SKERRY_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return hash;
}

Hash hmac_sha256(ByteView key, ByteView message) {
  Hash hash;
  unsigned int length = 0;
  SKERRY_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(),
                    message.size(), hash.data(), &length) != nullptr);
  return hash;
}

Hash chain_hash(const Hash& previous, std::string_view line) {
  Sha256 hash;
  hash.update(previous);
  hash.update(as_bytes(line));
  return hash.finish();
}

}  // namespace skerry::crypto
