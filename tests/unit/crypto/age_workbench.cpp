#include "tests/unit/crypto/age_workbench.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "crypto/age_stream.hpp"
#include "crypto/age_x25519.hpp"

namespace skerry::crypto {

Result<void> CollectingSink::write(ByteView bytes) {
  if (bytes_.size() + bytes.size() > fails_at_) return fail(Errc::storage_full, "the sink is full");
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

Result<void> CollectingSink::finish() {
  finished_ = true;
  return {};
}

AgeIdentity identity_of(std::uint32_t seed) {
  SeededRandom random(seed);
  return AgeIdentity::generate(random);
}

Bytes encrypt(ByteView plain, std::span<const AgeRecipient> recipients, std::uint32_t seed) {
  SeededRandom random(seed);
  CollectingSink sink;
  AgeEncryptor encryptor(sink, recipients, random);
  EXPECT_TRUE(encryptor.write(plain));
  EXPECT_TRUE(encryptor.finish());
  EXPECT_TRUE(sink.is_finished());
  return sink.bytes();
}

Result<Bytes> decrypt(ByteView file, std::span<const AgeIdentity> identities,
                      std::size_t piece_bytes) {
  CollectingSink sink;
  AgeDecryptor decryptor(sink, identities);
  while (!file.empty()) {
    const std::size_t size = std::min(piece_bytes, file.size());
    SKERRY_TRY_VOID(decryptor.write(file.first(size)));
    file = file.subspan(size);
  }
  SKERRY_TRY_VOID(decryptor.finish());
  EXPECT_TRUE(sink.is_finished());
  return sink.bytes();
}

Result<Bytes> decrypt(ByteView file, const AgeIdentity& identity, std::size_t piece_bytes) {
  return decrypt(file, std::span(&identity, 1), piece_bytes);
}

ByteView bench_file_key() {
  static const Bytes key = seeded_bytes(age_file_key_bytes, 77);
  return key;
}

AgeStanza bench_stanza(const AgeRecipient& recipient) {
  SeededRandom random(78);
  return wrap_file_key(recipient, bench_file_key(), random).value();
}

std::string with_mac(const std::string& covered) {
  return covered + format_age_mac(age_header_mac(bench_file_key(), covered));
}

Bytes bench_payload(const std::vector<BenchChunk>& chunks) {
  Bytes payload = seeded_bytes(age_payload_nonce_bytes, 79);
  ChaCha20Poly1305 cipher(age_payload_key(bench_file_key(), payload).view());
  AgeChunkNonce nonce;
  for (const BenchChunk& chunk : chunks) {
    Bytes sealed(chunk.plain.size() + aead_tag_bytes);
    cipher.seal(nonce.bytes(chunk.last), chunk.plain, sealed);
    nonce.advance();
    payload.insert(payload.end(), sealed.begin(), sealed.end());
  }
  return payload;
}

Bytes join(std::string_view header, ByteView payload) {
  Bytes file(header.begin(), header.end());
  file.insert(file.end(), payload.begin(), payload.end());
  return file;
}

}  // namespace skerry::crypto
