#include "crypto/aead.hpp"

#include "core/check.hpp"
#include "crypto/evp.hpp"

namespace skerry::crypto {
namespace {

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  openssl_must(cipher != nullptr, "ChaCha20-Poly1305 is not available");
  return cipher;
}

}  // namespace

ChaCha20Poly1305::ChaCha20Poly1305(ByteView key32) : key_(key32), context_(EVP_CIPHER_CTX_new()) {
  SKERRY_CHECK(key32.size() == 32);
  openssl_must(context_ != nullptr, "EVP_CIPHER_CTX_new");
}

ChaCha20Poly1305::~ChaCha20Poly1305() { EVP_CIPHER_CTX_free(context_); }  // wipes its key

void ChaCha20Poly1305::seal(const AeadNonce& nonce, ByteView plain, std::span<std::uint8_t> out) {
  SKERRY_CHECK(out.size() == plain.size() + aead_tag_bytes);
  int written = 0;
  int tail = 0;
  bool ok =
      EVP_EncryptInit_ex2(context_, algorithm(), key_.view().data(), nonce.data(), nullptr) == 1;
  // A null `in` means associated data or the end to OpenSSL: an empty plain text is no update.
  if (!plain.empty())
    ok = ok && EVP_EncryptUpdate(context_, out.data(), &written, plain.data(),
                                 static_cast<int>(plain.size())) == 1;
  ok = ok && EVP_EncryptFinal_ex(context_, out.data() + written, &tail) == 1 &&
       EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, aead_tag_bytes,
                           out.data() + plain.size()) == 1;
  openssl_must(ok && static_cast<std::size_t>(written) == plain.size() && tail == 0,
               "ChaCha20-Poly1305");
}

bool ChaCha20Poly1305::open(const AeadNonce& nonce, ByteView sealed, std::span<std::uint8_t> out) {
  SKERRY_CHECK(sealed.size() == out.size() + aead_tag_bytes);
  const OpensslErrorScope errors;
  std::array<std::uint8_t, aead_tag_bytes> tag;
  std::copy_n(sealed.data() + out.size(), tag.size(), tag.data());
  openssl_must(
      EVP_DecryptInit_ex2(context_, algorithm(), key_.view().data(), nonce.data(), nullptr) == 1 &&
          EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, aead_tag_bytes, tag.data()) == 1,
      "ChaCha20-Poly1305");
  int written = 0;
  int tail = 0;
  if (!out.empty())
    openssl_must(EVP_DecryptUpdate(context_, out.data(), &written, sealed.data(),
                                   static_cast<int>(out.size())) == 1,
                 "ChaCha20-Poly1305");
  std::uint8_t none = 0;
  const bool genuine = EVP_DecryptFinal_ex(context_, &none, &tail) == 1;
  if (!genuine) wipe(out);
  return genuine;
}

}  // namespace skerry::crypto
