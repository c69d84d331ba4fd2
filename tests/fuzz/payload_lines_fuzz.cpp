// The way of a payload after age: zstd, lines, strict JSON. The first byte chooses: a frame as it
// comes, or bytes compressed here, so that the fuzzer reaches the lines; and the size of the
// pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/check.hpp"
#include "sync/line_reader.hpp"
#include "sync/zstd_stream.hpp"

namespace skerry::sync {
namespace {

constexpr std::uint64_t plain_bytes_max = 4 << 20;  // keeps a bomb short

class Bounded final : public ByteSink {
 public:
  explicit Bounded(ByteSink& next) : next_(next) {}
  Result<void> write(ByteView bytes) override {
    total_ += bytes.size();
    if (total_ > plain_bytes_max) return fail(Errc::limit_exceeded);
    return next_.write(bytes);
  }
  Result<void> finish() override { return next_.finish(); }

 private:
  ByteSink& next_;
  std::uint64_t total_ = 0;
};

Result<void> feed(ByteSink& sink, ByteView bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    SKERRY_TRY_VOID(sink.write(bytes.subspan(at, std::min(piece, bytes.size() - at))));
  return sink.finish();
}

void run(ByteView input) {
  const bool compress = (input[0] & 1) != 0;
  const std::size_t piece = std::size_t{1} << (input[0] >> 4);
  const ByteView bytes = input.subspan(1);
  std::uint64_t expected = 0;
  LineReader lines({64 * 1024, 100'000},
                   [&](std::string_view line, std::uint64_t number) -> Result<void> {
                     SKERRY_CHECK(number == ++expected && !line.empty());
                     static_cast<void>(parse_payload_line(line, number));
                     return {};
                   });
  Bounded bounded(lines);
  ZstdDecompressor decompressor(bounded);
  if (!compress) {
    static_cast<void>(feed(decompressor, bytes, piece));
    return;
  }
  ZstdCompressor compressor(decompressor, 1);
  const Result<void> result = feed(compressor, bytes, piece);
  // What goes through is whole lines, whatever the pieces.
  if (result) SKERRY_CHECK(bytes.empty() || bytes.back() == '\n');
}

}  // namespace
}  // namespace skerry::sync

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) skerry::sync::run({data, size});
  return 0;
}
