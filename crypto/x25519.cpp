#include "crypto/x25519.hpp"

#include "core/check.hpp"
#include "crypto/evp.hpp"

namespace skerry::crypto {
X25519Secret::X25519Secret(ByteView secret32) {
  SKERRY_CHECK(secret32.size() == public_key_.size());
  key_.reset(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret32.data(), secret32.size()),
      EVP_PKEY_free);
  openssl_must(key_ != nullptr, "X25519 private key");
  std::size_t size = public_key_.size();
  openssl_must(EVP_PKEY_get_raw_public_key(key_.get(), public_key_.data(), &size) == 1 &&
                   size == public_key_.size(),
               "X25519 public key");
}

Result<SecretBytes> X25519Secret::shared(const X25519Key& peer) const {
  const OpensslErrorScope errors;
  const PkeyPtr theirs(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, peer.data(), peer.size()));
  openssl_must(theirs != nullptr, "X25519 public key");
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  openssl_must(context && EVP_PKEY_derive_init(context.get()) == 1 &&
                   EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1,
               "X25519 exchange");

  SecretBytes shared(peer.size());
  std::size_t size = shared.size();
  const bool derived = EVP_PKEY_derive(context.get(), shared.span().data(), &size) == 1;
  // OpenSSL refuses the all-zero result itself, but does not promise to do so for every back end.
  static constexpr X25519Key zero{};
  if (!derived || size != shared.size() || equal_constant_time(shared.view(), zero))
    return fail(Errc::corrupt_bundle, "the X25519 public key is of low order");
  return shared;
}

}  // namespace skerry::crypto
