// The payload as the decryptor judges it: cut, extended, damaged, and chunked wrongly.
#include <gtest/gtest.h>

#include "crypto/age_stream.hpp"
#include "tests/unit/crypto/age_workbench.hpp"

namespace skerry::crypto {
namespace {

const AgeIdentity& my_identity() {
  static const AgeIdentity identity = identity_of(1);
  return identity;
}

std::string header() {
  return with_mac(format_age_stanzas({bench_stanza(my_identity().recipient())}));
}

Bytes file_of(const std::vector<BenchChunk>& chunks) {
  return join(header(), bench_payload(chunks));
}

const Bytes full = seeded_bytes(age_chunk_bytes, 3);
const Bytes part = seeded_bytes(100, 4);

TEST(AgePayload, OpensEveryRightSequence) {
  const std::pair<std::vector<BenchChunk>, std::size_t> cases[] = {
      {{{{}, true}}, 0},
      {{{part, true}}, 100},
      {{{full, true}}, age_chunk_bytes},
      {{{full, false}, {part, true}}, age_chunk_bytes + 100},
      {{{full, false}, {full, true}}, 2 * age_chunk_bytes},
      {{{full, false}, {full, false}, {Bytes(1), true}}, 2 * age_chunk_bytes + 1},
  };
  for (const auto& [chunks, size] : cases) {
    const auto plain = decrypt(file_of(chunks), my_identity());
    ASSERT_TRUE(plain) << size << ": " << plain.error().detail;
    EXPECT_EQ(plain->size(), size);
  }
}

TEST(AgePayload, RefusesEveryWrongSequence) {
  const std::pair<const char*, std::vector<BenchChunk>> cases[] = {
      {"no chunk", {}},
      {"no last chunk", {{part, false}}},
      {"no last chunk, empty", {{{}, false}}},
      {"no last chunk behind full ones", {{full, false}, {full, false}}},
      {"an empty last chunk behind a full one", {{full, false}, {{}, true}}},
      {"an empty last chunk behind an empty one", {{{}, false}, {{}, true}}},
      {"a short chunk before the last", {{part, false}, {part, true}}},
      {"two last chunks", {{part, true}, {part, true}}},
      {"two full last chunks", {{full, true}, {full, true}}},
      {"an empty chunk behind the last", {{part, true}, {{}, true}}},
      {"a chunk behind a full last one", {{full, true}, {part, true}}},
      {"a chunk that is too long", {{seeded_bytes(age_chunk_bytes + 1), true}}},
      {"a first chunk that is too long",
       {{seeded_bytes(age_chunk_bytes + 1), false}, {part, true}}},
  };
  for (const auto& [what, chunks] : cases) {
    for (const std::size_t piece : {std::size_t{4096}, SIZE_MAX}) {
      const auto plain = decrypt(file_of(chunks), my_identity(), piece);
      ASSERT_FALSE(plain) << what;
      EXPECT_EQ(plain.error().code, Errc::corrupt_bundle) << what;
    }
  }
}

TEST(AgePayload, TellsACutFileFromADamagedOne) {
  EXPECT_EQ(decrypt(file_of({{part, false}}), my_identity()).error().detail,
            "the age file is cut short");
  EXPECT_EQ(decrypt(file_of({{full, true}, {part, true}}), my_identity()).error().detail,
            "there are bytes behind the end of the age file");
  Bytes damaged = file_of({{part, true}});
  damaged.back() ^= 1;
  EXPECT_EQ(decrypt(damaged, my_identity()).error().detail, "a chunk of the age file is damaged");
}

TEST(AgePayload, RefusesChunksOutOfTheirOrder) {
  const std::size_t first = header().size() + age_payload_nonce_bytes;
  const Bytes file = file_of({{full, false}, {full, false}, {part, true}});
  const auto chunk = [&](std::size_t i) {
    return ByteView(file).subspan(first + i * age_sealed_chunk_bytes).first(age_sealed_chunk_bytes);
  };
  Bytes swapped = file;
  std::copy(chunk(1).begin(), chunk(1).end(), swapped.begin() + static_cast<std::ptrdiff_t>(first));
  std::copy(chunk(0).begin(), chunk(0).end(),
            swapped.begin() + static_cast<std::ptrdiff_t>(first + age_sealed_chunk_bytes));
  EXPECT_FALSE(decrypt(swapped, my_identity()));
  Bytes doubled(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(first));
  doubled.insert(doubled.end(), chunk(0).begin(), chunk(0).end());
  doubled.insert(doubled.end(), file.begin() + static_cast<std::ptrdiff_t>(first), file.end());
  EXPECT_FALSE(decrypt(doubled, my_identity()));
  Bytes dropped = file;
  dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(first),
                dropped.begin() + static_cast<std::ptrdiff_t>(first + age_sealed_chunk_bytes));
  EXPECT_FALSE(decrypt(dropped, my_identity()));
}

TEST(AgePayload, RefusesAFileCutAtAnyByte) {
  const Bytes small = file_of({{part, true}});
  for (std::size_t size = 0; size < small.size(); ++size) {
    const auto plain = decrypt(ByteView(small).first(size), my_identity());
    ASSERT_FALSE(plain) << size;
    EXPECT_EQ(plain.error().code, Errc::corrupt_bundle) << size;
  }
  const Bytes large = file_of({{full, false}, {full, false}, {part, true}});
  const std::size_t first = header().size() + age_payload_nonce_bytes;
  for (std::size_t chunk = 0; chunk < 3; ++chunk)
    for (const std::size_t more : {0U, 1U, 15U, 16U, 17U, 115U}) {
      const std::size_t size = first + chunk * age_sealed_chunk_bytes + more;
      EXPECT_FALSE(decrypt(ByteView(large).first(size), my_identity())) << size;
    }
}

TEST(AgePayload, RefusesAFileWithAnyBitFlipped) {
  const Bytes file = file_of({{seeded_bytes(20), true}});
  ASSERT_TRUE(decrypt(file, my_identity()));
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes wrong = file;
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(decrypt(wrong, my_identity())) << bit;
  }
}

TEST(AgePayload, RefusesBytesBehindTheFile) {
  for (const Bytes& plain : {Bytes(), part, full}) {
    Bytes file = file_of({{plain, true}});
    file.push_back(0);
    const auto opened = decrypt(file, my_identity());
    ASSERT_FALSE(opened) << plain.size();
    EXPECT_EQ(opened.error().code, Errc::corrupt_bundle);
  }
}

TEST(AgePayload, GivesTheSameWhateverThePieces) {
  const Bytes file = file_of({{full, false}, {part, true}});
  const Bytes plain = decrypt(file, my_identity()).value();
  for (const std::size_t piece : {1U, 2U, 15U, 64U, 217U, 65'551U, 65'552U, 65'553U})
    EXPECT_EQ(decrypt(file, my_identity(), piece).value(), plain) << piece;
}

TEST(AgePayload, PassesOnEachChunkOnceItIsVerified) {
  const Bytes file = file_of({{full, false}, {full, false}, {part, true}});
  const std::size_t first = header().size() + age_payload_nonce_bytes;
  CollectingSink sink;
  AgeDecryptor decryptor(sink, std::span(&my_identity(), 1));
  std::size_t fed = 0;
  const auto feed_until = [&](std::size_t end) {
    ASSERT_TRUE(decryptor.write(ByteView(file).subspan(fed, end - fed)));
    fed = end;
  };
  feed_until(first + age_sealed_chunk_bytes);
  EXPECT_EQ(sink.bytes().size(), 0U) << "it may still be the last";
  feed_until(fed + 1);
  EXPECT_EQ(sink.bytes().size(), age_chunk_bytes);
  feed_until(file.size());
  EXPECT_EQ(sink.bytes().size(), 2 * age_chunk_bytes);
  EXPECT_FALSE(sink.is_finished());
  ASSERT_TRUE(decryptor.finish());
  EXPECT_EQ(sink.bytes().size(), 2 * age_chunk_bytes + part.size());
}

TEST(AgePayload, PassesOnNothingOfADamagedChunk) {
  Bytes file = file_of({{full, false}, {part, true}});
  file[header().size() + age_payload_nonce_bytes + 10] ^= 1;
  CollectingSink sink;
  AgeDecryptor decryptor(sink, std::span(&my_identity(), 1));
  EXPECT_FALSE(decryptor.write(file));
  EXPECT_TRUE(sink.bytes().empty());
}

TEST(AgePayload, PassesOnTheErrorOfTheNextStage) {
  const Bytes file = file_of({{full, false}, {part, true}});
  for (const std::size_t limit : {std::size_t{0}, age_chunk_bytes}) {
    CollectingSink sink(limit);
    AgeDecryptor decryptor(sink, std::span(&my_identity(), 1));
    auto done = decryptor.write(file);
    if (done) done = decryptor.finish();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::storage_full);
    EXPECT_FALSE(sink.is_finished());
  }
}

}  // namespace
}  // namespace skerry::crypto
