// zstd (RFC 8878) as stages of a pipeline: one frame, no dictionary, a content checksum.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/bytes.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace skerry::sync {

// Compresses into one frame with a window of at most 8 MiB.
class ZstdCompressor final : public ByteSink {
 public:
  // `level` 1–19.
  ZstdCompressor(ByteSink& next, int level);
  ~ZstdCompressor() override;
  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;

 private:
  ByteSink& next_;
  ZSTD_CCtx_s* context_;
  std::vector<std::uint8_t> out_;
};

// Accepts exactly one frame as above. Errc::corrupt_bundle for anything else: a skippable or legacy
// frame, a dictionary, no checksum, damage, bytes after the frame; Errc::limit_exceeded for a
// larger window. How much comes out is for `next` to bound.
class ZstdDecompressor final : public ByteSink {
 public:
  explicit ZstdDecompressor(ByteSink& next);
  ~ZstdDecompressor() override;
  Result<void> write(ByteView bytes) override;
  // Fails unless the frame is complete.
  Result<void> finish() override;

 private:
  Result<void> check_start(ByteView bytes);

  ByteSink& next_;
  ZSTD_DCtx_s* context_;
  std::vector<std::uint8_t> out_;
  std::size_t start_seen_ = 0;  // of the frame's first bytes, which are looked at one by one
  bool complete_ = false;
};

}  // namespace skerry::sync
