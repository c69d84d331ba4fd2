// The payload of an age v1 file: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) in chunks of
// 64 KiB, the last of which is marked (age-encryption.org/v1, "Payload").
#pragma once

#include <array>

#include "crypto/aead.hpp"
#include "crypto/hkdf.hpp"

namespace skerry::crypto {

inline constexpr std::size_t age_chunk_bytes = 64 * 1024;
inline constexpr std::size_t age_sealed_chunk_bytes = age_chunk_bytes + aead_tag_bytes;
inline constexpr std::size_t age_payload_nonce_bytes = 16;

inline SecretBytes age_payload_key(ByteView file_key, ByteView payload_nonce) {
  return hkdf_sha256(file_key, payload_nonce, "payload", 32);
}

// The number of a chunk and whether it is the last: 11 bytes big-endian, one byte. 64 bits of the
// number are counted; they do not run out.
class AgeChunkNonce {
 public:
  bool is_first() const { return number_ == 0; }
  void advance() { ++number_; }

  AeadNonce bytes(bool last) const {
    AeadNonce nonce{};
    for (std::size_t i = 0; i < 8; ++i)
      nonce[10 - i] = static_cast<std::uint8_t>(number_ >> (8 * i));
    nonce[11] = last ? 1 : 0;
    return nonce;
  }

 private:
  std::uint64_t number_ = 0;
};

}  // namespace skerry::crypto
