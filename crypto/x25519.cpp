#include "crypto/x25519.hpp"

#include "core/check.hpp"
#include "crypto/evp.hpp"

namespace skerry::crypto {
namespace {

PkeyPtr private_key(ByteView secret) {
  SKERRY_CHECK(secret.size() == std::tuple_size_v<X25519Key>);
  PkeyPtr key(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret.data(), secret.size()));
  openssl_must(key != nullptr, "X25519 private key");
  return key;
}

}  // namespace

X25519Key x25519_public(ByteView secret) {
  const PkeyPtr key = private_key(secret);
  X25519Key raw;
  std::size_t size = raw.size();
  openssl_must(EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) == 1 && size == raw.size(),
               "X25519 public key");
  return raw;
}

Result<SecretBytes> x25519_shared(ByteView secret, const X25519Key& peer) {
  const OpensslErrorScope errors;
  const PkeyPtr mine = private_key(secret);
  const PkeyPtr theirs(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, peer.data(), peer.size()));
  openssl_must(theirs != nullptr, "X25519 public key");
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, mine.get(), nullptr));
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
