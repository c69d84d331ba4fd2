#include "crypto/aes_gcm.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "core/check.hpp"
#include "crypto/evp.hpp"

namespace skerry::crypto {

std::optional<Bytes> open_aes_256_gcm(ByteView key32, ByteView nonce, ByteView sealed,
                                      ByteView tag) {
  SKERRY_CHECK(key32.size() == 32);
  if (nonce.size() != aes_gcm_nonce_bytes || tag.size() != aes_gcm_tag_bytes ||
      sealed.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return std::nullopt;
  const OpensslErrorScope errors;
  const CipherContextPtr context(EVP_CIPHER_CTX_new());
  std::array<std::uint8_t, aes_gcm_tag_bytes> expected;
  std::copy(tag.begin(), tag.end(), expected.begin());
  openssl_must(context &&
                   EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), key32.data(), nonce.data(),
                                       nullptr) == 1 &&
                   EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, aes_gcm_tag_bytes,
                                       expected.data()) == 1,
               "AES-256-GCM");
  Bytes plain(sealed.size());
  int written = 0;
  // A null `in` would mean associated data or the end to OpenSSL.
  if (!sealed.empty())
    openssl_must(EVP_DecryptUpdate(context.get(), plain.data(), &written, sealed.data(),
                                   static_cast<int>(sealed.size())) == 1,
                 "AES-256-GCM");
  std::uint8_t none = 0;
  int tail = 0;
  if (EVP_DecryptFinal_ex(context.get(), &none, &tail) != 1) return std::nullopt;
  return plain;
}

}  // namespace skerry::crypto
