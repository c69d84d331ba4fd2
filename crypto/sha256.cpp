#include "crypto/sha256.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string>
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

HmacKey::HmacKey(ByteView key) {
  static constexpr std::uint8_t no_key = 0;  // a null key is one that was not set
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);  // never freed, as above
  std::string digest = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  begun_ = {EVP_MAC_CTX_new(mac), EVP_MAC_CTX_free};
  openssl_must(begun_ && EVP_MAC_init(begun_.get(), key.empty() ? &no_key : key.data(), key.size(),
                                      parameters) == 1,
               "HMAC-SHA-256");
}

Hash HmacKey::of(ByteView message) const {
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
      EVP_MAC_CTX_dup(begun_.get()), EVP_MAC_CTX_free);
  Hash hash;
  std::size_t size = 0;
  openssl_must(context && EVP_MAC_update(context.get(), message.data(), message.size()) == 1 &&
                   EVP_MAC_final(context.get(), hash.data(), &size, hash.size()) == 1,
               "HMAC-SHA-256");
  return hash;
}

Hash hmac_sha256(ByteView key, ByteView message) { return HmacKey(key).of(message); }

Hash chain_hash(const Hash& previous, std::string_view line) {
  EVP_MD_CTX* const context = thread_context();
  begin(context);
  add(context, previous);
  add(context, as_bytes(line));
  return end(context);
}

}  // namespace skerry::crypto
