// Secrets: wiped when dropped, compared in constant time, random from the operating system.
#pragma once

#include <utility>

#include "core/bytes.hpp"
#include "core/random.hpp"

namespace skerry::crypto {

// Bytes that are overwritten before their memory is given back. Movable, not copyable.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  explicit SecretBytes(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { wipe(); }

  ByteView view() const { return bytes_; }
  std::string_view text() const { return as_text(bytes_); }
  std::span<std::uint8_t> span() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe() noexcept;
  Bytes bytes_;
};

// Overwrites in a way the compiler does not remove.
void wipe(std::span<std::uint8_t> bytes) noexcept;

// Time independent of where the first difference is; false at once for different lengths.
bool equal_constant_time(ByteView a, ByteView b) noexcept;

// The operating system's generator, by OpenSSL. Aborts when it fails: nothing safe can follow. The
// few bytes of a record's id come from a block that the thread has fetched: a call costs a
// microsecond, whatever it gives. What may be a secret is longer, and fetched when it is asked for.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace skerry::crypto
