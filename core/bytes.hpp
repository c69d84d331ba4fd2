// Byte views, text encodings of bytes, and the sink every streaming stage implements.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace skerry {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// A SHA-256 digest.
using Hash = std::array<std::uint8_t, 32>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
// Accepts lower case only and an even length; nullopt otherwise.
std::optional<Bytes> from_hex(std::string_view text);
std::optional<Hash> hash_from_hex(std::string_view text);

// RFC 4648 section 5, without padding.
std::string to_base64url(ByteView bytes);
// Canonical only: no padding, no stray trailing bits, no white space.
std::optional<Bytes> from_base64url(std::string_view text);

// One stage of a pipeline of bytes (compressor, cipher, hash, file). Stages are chained by
// reference: the caller owns every stage and keeps each alive until finish() of the first returned.
// After the first error a stage is dead: the caller destroys it and discards what it produced.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink() = default;

  virtual Result<void> write(ByteView bytes) = 0;
  // Writes what is buffered and calls finish() of the next stage. Called once, last.
  virtual Result<void> finish() = 0;
};

}  // namespace skerry
