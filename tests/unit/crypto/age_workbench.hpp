// Makes age files by hand, right or wrong in exactly one place, and runs our two stages over bytes.
#pragma once

#include <utility>

#include "core/bytes.hpp"
#include "crypto/age.hpp"
#include "crypto/age_header.hpp"
#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {

// Keeps what it is given; fails from the byte `fails_at` on.
class CollectingSink final : public ByteSink {
 public:
  explicit CollectingSink(std::size_t fails_at = SIZE_MAX) : fails_at_(fails_at) {}

  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;

  const Bytes& bytes() const { return bytes_; }
  bool is_finished() const { return finished_; }

 private:
  std::size_t fails_at_;
  Bytes bytes_;
  bool finished_ = false;
};

AgeIdentity identity_of(std::uint32_t seed);

Bytes encrypt(ByteView plain, std::span<const AgeRecipient> recipients, std::uint32_t seed = 1);

// What our decryptor makes of `file`, fed in pieces of `piece_bytes`.
Result<Bytes> decrypt(ByteView file, std::span<const AgeIdentity> identities,
                      std::size_t piece_bytes = SIZE_MAX);
Result<Bytes> decrypt(ByteView file, const AgeIdentity& identity,
                      std::size_t piece_bytes = SIZE_MAX);

// The file key of every file made by hand.
ByteView bench_file_key();

// An X25519 stanza that gives bench_file_key() to `recipient`.
AgeStanza bench_stanza(const AgeRecipient& recipient);

// A header with a right MAC over `covered`, which ends in "---" (unless that is the mistake).
std::string with_mac(const std::string& covered);

struct BenchChunk {
  Bytes plain;
  bool last;
};

// A payload under bench_file_key() of these chunks, whatever their order, sizes and marks.
Bytes bench_payload(const std::vector<BenchChunk>& chunks);

Bytes join(std::string_view header, ByteView payload);

}  // namespace skerry::crypto
