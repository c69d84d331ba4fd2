#include "sync/zstd_stream.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

class Collect final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override {
    if (refuse) return fail(Errc::storage_full);
    text += as_text(bytes);
    return {};
  }
  Result<void> finish() override {
    finished = true;
    return {};
  }
  std::string text;
  bool finished = false;
  bool refuse = false;
};

Result<void> decompress(ByteView frame, std::size_t piece, Collect& out) {
  ZstdDecompressor decompressor(out);
  for (std::size_t at = 0; at < frame.size(); at += piece)
    SKERRY_TRY_VOID(decompressor.write(frame.subspan(at, std::min(piece, frame.size() - at))));
  return decompressor.finish();
}

TEST(ZstdStream, ComesBackInWhateverPieces) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  const Bytes frame = test::compressed(text);
  EXPECT_LT(frame.size(), text.size());
  for (const std::size_t piece : {1U, 3U, 4096U, 1U << 20}) {
    Collect out;
    ASSERT_TRUE(decompress(frame, piece, out)) << piece;
    EXPECT_EQ(out.text, text);
    EXPECT_TRUE(out.finished);
  }
}

TEST(ZstdStream, NothingIsAFrameToo) {
  Collect out;
  ASSERT_TRUE(decompress(test::compressed(""), 1, out));
  EXPECT_TRUE(out.text.empty());
}

TEST(ZstdStream, EveryLevelStaysWithinTheWindow) {
  const std::string text(9 << 20, 'x');  // larger than the window
  for (const int level : {1, 3, 9, 19}) {
    Collect out;
    ASSERT_TRUE(decompress(test::compressed(text, level), 1 << 16, out)) << level;
    EXPECT_EQ(out.text.size(), text.size());
  }
}

TEST(ZstdStream, EveryPrefixIsRefused) {
  const Bytes frame = test::compressed("a line\nanother line\n");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    Collect out;
    const auto result = decompress(ByteView(frame).first(size), 7, out);
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, Errc::corrupt_bundle);
    EXPECT_FALSE(out.finished);
  }
}

TEST(ZstdStream, TheChecksumIsChecked) {
  Bytes frame = test::compressed("a line\n");
  frame.back() ^= 1;
  Collect out;
  EXPECT_EQ(decompress(frame, 100, out).error().code, Errc::corrupt_bundle);
}

TEST(ZstdStream, TheNextStagesErrorIsPassedOn) {
  Collect out;
  out.refuse = true;
  EXPECT_EQ(decompress(test::compressed("a line\n"), 100, out).error().code, Errc::storage_full);
  ZstdCompressor compressor(out, 3);
  EXPECT_TRUE(compressor.write(as_bytes("a line\n")));
  EXPECT_EQ(compressor.finish().error().code, Errc::storage_full);
}

}  // namespace
}  // namespace skerry::sync
