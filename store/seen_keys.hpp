// Which keys a file has named already, and in which row: 20 bytes a key, whatever the key.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"

namespace skerry::store {

// Keys by the first 16 bytes of their SHA-256: nobody makes two of them meet. An open table that is
// at most seven eighths full: two keys for each of 1,000,000 rows take 84 MB at most, 126 MB while
// it grows. One thread.
class SeenKeys {
 public:
  // Remembers `key` as standing in `row` (1 or more); the row it stood in before, if it did.
  std::optional<std::int64_t> add(ByteView key, std::int64_t row);
  // The row that `key` stands in, if it was added.
  std::optional<std::int64_t> find(ByteView key) const;
  std::size_t size() const { return used_; }
  std::size_t bytes() const;

 private:
  using Digest = std::array<std::uint8_t, 16>;

  static Digest digest_of(ByteView key);
  std::size_t place_of(const Digest& digest) const;
  void grow();

  std::vector<Digest> digests_;
  std::vector<std::uint32_t> rows_;  // 0: free
  std::size_t used_ = 0;
};

}  // namespace skerry::store
