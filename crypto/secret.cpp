#include "crypto/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <utility>

#include "core/check.hpp"

namespace skerry::crypto {

void wipe(std::span<std::uint8_t> bytes) noexcept {
  if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
}

void SecretBytes::wipe() noexcept { crypto::wipe(bytes_); }

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

bool equal_constant_time(ByteView a, ByteView b) noexcept {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  SKERRY_CHECK(RAND_priv_bytes_ex(nullptr, out.data(), out.size(), 0) == 1);
}

}  // namespace skerry::crypto
