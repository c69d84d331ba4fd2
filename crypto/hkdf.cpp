#include "crypto/hkdf.hpp"

#include <array>
#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "core/check.hpp"
#include "crypto/evp.hpp"

namespace skerry::crypto {
namespace {

using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, OpensslDeleter<EVP_KDF_CTX_free>>;

KdfContextPtr new_context() {
  static EVP_KDF* const algorithm = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  openssl_must(algorithm != nullptr, "HKDF is not available");
  KdfContextPtr context(EVP_KDF_CTX_new(algorithm));
  openssl_must(context != nullptr, "EVP_KDF_CTX_new");
  return context;
}

// OSSL_PARAM points to what it is given without const; the KDF only reads it.
OSSL_PARAM octets(const char* name, const void* data, std::size_t size) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<void*>(data), size);
}

}  // namespace

SecretBytes hkdf_sha256(ByteView secret, ByteView salt, std::string_view info, std::size_t size) {
  SKERRY_CHECK(!secret.empty() && size > 0 && size <= 255 * 32);
  std::array<char, 7> digest{"SHA256"};
  std::array<OSSL_PARAM, 5> params;
  std::size_t count = 0;
  params[count++] =
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size() - 1);
  params[count++] = octets(OSSL_KDF_PARAM_KEY, secret.data(), secret.size());
  if (!salt.empty()) params[count++] = octets(OSSL_KDF_PARAM_SALT, salt.data(), salt.size());
  if (!info.empty()) params[count++] = octets(OSSL_KDF_PARAM_INFO, info.data(), info.size());
  params[count] = OSSL_PARAM_construct_end();

  const KdfContextPtr context = new_context();
  SecretBytes out(size);
  openssl_must(EVP_KDF_derive(context.get(), out.span().data(), size, params.data()) == 1, "HKDF");
  return out;
}

}  // namespace skerry::crypto
