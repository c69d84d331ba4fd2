#include "sync/zstd_stream.hpp"

#include <array>
#include <fmt/format.h>
#include <new>
#include <zstd.h>
#include <zstd_errors.h>

#include "core/check.hpp"
#include "sync/bundle_limits.hpp"

namespace skerry::sync {
namespace {

// RFC 8878, 3.1.1: the magic number, little-endian, then the frame header descriptor.
constexpr std::array<std::uint8_t, 4> magic{0x28, 0xb5, 0x2f, 0xfd};
// The highest whose window is 8 MiB.
constexpr int zstd_level_max = 19;

constexpr std::uint8_t descriptor_reserved = 0x08;
constexpr std::uint8_t descriptor_checksum = 0x04;
constexpr std::uint8_t descriptor_dictionary = 0x03;

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  SKERRY_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)));
}

Result<void> compress(ZSTD_CCtx* context, ByteView bytes, ZSTD_EndDirective directive,
                      std::vector<std::uint8_t>& out, ByteSink& next) {
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context, &output, &input, directive);
    if (ZSTD_isError(left))
      return fail(Errc::internal, fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    if (output.pos > 0) SKERRY_TRY_VOID(next.write(ByteView(out).first(output.pos)));
    const bool done = directive == ZSTD_e_end ? left == 0 : input.pos == input.size;
    if (done) return {};
  }
}

}  // namespace

ZstdCompressor::ZstdCompressor(ByteSink& next, int level)
    : next_(next), context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize()) {
  if (context_ == nullptr) throw std::bad_alloc();
  SKERRY_CHECK(level >= 1 && level <= zstd_level_max);
  set(context_, ZSTD_c_compressionLevel, level);
  set(context_, ZSTD_c_checksumFlag, 1);
}

ZstdCompressor::~ZstdCompressor() { ZSTD_freeCCtx(context_); }

Result<void> ZstdCompressor::write(ByteView bytes) {
  return compress(context_, bytes, ZSTD_e_continue, out_, next_);
}

Result<void> ZstdCompressor::finish() {
  SKERRY_TRY_VOID(compress(context_, {}, ZSTD_e_end, out_, next_));
  return next_.finish();
}

ZstdDecompressor::ZstdDecompressor(ByteSink& next)
    : next_(next), context_(ZSTD_createDCtx()), out_(ZSTD_DStreamOutSize()) {
  if (context_ == nullptr) throw std::bad_alloc();
  SKERRY_CHECK(
      !ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, zstd_window_log_max)));
}

ZstdDecompressor::~ZstdDecompressor() { ZSTD_freeDCtx(context_); }

// The library would skip skippable frames by itself and does not insist on a checksum.
Result<void> ZstdDecompressor::check_start(ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size() && start_seen_ <= magic.size(); ++i, ++start_seen_) {
    const std::uint8_t byte = bytes[i];
    if (start_seen_ < magic.size()) {
      if (byte != magic[start_seen_])
        return fail(Errc::corrupt_bundle, "the payload is not one zstd frame");
    } else if ((byte & descriptor_dictionary) != 0) {
      return fail(Errc::corrupt_bundle, "the payload's zstd frame needs a dictionary");
    } else if ((byte & descriptor_checksum) == 0 || (byte & descriptor_reserved) != 0) {
      return fail(Errc::corrupt_bundle, "the payload's zstd frame has no checksum");
    }
  }
  return {};
}

Result<void> ZstdDecompressor::write(ByteView bytes) {
  SKERRY_TRY_VOID(check_start(bytes));
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  bool more = !bytes.empty();
  while (more) {
    if (complete_) return fail(Errc::corrupt_bundle, "bytes after the payload's zstd frame");
    ZSTD_outBuffer output{out_.data(), out_.size(), 0};
    const std::size_t hint = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(hint)) {
      const bool window = ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge;
      return fail(window ? Errc::limit_exceeded : Errc::corrupt_bundle,
                  fmt::format("zstd: {}", ZSTD_getErrorName(hint)));
    }
    complete_ = hint == 0;
    if (output.pos > 0) SKERRY_TRY_VOID(next_.write(ByteView(out_).first(output.pos)));
    // A full output buffer may hide more output although all input is taken.
    more = input.pos < input.size || (output.pos == output.size && !complete_);
  }
  return {};
}

Result<void> ZstdDecompressor::finish() {
  if (!complete_) return fail(Errc::corrupt_bundle, "the payload's zstd frame is cut short");
  return next_.finish();
}

}  // namespace skerry::sync
