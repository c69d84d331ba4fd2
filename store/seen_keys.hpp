// Which keys a file has named already, in which row, and what that row said: 28 bytes a key.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"

namespace skerry::store {

// Keys by the first 16 bytes of their SHA-256: nobody makes two of them meet. An open table that is
// at most seven eighths full: a key for each of 1,000,000 rows takes 59 MB, 88 MB while it grows.
// One thread.
class SeenKeys {
 public:
  using Digest = std::array<std::uint8_t, 16>;
  static Digest digest_of(ByteView key);

  // Where a key stands, and a digest of all that this row says.
  struct Row {
    std::int64_t number = 0;  // 1 or more
    std::uint64_t content = 0;
    friend bool operator==(const Row&, const Row&) = default;
  };
  // Remembers `key` as standing in `row`; the row it stood in before, if it did.
  std::optional<Row> add(const Digest& key, Row row);
  // All that `other` has; what is in both stays as it is here.
  void add_all(const SeenKeys& other);
  // The row that `key` stands in, if it was added.
  std::optional<Row> find(const Digest& key) const;
  std::size_t size() const { return used_; }
  std::size_t bytes() const;

 private:
  std::size_t place_of(const Digest& digest) const;
  void grow();

  std::vector<Digest> digests_;
  std::vector<std::uint32_t> rows_;  // 0: free
  std::vector<std::uint64_t> contents_;
  std::size_t used_ = 0;
};

}  // namespace skerry::store
