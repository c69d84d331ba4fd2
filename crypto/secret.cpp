#include "crypto/secret.hpp"

#include <algorithm>
#include <array>
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

namespace {

constexpr std::size_t id_bytes_max = 10;  // of a UUIDv7

void fetch_random(std::span<std::uint8_t> out) {
  SKERRY_CHECK(RAND_priv_bytes_ex(nullptr, out.data(), out.size(), 0) == 1);
}

// Gives each byte once, and keeps none that it gave.
class RandomBlock {
 public:
  void take(std::span<std::uint8_t> out) {
    if (left_ < out.size()) {
      fetch_random(bytes_);
      left_ = bytes_.size();
    }
    const auto taken = std::span(bytes_).subspan(left_ - out.size(), out.size());
    std::copy(taken.begin(), taken.end(), out.begin());
    wipe(taken);
    left_ -= out.size();
  }
  ~RandomBlock() { wipe(bytes_); }

 private:
  std::array<std::uint8_t, 1000> bytes_{};
  std::size_t left_ = 0;
};

}  // namespace

void SystemRandom::fill(std::span<std::uint8_t> out) {
  thread_local RandomBlock block;
  if (out.size() <= id_bytes_max)
    block.take(out);
  else
    fetch_random(out);
}

}  // namespace skerry::crypto
