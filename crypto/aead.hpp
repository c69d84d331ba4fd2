// ChaCha20-Poly1305 (RFC 8439) without associated data, under one key.
#pragma once

#include <array>
#include <memory>

#include "crypto/secret.hpp"

struct evp_cipher_ctx_st;

namespace skerry::crypto {

inline constexpr std::size_t aead_tag_bytes = 16;
using AeadNonce = std::array<std::uint8_t, 12>;

// Not thread-safe. The caller never seals twice under one nonce.
class ChaCha20Poly1305 {
 public:
  explicit ChaCha20Poly1305(ByteView key32);
  ~ChaCha20Poly1305();
  ChaCha20Poly1305(const ChaCha20Poly1305&) = delete;
  ChaCha20Poly1305& operator=(const ChaCha20Poly1305&) = delete;

  // `out` is plain.size() + aead_tag_bytes long and does not overlap `plain`.
  void seal(const AeadNonce& nonce, ByteView plain, std::span<std::uint8_t> out);

  // `out` is sealed.size() - aead_tag_bytes long and does not overlap `sealed`. False, with `out`
  // wiped, when the bytes were not sealed under this key and nonce.
  [[nodiscard]] bool open(const AeadNonce& nonce, ByteView sealed, std::span<std::uint8_t> out);

 private:
  SecretBytes key_;
  evp_cipher_ctx_st* context_;
};

}  // namespace skerry::crypto
