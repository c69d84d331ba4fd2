#include "crypto/sha256.hpp"

#include <openssl/hmac.h>
#include <utility>

#include "crypto/evp.hpp"

namespace skerry::crypto {
namespace {

void begin(EVP_MD_CTX* context) {
  openssl_must(EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1, "SHA-256");
}

void add(EVP_MD_CTX* context, ByteView bytes) {
  openssl_must(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1, "SHA-256");
}

Hash end(EVP_MD_CTX* context) {
  Hash hash;
  openssl_must(EVP_DigestFinal_ex(context, hash.data(), nullptr) == 1, "SHA-256");
  return hash;
}

// One context per thread: allocating one costs as much as hashing a short line.
EVP_MD_CTX* thread_context() {
  thread_local const DigestContextPtr context(EVP_MD_CTX_new());
  openssl_must(context != nullptr, "EVP_MD_CTX_new");
  return context.get();
}

}  // namespace

const EVP_MD* sha256_algorithm() {
  // Never freed: threads may still hash while static objects are being destroyed.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  openssl_must(algorithm != nullptr, "SHA-256 is not available");
  return algorithm;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  openssl_must(context_ != nullptr, "EVP_MD_CTX_new");
  begin(context_);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}

Sha256& Sha256::operator=(Sha256&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

void Sha256::update(ByteView bytes) { add(context_, bytes); }

Hash Sha256::finish() {
  const Hash hash = end(context_);
  begin(context_);
  return hash;
}

Hash sha256(ByteView bytes) {
  EVP_MD_CTX* const context = thread_context();
  begin(context);
  add(context, bytes);
  return end(context);
}

Hash hmac_sha256(ByteView key, ByteView message) {
  static constexpr std::uint8_t no_key = 0;  // HMAC() takes a null key for "none set"
  Hash hash;
  const std::uint8_t* const key_bytes = key.empty() ? &no_key : key.data();
  openssl_must(HMAC(sha256_algorithm(), key_bytes, static_cast<int>(key.size()), message.data(),
                    message.size(), hash.data(), nullptr) != nullptr,
               "HMAC-SHA-256");
  return hash;
}

Hash chain_hash(const Hash& previous, std::string_view line) {
  EVP_MD_CTX* const context = thread_context();
  begin(context);
  add(context, previous);
  add(context, as_bytes(line));
  return end(context);
}

}  // namespace skerry::crypto
